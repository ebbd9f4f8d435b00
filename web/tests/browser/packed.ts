/** Values on their way between the page and Python, as JSON: bytes and big integers have marks. */

import { fromHex, toHex } from '../../src/base/bytes.ts';

/** JSON's values. */
export type Packed =
  null | boolean | number | string | readonly Packed[] | { readonly [name: string]: Packed };

/** `Uint8Array` becomes `{hex}`, `bigint` becomes `{int}`. */
export function pack(value: unknown): Packed {
  if (value instanceof Uint8Array) {
    return { hex: toHex(value) };
  }
  if (typeof value === 'bigint') {
    return { int: value.toString() };
  }
  if (Array.isArray(value)) {
    return value.map(pack);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, pack(part)]));
  }
  return value === undefined ? null : (value as Packed);
}

/** The value that `pack`, or Python's likeness of it, has packed; null becomes undefined. */
export function unpack(packed: Packed): unknown {
  if (packed === null) {
    return undefined;
  }
  if (Array.isArray(packed)) {
    return packed.map(unpack);
  }
  if (typeof packed !== 'object') {
    return packed;
  }
  const fields = packed as Readonly<Record<string, Packed>>;
  if (typeof fields['hex'] === 'string') {
    return fromHex(fields['hex']);
  }
  if (typeof fields['int'] === 'string') {
    return BigInt(fields['int']);
  }
  return Object.fromEntries(Object.entries(fields).map(([name, part]) => [name, unpack(part)]));
}
