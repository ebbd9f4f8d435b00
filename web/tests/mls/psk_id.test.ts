/** Names of pre-shared keys. */

import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, u64 } from '../../src/mls/codec.ts';
import { ValidationError } from '../../src/mls/errors.ts';
import {
  checkPskProposals,
  PreSharedKeyId,
  PskType,
  ResumptionUsage,
} from '../../src/mls/psk_id.ts';
import { suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';

const NONCE = new Uint8Array(32).fill(0x6e);
const { APPLICATION, BRANCH, REINIT } = ResumptionUsage;
const EXTERNAL = PreSharedKeyId.external(utf8('id'), NONCE);
const RESUMPTION = PreSharedKeyId.resumption(APPLICATION, utf8('group'), 5n, NONCE);

test.each([EXTERNAL, RESUMPTION])('names come back', (psk) => {
  const again = PreSharedKeyId.fromBytes(psk.toBytes());
  expect(again).toEqual(psk);
  expect(again.equals(psk)).toBe(true);
});

test('different names are not equal', () => {
  expect(EXTERNAL.equals(RESUMPTION)).toBe(false);
  expect(RESUMPTION.equals(PreSharedKeyId.resumption(APPLICATION, utf8('group'), 6n, NONCE))).toBe(
    false,
  );
});

test('their encoding', () => {
  expect(EXTERNAL.toBytes()).toEqual(concat(fromHex('01026964' + '20'), NONCE));
  expect(RESUMPTION.toBytes()).toEqual(
    concat(fromHex('020105'), utf8('group'), u64(5n), fromHex('20'), NONCE),
  );
  expect([EXTERNAL.type, RESUMPTION.type]).toEqual([PskType.EXTERNAL, PskType.RESUMPTION]);
});

test.each(['00', '0302696400', '02000567726f7570' + '00'.repeat(9), '020400'])(
  'unknown types and usages are refused: %s',
  (raw) => {
    expect(() => PreSharedKeyId.fromBytes(fromHex(raw))).toThrow(CodecError);
  },
);

test('random bytes are a codec error or come back', () => {
  forAll(1000, (chance) => {
    const raw = chance.bytes(100);
    let psk;
    try {
      psk = PreSharedKeyId.fromBytes(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return;
    }
    expect(psk.toBytes()).toEqual(raw);
  });
});

test.each<[string, PreSharedKeyId[]]>([
  ['psk-nonce', [PreSharedKeyId.external(utf8('id'), utf8('short'))]],
  ['psk-usage', [PreSharedKeyId.resumption(BRANCH, utf8('g'), 1n, NONCE)]],
  ['psk-usage', [PreSharedKeyId.resumption(REINIT, utf8('g'), 1n, NONCE)]],
  ['psk-unique', [EXTERNAL, RESUMPTION, EXTERNAL]],
])('lists that are refused: %s', (check, psks) => {
  expect(() => {
    checkPskProposals(suite(1), psks, false);
  }).toThrow(expect.objectContaining({ check, constructor: ValidationError }));
});

test('a key may be used twice with different nonces', () => {
  const other = PreSharedKeyId.external(utf8('id'), new Uint8Array(32).fill(1));
  checkPskProposals(suite(1), [EXTERNAL, other], false);
});

test('a first Commit continues one group at most', () => {
  const branch = PreSharedKeyId.resumption(BRANCH, utf8('g'), 1n, NONCE);
  const reinit = PreSharedKeyId.resumption(REINIT, utf8('g'), 1n, NONCE);
  expect([branch, reinit].every((psk) => psk.continuesGroup)).toBe(true);
  expect([EXTERNAL, RESUMPTION].some((psk) => psk.continuesGroup)).toBe(false);
  checkPskProposals(suite(1), [EXTERNAL, branch], true);
  expect(() => {
    checkPskProposals(suite(1), [branch, reinit], true);
  }).toThrow(expect.objectContaining({ check: 'psk-usage' }));
});
