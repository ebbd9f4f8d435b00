/** Floating-point numbers of CBOR: the shortest of three widths (RFC 8949 section 4.2.1). */

/** The one NaN that draft-ietf-mimi-content section 6.2 allows. */
const QUIET_NAN = Uint8Array.of(0xf9, 0x7e, 0x00);

/** The shortest encoding that keeps the value, with its initial byte. */
export function floatBytes(value: number): Uint8Array {
  if (Number.isNaN(value)) {
    return QUIET_NAN;
  }
  const raw = new Uint8Array(9);
  const view = new DataView(raw.buffer);
  if (Math.fround(value) !== value) {
    raw[0] = 0xfb;
    view.setFloat64(1, value);
    return raw;
  }
  raw[0] = 0xfa;
  view.setFloat32(1, value);
  const half = halfBits(view.getUint32(1));
  return half === undefined ? raw.subarray(0, 5) : Uint8Array.of(0xf9, half >> 8, half & 0xff);
}

/** What 2, 4 or 8 bytes stand for. */
export function floatValue(raw: Uint8Array): number {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  switch (raw.length) {
    case 2:
      return halfValue(view.getUint16(0));
    case 4:
      return view.getFloat32(0);
    default:
      return view.getFloat64(0);
  }
}

/** The 16 bits (IEEE 754 binary16) that say the same as these 32, undefined when none do. */
function halfBits(bits: number): number | undefined {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7f_ffff;
  if (exponent === 128 || (bits & 0x7fff_ffff) === 0) {
    return sign | (exponent === 128 ? 0x7c00 : 0);
  }
  if (exponent < -24 || exponent > 15) {
    return undefined;
  }
  // Below the normal numbers the leading 1 is written out, further right the smaller they are.
  const shift = exponent < -14 ? -1 - exponent : 13;
  const significand = exponent < -14 ? 0x80_0000 | fraction : ((exponent + 15) << 23) | fraction;
  return significand % 2 ** shift === 0 ? sign | (significand >>> shift) : undefined;
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) {
    return fraction === 0 ? sign * Infinity : NaN;
  }
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
