/** The recovery key: on paper and back, and what follows from it. */

import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { SdkError } from '../../src/sdk/errors.ts';
import {
  ARGON2,
  deriveRecovery,
  isOf,
  newRecoveryKey,
  parseRecoveryKey,
  RECOVERY_KEY_BYTES,
  recoveryOf,
  recoveryText,
} from '../../src/sdk/recovery_key.ts';

const KEY = Uint8Array.from({ length: RECOVERY_KEY_BYTES }, (_, at) => at * 13);
const TEXT = recoveryText(KEY);

function refusal(text: string): string {
  try {
    parseRecoveryKey(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SdkError);
    expect((error as SdkError).code).toBe('bad_recovery_key');
    return (error as SdkError).message;
  }
  return '';
}

test('a key is nine groups of four characters without look-alikes', () => {
  for (let count = 0; count < 50; count += 1) {
    const key = newRecoveryKey();
    expect(key).toHaveLength(20);
    const text = recoveryText(key);
    expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4} ){8}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(parseRecoveryKey(text)).toEqual(key);
  }
  expect(recoveryText(newRecoveryKey())).not.toBe(recoveryText(newRecoveryKey()));
});

test('it is read however a person has written it', () => {
  for (const written of [
    TEXT.toLowerCase(),
    TEXT.replaceAll(' ', ''),
    TEXT.replaceAll(' ', '-'),
    TEXT.replaceAll(' ', ' – \n'),
    TEXT.replaceAll('0', 'O').replaceAll('1', 'l'),
    TEXT.replaceAll('0', 'o').replaceAll('1', 'I'),
  ]) {
    expect(parseRecoveryKey(written)).toEqual(KEY);
  }
});

test('every wrong character, and any two that changed places, are noticed', () => {
  const bare = TEXT.replaceAll(' ', '');
  for (let at = 0; at < bare.length; at += 1) {
    const other = bare[at] === '7' ? '8' : '7';
    expect(refusal(bare.slice(0, at) + other + bare.slice(at + 1))).toContain('wrong character');
    const swapped = bare.slice(0, at) + (bare[at + 1] ?? '') + bare[at]! + bare.slice(at + 2);
    if (swapped !== bare && at + 1 < bare.length) {
      expect(refusal(swapped)).toContain('wrong character');
    }
  }
  expect(refusal(bare.replace('0', 'U'))).toContain('wrong character');
});

test('a part of a key is not taken for one', () => {
  for (const part of [
    '',
    'ABCD',
    TEXT.slice(0, -1),
    TEXT.slice(0, 39),
    `${TEXT}7`,
    'ä'.repeat(36),
  ]) {
    expect(refusal(part)).not.toBe('');
  }
  expect(refusal(TEXT.slice(0, 39))).toContain('nine groups');
});

test('the same key and passphrase lead to the same secrets, others to others', async () => {
  const derived = await Promise.all([
    deriveRecovery(KEY, ''),
    deriveRecovery(KEY, ''),
    deriveRecovery(newRecoveryKey(), ''),
  ]);
  const [one, again, other] = derived.map((secrets) => ({
    capability: toHex(secrets.capability),
    adoption: toHex(secrets.adoption.toBytes()),
    sealing: toHex(secrets.sealing[0]),
  }));
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  expect(new Set(Object.values(one!)).size).toBe(3);
  expect(isOf(derived[0], recoveryOf(derived[1]))).toBe(true);
  expect(isOf(derived[0], recoveryOf(derived[2]))).toBe(false);
});

test('a passphrase is a part of it, however its letters are composed', async () => {
  const [none, with_, composed, decomposed] = await Promise.all(
    ['', 'correct horse', 'Grüße', 'Gru\u0308ße'].map((words) => deriveRecovery(KEY, words)),
  );
  const ids = [none, with_, composed].map((secrets) => toHex(secrets!.capability));
  expect(new Set(ids).size).toBe(3);
  expect(decomposed!.capability).toEqual(composed!.capability);
});

test('what devices keep has none of the secrets', async () => {
  const secrets = await deriveRecovery(KEY, '');
  const kept = Object.values(recoveryOf(secrets))
    .map((value) => toHex(value as Uint8Array))
    .join();
  for (const secret of [secrets.capability, secrets.adoption.toBytes(), secrets.sealing[0], KEY]) {
    expect(kept).not.toContain(toHex(secret));
  }
});

test('Argon2id runs as the document says', () => {
  expect(ARGON2).toEqual({ m: 32_768, t: 2, p: 1 });
});
