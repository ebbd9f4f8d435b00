/** The outside of a Welcome, as the delivery service sees it. */

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { CodecError } from '../../src/mls/errors.ts';
import { mlsMessage, WireFormat } from '../../src/mls/framing.ts';
import { parseWelcome } from '../../src/mls/welcome.ts';
import {
  checkWelcome,
  EncryptedGroupSecrets,
  SealedWelcome,
  welcomeReferences,
} from '../../src/mls/welcome_header.ts';
import { verdictOf } from './tree_players.ts';

const EMPTY = new Uint8Array(0);
const ONE = sealedFor(0x31);
const TWO = sealedFor(0x32);
const WELCOME = new SealedWelcome(1, [ONE, TWO], utf8('encrypted'));
const RAW = WELCOME.toMessage();
const REFERENCES = [ONE.newMember, TWO.newMember];

function sealedFor(byte: number): EncryptedGroupSecrets {
  const reference = new Uint8Array(32).fill(byte);
  return new EncryptedGroupSecrets(reference, utf8('kem'), utf8('sealed'));
}

function verdict(raw: Uint8Array, suiteId: number, references: readonly Uint8Array[]): string {
  return verdictOf(() => {
    checkWelcome(raw, suiteId, references);
  });
}

test('it comes back and is what the newcomers open', () => {
  expect(SealedWelcome.fromMessage(RAW).equals(WELCOME)).toBe(true);
  const opened = parseWelcome(RAW);
  expect([opened.cipherSuite, opened.secrets]).toEqual([1, [ONE, TWO]]);
  expect(opened.toMessage()).toEqual(RAW);
  expect(welcomeReferences(RAW)).toEqual(REFERENCES);
});

test('one secret for each added key package, in any order', () => {
  expect(verdict(RAW, 1, REFERENCES)).toBe('');
  expect(verdict(RAW, 1, [...REFERENCES].reverse())).toBe('');
  const more = [...REFERENCES, new Uint8Array(32).fill(0x33)];
  for (const references of [[ONE.newMember], more, [ONE.newMember, ONE.newMember]]) {
    expect(verdict(RAW, 1, references)).toBe('welcome-references');
  }
  const twice = new SealedWelcome(1, [ONE, ONE], utf8('encrypted')).toMessage();
  expect(verdict(twice, 1, REFERENCES)).toBe('welcome-references');
});

test("the suite is the group's", () => {
  expect(verdict(RAW, 2, REFERENCES)).toBe('welcome-suite');
});

test('without newcomers there is none', () => {
  expect(verdict(EMPTY, 1, [])).toBe('');
  expect(verdict(RAW, 1, [])).toBe('welcome-unasked');
  expect(() => verdict(EMPTY, 1, REFERENCES)).toThrow(CodecError);
});

test('what is no Welcome', () => {
  const looks = [
    (raw: Uint8Array) => SealedWelcome.fromMessage(raw),
    welcomeReferences,
    (raw: Uint8Array) => {
      checkWelcome(raw, 1, REFERENCES);
    },
  ];
  const other = mlsMessage(WireFormat.GROUP_INFO, EMPTY);
  for (const raw of [EMPTY, RAW.subarray(0, -1), concat(RAW, Uint8Array.of(0)), other]) {
    for (const look of looks) {
      expect(() => {
        look(raw);
      }).toThrow(CodecError);
    }
  }
});
