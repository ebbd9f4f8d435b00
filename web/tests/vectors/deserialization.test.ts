/** RFC 9420's official vectors: the headers of variable-length vectors. */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { encodeVarint, parseWhole } from '../../src/mls/codec.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly vlbytes_header: string;
  readonly length: number;
}

test('length headers are read and written', () => {
  const cases = vectors<Case>('deserialization');
  expect(cases.length).toBeGreaterThan(10);
  for (const { vlbytes_header: header, length } of cases) {
    expect(parseWhole((reader) => reader.varint(), fromHex(header))).toBe(length);
    expect(toHex(encodeVarint(length))).toBe(header);
  }
});
