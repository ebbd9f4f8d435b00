/** Pre-shared keys combined. */

import { expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { ValidationError } from '../../src/mls/errors.ts';
import { combinePsks, groupEpoch, KnownPsks, NO_PSKS, PSK_COUNT_LIMIT } from '../../src/mls/psk.ts';
import { PreSharedKeyId, ResumptionUsage } from '../../src/mls/psk_id.ts';
import { suite } from '../../src/mls/suite.ts';

const CRYPTO = suite(1);
const NONCE = new Uint8Array(32).fill(0x6e);
const GROUP = utf8('group');
const ONE = PreSharedKeyId.external(utf8('one'), NONCE);
const TWO = PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, GROUP, 3n, NONCE);
const KNOWN = known('first');

function known(first: string): KnownPsks {
  return new KnownPsks(
    new Map([[toHex(utf8('one')), utf8(first)]]),
    new Map([[groupEpoch(GROUP, 3n), utf8('second')]]),
  );
}

function refused(check: string): ValidationError {
  return expect.objectContaining({ check, constructor: ValidationError }) as ValidationError;
}

test('none is zeros', () => {
  expect(combinePsks(CRYPTO, [], NO_PSKS)).toEqual(new Uint8Array(32));
});

test('each key, its name and the order count', () => {
  const other = PreSharedKeyId.external(utf8('one'), new Uint8Array(32).fill(0x6d));
  const results = [
    combinePsks(CRYPTO, [ONE], KNOWN),
    combinePsks(CRYPTO, [ONE, TWO], KNOWN),
    combinePsks(CRYPTO, [TWO, ONE], KNOWN),
    combinePsks(CRYPTO, [ONE, TWO], known('other')),
    combinePsks(CRYPTO, [other, TWO], KNOWN),
  ];
  expect(new Set(results.map(toHex)).size).toBe(5);
});

test('combining leaves the keys as they are', () => {
  expect(combinePsks(CRYPTO, [ONE, TWO], KNOWN)).toEqual(combinePsks(CRYPTO, [ONE, TWO], KNOWN));
  expect(KNOWN.find(ONE)).toEqual(utf8('first'));
});

test('one key by hand, as RFC 9420 section 8.4 has it', () => {
  const zeros = new Uint8Array(32);
  const extracted = CRYPTO.extract(zeros, utf8('first'));
  const label = concat(ONE.toBytes(), fromHex('00000001'));
  const derived = CRYPTO.expandWithLabel(extracted, 'derived psk', label, 32);
  expect(combinePsks(CRYPTO, [ONE], KNOWN)).toEqual(CRYPTO.extract(derived, zeros));
});

test('unknown keys are refused by name', () => {
  const external = PreSharedKeyId.external(utf8('three'), NONCE);
  const resumption = PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, GROUP, 4n, NONCE);
  expect(() => combinePsks(CRYPTO, [external], KNOWN)).toThrow(refused('psk-known'));
  expect(() => combinePsks(CRYPTO, [external], KNOWN)).toThrow(
    `: external ${toHex(utf8('three'))}.`,
  );
  expect(() => combinePsks(CRYPTO, [resumption], KNOWN)).toThrow(refused('psk-known'));
});

test('what is at hand can be asked', () => {
  expect([ONE, TWO].map((psk) => KNOWN.has(psk))).toEqual([true, true]);
  expect([ONE, TWO].map((psk) => NO_PSKS.has(psk))).toEqual([false, false]);
  const otherEpoch = PreSharedKeyId.resumption(
    ResumptionUsage.APPLICATION,
    TWO.groupId,
    TWO.epoch + 1n,
    TWO.nonce,
  );
  expect(KNOWN.has(otherEpoch)).toBe(false);
});

test('too many keys are refused', () => {
  const many = Array.from({ length: PSK_COUNT_LIMIT + 1 }, () => ONE);
  expect(() => combinePsks(CRYPTO, many, KNOWN)).toThrow(refused('psk-count'));
});

test('resumption keys are added', () => {
  const more = KNOWN.withResumption(new Map([[groupEpoch(GROUP, 4n), utf8('third')]]));
  expect(more.find(TWO)).toEqual(utf8('second'));
  expect(more.resumption.size).toBe(2);
  expect(more.external).toBe(KNOWN.external);
  expect(KNOWN.resumption.size).toBe(1);
});
