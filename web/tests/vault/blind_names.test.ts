import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { BlindNames, makeNameKey } from '../../src/vault/blind_names.ts';

const { subtle } = crypto;

const fresh = async (): Promise<BlindNames> => new BlindNames(subtle, await makeNameKey(subtle));

test('a name has always the same stand-in, 32 bytes that do not say it', async () => {
  const names = await fresh();
  const blind = await names.of('account', 'mimi://localhost/u/anna');
  expect(blind).toHaveLength(32);
  expect(await names.of('account', 'mimi://localhost/u/anna')).toEqual(blind);
});

test('other names, stores and vaults have others', async () => {
  const [names, others] = [await fresh(), await fresh()];
  const blinds = await Promise.all([
    names.of('account', 'anna'),
    names.of('account', 'ben'),
    names.of('mark', 'anna'),
    names.of('mar', 'kanna'),
    names.of('accounta', 'nna'),
    others.of('account', 'anna'),
  ]);
  expect(new Set(blinds.map(toHex)).size).toBe(blinds.length);
});

test('the key cannot be exported', async () => {
  const key = await makeNameKey(subtle);
  expect(key.extractable).toBe(false);
  expect(key.usages).toEqual(['sign']);
  await expect(subtle.exportKey('raw', key)).rejects.toThrow();
});
