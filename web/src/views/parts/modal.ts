/** Shows a dialog above everything, and gives the focus back to where it came from. */

/** What had the focus before each dialog that is open. */
const openers = new WeakMap<HTMLDialogElement, HTMLElement>();

/** For `{@attach modal}` on a `<dialog>`. A dialog opened from another returns past it. */
export function modal(dialog: HTMLDialogElement): () => void {
  const active = document.activeElement;
  const outer = active?.closest('dialog');
  const opener = outer === null || outer === undefined ? active : (openers.get(outer) ?? active);
  if (opener instanceof HTMLElement) {
    openers.set(dialog, opener);
  }
  dialog.showModal();
  return () => {
    const now = document.activeElement;
    const isLost = now === null || now === document.body || dialog.contains(now);
    if (isLost && opener instanceof HTMLElement && opener.isConnected) {
      opener.focus();
    }
  };
}
