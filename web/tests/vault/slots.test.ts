/** Single rows of `own`: written whole, sealed, and gone when they are removed. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { opaque, type Reader } from '../../src/mls/codec.ts';
import { OWN } from '../../src/vault/schema.ts';
import { Slot } from '../../src/vault/slots.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const platform = freshPlatform();
const DECODER = new TextDecoder();
const TEXT = {
  toBytes: (value: string) => opaque(utf8(value)),
  read: (reader: Reader) => DECODER.decode(reader.opaque()),
};

let vault: Vault;
let slot: Slot<string>;

beforeEach(async () => {
  vault = await freshVault(platform);
  slot = new Slot(vault, 'a slot', TEXT);
});

afterEach(async () => {
  await vault.close();
});

test('what was written is read, and the last value counts', async () => {
  expect(await slot.get()).toBeUndefined();
  await vault.write([await slot.put('first')]);
  await vault.write([await slot.put('second')]);
  expect(await slot.get()).toBe('second');
  expect(await new Slot(vault, 'another', TEXT).get()).toBeUndefined();
});

test('what is removed is gone', async () => {
  await vault.write([await slot.put('first')]);
  await vault.write([slot.remove()]);
  await vault.write([slot.remove()]);
  expect(await slot.get()).toBeUndefined();
});

test('nothing of it stands in the clear', async () => {
  await vault.write([await slot.put('what nobody may read')]);
  expect(await shownInClear(platform, vault, OWN)).not.toContain('nobody');
});

test('a value from another slot is the damage of the vault', async () => {
  await vault.write([await slot.put('one')]);
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === 'a slot') {
      row['slot'] = 'b slot';
    }
  });
  expect(await codeOf(new Slot(vault, 'b slot', TEXT).get())).toBe('vault_damaged');
});

test('so is one that was altered', async () => {
  await vault.write([await slot.put('one')]);
  await tamper(platform, vault, OWN, (row) => {
    if (row['slot'] === 'a slot') {
      (row['sealed'] as Uint8Array)[20]! ^= 1;
    }
  });
  expect(await codeOf(slot.get())).toBe('vault_damaged');
});

test('a value that is not what it was written as is damage as well', async () => {
  await vault.write([await slot.put('x'.repeat(10))]);
  const short = new Slot(vault, 'a slot', {
    ...TEXT,
    read: (reader: Reader) => toHex(reader.fixed(2)),
  });
  expect(await codeOf(short.get())).toBe('vault_damaged');
});
