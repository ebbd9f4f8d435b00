import { expect, test } from 'vitest';

import { VaultBusy, VaultDamaged } from '../../src/vault/errors.ts';
import { optionalRow, parsed, Row, understood } from '../../src/vault/row.ts';

test('a row that is none is refused', () => {
  for (const row of [undefined, null, 5, 'text']) {
    expect(() => new Row('own', row)).toThrow(/own .* is damaged/);
  }
  expect(optionalRow('own', undefined)).toBeUndefined();
});

test('a field is what it should be, or the row is damaged', () => {
  const row = new Row('own', { raw: Uint8Array.of(1), number: 7, word: 'commit' });
  expect(row.bytes('raw')).toEqual(Uint8Array.of(1));
  expect(row.number('number')).toBe(7);
  expect(row.word('word', ['message', 'commit'])).toBe('commit');
  expect(() => row.bytes('number')).toThrow(VaultDamaged);
  expect(() => row.word('word', ['message'])).toThrow(VaultDamaged);
  for (const number of [-1, 1.5, 2 ** 53, '7', undefined]) {
    expect(() => new Row('own', { number }).number('number')).toThrow(VaultDamaged);
  }
});

test('what cannot be understood is damage of the vault, whoever wrote it', () => {
  expect(parsed('own', Uint8Array.of(7), (reader) => reader.u8())).toBe(7);
  for (const opened of [Uint8Array.of(), Uint8Array.of(1, 2)]) {
    expect(() => parsed('own', opened, (reader) => reader.u8())).toThrow(VaultDamaged);
  }
  const busy = new VaultBusy('Elsewhere.');
  const failing = (error: Error) => () =>
    understood('own', () => {
      throw error;
    });
  expect(failing(busy)).toThrow(busy);
  expect(failing(new TypeError('x'))).toThrow(/own .* is damaged/);
});
