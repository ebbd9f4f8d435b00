/** Numbers in little-endian bytes, as the curves of RFC 7748 and RFC 8032 write them. */

/** The number that `raw` stands for; its length is a multiple of eight. */
export function readLittleEndian(raw: Uint8Array): bigint {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  let number = 0n;
  for (let at = raw.length - 8; at >= 0; at -= 8) {
    number = (number << 64n) | view.getBigUint64(at, true);
  }
  return number;
}

/** The lowest 256 bits of `number`, in 32 bytes. */
export function littleEndian32(number: bigint): Uint8Array {
  const raw = new Uint8Array(32);
  const view = new DataView(raw.buffer);
  for (let at = 0; at < 4; at += 1) {
    view.setBigUint64(8 * at, number >> BigInt(64 * at), true);
  }
  return raw;
}
