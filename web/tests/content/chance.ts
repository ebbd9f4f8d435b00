/** Random texts and CBOR values for property tests. */

import { Float, Simple, Tag, type Key, type Value } from '../../src/content/cbor.ts';
import { type Chance } from '../mls/random.ts';

/** Where hostile characters come from: ASCII, marks, bidi and zero-width, CJK, emoji. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x00, 0x7f],
  [0x20, 0x7e],
  [0x80, 0x24f],
  [0x300, 0x36f],
  [0x200b, 0x206f],
  [0x3000, 0xd7ff],
  [0xe000, 0xffff],
  [0x1f300, 0x1faff],
  [0xe0000, 0xe01ef],
];

/** A text of up to `most` characters, without half surrogate pairs. */
export function anyText(chance: Chance, most: number): string {
  return chance
    .list(most, () => String.fromCodePoint(chance.integer(...chance.pick(RANGES))))
    .join('');
}

/** A text made of pieces that mean something to whoever reads it. */
export function textOfPieces(chance: Chance, pieces: readonly string[], most: number): string {
  return chance.list(most, () => chance.pick(pieces)).join('');
}

/** An integer of up to 64 bits, in the one form that decoding gives it. */
export function anyInteger(chance: Chance): number | bigint {
  const bits = chance.integer(0, 63);
  let size = 1n;
  for (let bit = 0; bit < bits; bit += 1) {
    size = (size << 1n) | BigInt(chance.integer(0, 1));
  }
  const integer = chance.integer(0, 1) === 0 ? size - 1n : -size;
  const narrow = Number(integer);
  return Number.isSafeInteger(narrow) ? narrow : integer;
}

function anyFloat(chance: Chance): Float {
  const view = new DataView(new ArrayBuffer(8));
  chance.bytes(8, 8).forEach((byte, at) => {
    view.setUint8(at, byte);
  });
  return chance.pick([
    () => new Float(view.getFloat64(0)),
    () => new Float(view.getFloat32(0)),
    () => new Float(chance.integer(-70_000, 70_000)),
    () => new Float(chance.integer(1, 4097) * 2 ** chance.integer(-30, 20)),
    () => new Float(chance.pick([0, -0, Infinity, -Infinity, NaN, 5e-324])),
  ])();
}

function anyKey(chance: Chance): Key {
  return chance.pick<() => Key>([
    () => chance.integer(-30, 30),
    () => chance.integer(0, 2 ** 32) * 2 ** 20 * chance.pick([1, -1]) + 1,
    () => anyText(chance, 6),
  ])();
}

/** A value that CBOR can say, with containers up to `depth` inside each other. */
export function anyValue(chance: Chance, depth: number): Value {
  const leaves: (() => Value)[] = [
    () => chance.pick([null, true, false]),
    () => anyInteger(chance),
    () => anyFloat(chance),
    () => anyText(chance, 40),
    () => chance.bytes(40),
    () => new Simple(chance.pick([0, 19, 23, 32, 255])),
  ];
  if (depth === 0) {
    return chance.pick(leaves)();
  }
  const inner = () => anyValue(chance, depth - 1);
  return chance.pick<() => Value>([
    ...leaves,
    () => chance.list(5, inner),
    () => new Map(chance.list(5, () => [anyKey(chance), inner()] as const)),
    () => new Tag(chance.pick([0, 1, 4, 32, 2 ** 40, 2n ** 63n]), inner()),
  ])();
}

/** The bytes with up to three of them exchanged. */
export function damaged(chance: Chance, raw: Uint8Array): Uint8Array {
  const changed = raw.slice();
  chance.list(3, () => (changed[chance.integer(0, raw.length - 1)] = chance.integer(0, 255)), 1);
  return chance.integer(0, 3) === 0 ? changed.subarray(0, chance.integer(0, raw.length)) : changed;
}
