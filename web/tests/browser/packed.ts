/** Values on their way between the page and Python, as JSON: bytes and files have marks. */

import { fromHex, toHex } from '../../src/base/bytes.ts';

/** JSON's values. */
export type Packed =
  null | boolean | number | string | readonly Packed[] | { readonly [name: string]: Packed };

/** `Uint8Array` becomes `{hex}`, `Blob` becomes `{file}`. */
export async function pack(value: unknown): Promise<Packed> {
  if (value instanceof Uint8Array) {
    return { hex: toHex(value) };
  }
  if (value instanceof Blob) {
    return { file: toHex(new Uint8Array(await value.arrayBuffer())) };
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map(pack));
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(
      async ([name, part]) => [name, await pack(part)] as const,
    );
    return Object.fromEntries(await Promise.all(parts));
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
  if (typeof fields['file'] === 'string') {
    return new Blob([new Uint8Array(fromHex(fields['file']))]);
  }
  return Object.fromEntries(Object.entries(fields).map(([name, part]) => [name, unpack(part)]));
}
