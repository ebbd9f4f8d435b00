/**
 * X25519 (RFC 7748): the Montgomery ladder over the field of the Ed25519 library. The library that
 * has X25519 ready brings 7 kB more of curves that nobody needs here (docs/decisions/0006).
 *
 * Every step computes the same for every private key: the key's bit chooses from a list which of
 * two points is doubled, there is no branch. The numbers are the engine's own, whose time depends
 * a little on their values, as in every library of this kind.
 */

import { KeyRefused } from './errors.ts';
import { littleEndian32, readLittleEndian } from './little_endian.ts';
import { Point } from './primitives.ts';

const { p: PRIME, n: ORDER } = Point.CURVE();

/** (A - 2) / 4 of Curve25519. */
const A24 = 121_665n;

/** A u-coordinate has 255 bits; the highest one of its 32 bytes does not count. */
const HIGHEST_BIT_CLEAR = 2n ** 255n - 1n;

/** A point by its u-coordinate x/z. */
type Projective = readonly [x: bigint, z: bigint];

/** The public key of a private one, both of 32 bytes. */
export function x25519PublicOf(privateKey: Uint8Array): Uint8Array {
  const copy = clamp(privateKey.slice());
  const scalar = readLittleEndian(copy) % ORDER;
  copy.fill(0);
  // The base point's multiples come from Ed25519's table; this is the map between both curves.
  const { Y, Z } = Point.BASE.multiply(scalar);
  return littleEndian32(quotient(Z + Y, Z - Y));
}

/** The shared secret, of 32 bytes. Throws KeyRefused for a public key of low order. */
export function x25519Shared(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const scalar = clamp(privateKey.slice());
  const [x, z] = ladder(scalar, field(readLittleEndian(publicKey) & HIGHEST_BIT_CLEAR));
  scalar.fill(0);
  if (x === 0n || z === 0n) {
    throw new KeyRefused('An X25519 public key of low order gives no secret; it is refused.');
  }
  return littleEndian32(quotient(x, z));
}

/** The multiple by `scalar` of the point at `u` (RFC 7748 section 5). */
function ladder(scalar: Uint8Array, u: bigint): Projective {
  let low: Projective = [1n, 0n];
  let high: Projective = [u, 1n];
  for (let at = 254; at >= 0; at -= 1) {
    const bit = ((scalar[at >> 3] ?? 0) >> (at & 7)) & 1;
    const [[x, z], [otherX, otherZ]] = ordered(bit, low, high);
    const sum = field((x + z) ** 2n);
    const difference = field((x - z) ** 2n);
    const cross = sum - difference;
    const doubled: Projective = [field(sum * difference), field(cross * field(sum + A24 * cross))];
    const one = field((otherX - otherZ) * (x + z));
    const other = field((otherX + otherZ) * (x - z));
    const added: Projective = [field((one + other) ** 2n), field(u * field((one - other) ** 2n))];
    [low, high] = ordered(bit, doubled, added);
  }
  return low;
}

/** Both points, exchanged when `bit` is 1. */
function ordered(bit: number, one: Projective, other: Projective): [Projective, Projective] {
  const points = [one, other, one] as const;
  return [points[bit as 0 | 1], points[(bit + 1) as 1 | 2]];
}

/** The bits that RFC 7748 section 5 and RFC 8032 section 5.1.5 fix, set in place. */
export function clamp(raw: Uint8Array): Uint8Array {
  raw[0] = (raw[0] ?? 0) & 0xf8;
  raw[31] = ((raw[31] ?? 0) & 0x7f) | 0x40;
  return raw;
}

/** One number of the field divided by another, in the same steps for all (Fermat's theorem). */
function quotient(numerator: bigint, denominator: bigint): bigint {
  let power = 1n;
  for (const digit of (PRIME - 2n).toString(2)) {
    power = field(power * power);
    if (digit === '1') {
      power = field(power * denominator);
    }
  }
  return field(numerator * power);
}

function field(number: bigint): bigint {
  const rest = number % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}
