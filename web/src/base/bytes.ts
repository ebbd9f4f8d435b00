/** Byte strings: joined, compared, written as hexadecimal and text. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const TEXT_ENCODER = new TextEncoder();
// A byte order mark is a part of the text, not a remark about it.
const STRICT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** No bytes. It is shared: do not transfer its buffer. */
export const EMPTY = new Uint8Array(0);

/** The parts in a row, in a buffer of their own. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts);
}

/** As `concat`, for lists of any length. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) {
    length += part.length;
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** As `concat`; the parts, which held secrets on their way, are overwritten: give copies. */
export function concatErasing(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = concatAll(parts);
  for (const part of parts) {
    part.fill(0);
  }
  return joined;
}

/** Whether both are the same bytes. For public values: it stops at the first difference. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) {
    return false;
  }
  for (let at = 0; at < one.length; at += 1) {
    if (one[at] !== other[at]) {
      return false;
    }
  }
  return true;
}

/** Whether both are the same bytes, in a time that depends on their lengths alone. */
export function equalBytesConstantTime(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) {
    return false;
  }
  let difference = 0;
  for (let at = 0; at < one.length; at += 1) {
    difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  }
  return difference === 0;
}

/** Lower-case hexadecimal digits, two for a byte. */
export function toHex(raw: Uint8Array): string {
  let text = '';
  for (const byte of raw) {
    text += HEX[byte] ?? '';
  }
  return text;
}

/** The bytes that hexadecimal digits stand for. Throws RangeError for any other text. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) {
    throw new RangeError('A hexadecimal string has an even number of the digits 0-9 and a-f.');
  }
  const raw = new Uint8Array(text.length / 2);
  for (let at = 0; at < raw.length; at += 1) {
    raw[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return raw;
}

/** A text's bytes in UTF-8. */
export function utf8(text: string): Uint8Array {
  return TEXT_ENCODER.encode(text);
}

/** The text of bytes in UTF-8. Throws TypeError where they are none. */
export function textFrom(raw: Uint8Array): string {
  return STRICT_DECODER.decode(raw);
}

/** The same, with U+FFFD in place of what is no UTF-8. */
export function lenientTextFrom(raw: Uint8Array): string {
  return LENIENT_DECODER.decode(raw);
}
