/** Bytes as text in links and codes: base64url without padding (RFC 4648 section 5). */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Without padding. */
export function toBase64Url(raw: Uint8Array): string {
  let text = '';
  let [bits, left] = [0, 0];
  for (const byte of raw) {
    bits = (bits << 8) | byte;
    for (left += 8; left >= 6; left -= 6) {
      text += ALPHABET.charAt((bits >> (left - 6)) & 0x3f);
    }
    bits &= 0xff;
  }
  return left === 0 ? text : text + ALPHABET.charAt((bits << (6 - left)) & 0x3f);
}

/** The bytes; undefined for a text that is not the one text that stands for them. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const raw = new Uint8Array(Math.floor((text.length * 6) / 8));
  let [bits, left, at] = [0, 0, 0];
  for (const character of text) {
    bits = ((bits & 0xff) << 6) | ALPHABET.indexOf(character);
    left += 6;
    if (left >= 8) {
      left -= 8;
      raw[at] = bits >> left;
      at += 1;
    }
  }
  return text === '' || toBase64Url(raw) !== text ? undefined : raw;
}
