/** Gives the person a file to keep, under a name of ours or one made harmless. */

/** Long enough for the browser to begin reading the file. */
const KEPT_MS = 60_000;
// eslint-disable-next-line no-control-regex
const UNFIT = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]+/g;

export function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a');
  const url = URL.createObjectURL(
    // As octets: a browser shall keep it, not open it in this page's name.
    file.type === 'text/calendar' ? file : new Blob([file], { type: 'application/octet-stream' }),
  );
  link.href = url;
  link.download = name.replace(UNFIT, '_').replace(/^\.+/, '').slice(0, 120) || 'file';
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, KEPT_MS);
}
