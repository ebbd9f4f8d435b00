import { expect, test } from 'vitest';

import { concat, toHex, utf8 } from '../../src/base/bytes.ts';
import { VaultDamaged } from '../../src/vault/errors.ts';
import { makeVaultKey, NONCE_BYTES, Seal } from '../../src/vault/seal.ts';

const { subtle } = crypto;
const ROW = utf8('row');
const TEXT = utf8('what nobody else may read');

async function fresh(): Promise<Seal> {
  return new Seal(subtle, await makeVaultKey(subtle));
}

test('a sealed value opens where it was sealed, and shows nothing outside', async () => {
  const seal = await fresh();
  const sealed = await seal.close('store', ROW, TEXT);
  expect(sealed.length).toBe(NONCE_BYTES + TEXT.length + 16);
  expect(toHex(sealed)).not.toContain(toHex(TEXT));
  expect(await seal.open('store', ROW, sealed)).toEqual(TEXT);
});

test('a value opens in no other place', async () => {
  const seal = await fresh();
  const sealed = await seal.close('store', ROW, TEXT);
  await expect(seal.open('other', ROW, sealed)).rejects.toThrow(VaultDamaged);
  await expect(seal.open('store', utf8('other'), sealed)).rejects.toThrow(VaultDamaged);
  // The border between store and row is bound too.
  await expect(seal.open('stor', concat(utf8('e'), ROW), sealed)).rejects.toThrow(VaultDamaged);
  await expect((await fresh()).open('store', ROW, sealed)).rejects.toThrow(VaultDamaged);
});

test('every bit of a sealed value matters', async () => {
  const seal = await fresh();
  const sealed = await seal.close('store', ROW, Uint8Array.of(1));
  for (let at = 0; at < sealed.length; at += 1) {
    const altered = sealed.slice();
    altered[at] = (altered[at] ?? 0) ^ 0x10;
    await expect(seal.open('store', ROW, altered)).rejects.toThrow(/altered or is damaged/);
  }
  for (const length of [0, NONCE_BYTES, sealed.length - 1]) {
    await expect(seal.open('store', ROW, sealed.subarray(0, length))).rejects.toThrow(VaultDamaged);
  }
});

test('no nonce comes twice', async () => {
  const seal = await fresh();
  const sealed = await Promise.all(
    Array.from({ length: 500 }, () => seal.close('store', ROW, TEXT)),
  );
  expect(new Set(sealed.map((one) => toHex(one.subarray(0, NONCE_BYTES)))).size).toBe(500);
});

test('the key cannot be exported', async () => {
  const key = await makeVaultKey(subtle);
  expect(key.extractable).toBe(false);
  expect([...key.usages].sort()).toEqual(['decrypt', 'encrypt']);
  await expect(subtle.exportKey('raw', key)).rejects.toThrow();
});

test('values in the middle of a larger buffer are sealed alone', async () => {
  const seal = await fresh();
  const around = concat(utf8('before'), TEXT, utf8('after'));
  const sealed = await seal.close('store', ROW, around.subarray(6, 6 + TEXT.length));
  expect(await seal.open('store', ROW, concat(Uint8Array.of(0), sealed).subarray(1))).toEqual(TEXT);
});

test('the digest is SHA-256', async () => {
  const seal = await fresh();
  expect(toHex(await seal.digest(new Uint8Array(0)))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});
