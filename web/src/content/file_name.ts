/**
 * Names of files that somebody else chose: what is left of them is safe to show and to write.
 *
 * A name from a message may want to leave its folder, to hide what it is (right-to-left marks, many
 * spaces before the true ending), to be a device of Windows, or to be an option of a command.
 */

import { utf8 } from '../base/bytes.ts';

/** Of UTF-8: room for a number or a mark beside it in the 255 bytes that file systems allow. */
export const NAME_BYTES = 120;

/** An ending of up to so many bytes, with its dot, stays when a name is cut. */
export const ENDING_BYTES = 16;

export const NAMELESS = 'file';

const SPACES = /[\p{Z}\t\n\r]/gu;
/** Control, format (with all marks of direction), surrogate, private: never shown, so dropped. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;
const FORBIDDEN = /[/\\:*?"<>|]/g;
const DEVICES =
  /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) ?(?:\.|$)/i;

/**
 * The name as it may be used for a file, never empty; a safe name stays as it is.
 *
 * Every run of white space becomes one space, what a file system refuses becomes `_`.
 */
export function safeName(name: string): string {
  const oneLine = name
    .replace(SPACES, ' ')
    .replace(HIDDEN, '')
    .normalize('NFC')
    .replace(/ +/g, ' ')
    .replace(FORBIDDEN, '_');
  const trimmed = withoutEnd(withoutBegin(oneLine)) || NAMELESS;
  return cut(trimmed.startsWith('-') || DEVICES.test(trimmed) ? `_${trimmed}` : trimmed);
}

function cut(name: string): string {
  if (utf8(name).length <= NAME_BYTES) {
    return name;
  }
  const dot = name.lastIndexOf('.');
  const ending = utf8(name.slice(dot + 1)).length;
  if (dot === -1 || ending >= ENDING_BYTES) {
    return withoutEnd(first(name, NAME_BYTES));
  }
  const kept = first(name.slice(0, dot), NAME_BYTES - ending - 1);
  return `${withoutEnd(kept)}${name.slice(dot)}`;
}

/** As many whole characters as fit. */
function first(text: string, bytes: number): string {
  // A decoder that expects more keeps half a character back.
  return new TextDecoder().decode(utf8(text).subarray(0, bytes), { stream: true });
}

function withoutBegin(text: string): string {
  let begin = 0;
  while (text.charAt(begin) === ' ' || text.charAt(begin) === '.') {
    begin += 1;
  }
  return text.slice(begin);
}

function withoutEnd(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === ' ' || text.charAt(end - 1) === '.') {
    end -= 1;
  }
  return text.slice(0, end);
}
