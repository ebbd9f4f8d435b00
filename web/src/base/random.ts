/** The one door through which randomness comes in: the platform's generator. */

/** Bytes that `getRandomValues` gives in one call. */
const CHUNK_BYTES = 65536;

/** `length` fresh random bytes, fit for keys. */
export function randomBytes(length: number): Uint8Array {
  const raw = new Uint8Array(length);
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    globalThis.crypto.getRandomValues(raw.subarray(at, at + CHUNK_BYTES));
  }
  return raw;
}
