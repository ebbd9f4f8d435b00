/** Proposals and commits as bytes. */

import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { u16 } from '../../src/mls/codec.ts';
import { CodecError, ProtocolError } from '../../src/mls/errors.ts';
import { Extension } from '../../src/mls/extension.ts';
import {
  Add,
  BY_EXTERNAL_SENDER,
  Commit,
  ExternalInit,
  GroupContextExtensions,
  nameOf,
  PATH_REQUIRED,
  PreSharedKey,
  type Proposal,
  proposalBytes,
  proposalFromBytes,
  ProposalRef,
  ProposalType,
  ReInit,
  Remove,
  Update,
} from '../../src/mls/proposal.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { forAll } from './random.ts';
import { Device } from './tree_players.ts';

const PACKAGE = Device.make('anna').keyPackage();
const EXTENSIONS = [new Extension(0xf0f0, utf8('x')), new Extension(0x0a0a, new Uint8Array(0))];
const ALL: readonly Proposal[] = [
  new Add(PACKAGE),
  new Update(PACKAGE.leafNode),
  new Remove(77),
  new PreSharedKey(PreSharedKeyId.external(utf8('id'), new Uint8Array(32))),
  new ReInit(utf8('next'), 1, 3, EXTENSIONS),
  new ExternalInit(new Uint8Array(32)),
  new GroupContextExtensions(EXTENSIONS),
];

function names(types: Iterable<ProposalType>): string[] {
  return Array.from(types, (type) => nameOf(ProposalType, type)).sort();
}

test.each(ALL.map((item) => [nameOf(ProposalType, item.type), item] as const))(
  '%s comes back',
  (_, proposal) => {
    const raw = proposalBytes(proposal);
    const again = proposalFromBytes(raw);
    expect(again).toBeInstanceOf(proposal.constructor);
    expect(proposalBytes(again)).toEqual(raw);
    expect(raw.subarray(0, 2)).toEqual(u16(proposal.type));
    expect(() => proposalFromBytes(concat(raw, Uint8Array.of(0)))).toThrow(CodecError);
    expect(() => proposalFromBytes(raw.subarray(0, -1))).toThrow(CodecError);
  },
);

test('all types are covered', () => {
  expect(ALL.map((item) => item.type)).toEqual(Object.values(ProposalType));
});

test('fields come back', () => {
  const [, , removal, psk, reinit] = ALL.map((item) => proposalFromBytes(proposalBytes(item)));
  expect(removal).toEqual(new Remove(77));
  expect(psk).toEqual(ALL[3]);
  expect(reinit).toEqual(ALL[4]);
});

test.each([0, 8, 0x0a0a, 0xf001])('type %i is unknown', (kind) => {
  const raw = concat(u16(kind), fromHex('00000001'));
  expect(() => proposalFromBytes(raw)).toThrow(CodecError);
  expect(() => proposalFromBytes(raw)).toThrow('unknown');
});

test('a commit comes back', () => {
  const commit = new Commit([...ALL, new ProposalRef(new Uint8Array(32).fill(1))], undefined);
  const again = Commit.fromBytes(commit.toBytes());
  expect(again.toBytes()).toEqual(commit.toBytes());
  expect(again.equals(commit)).toBe(true);
  expect(again.equals(new Commit(ALL, undefined))).toBe(false);
  expect(again.proposals.at(-1)).toEqual(commit.proposals.at(-1));
  expect(() => Commit.fromBytes(fromHex('010300'))).toThrow(
    'neither a proposal (1) nor a reference (2): 3',
  );
});

test('what needs a path and what outsiders may propose (RFC 9420 table 7)', () => {
  expect(names(PATH_REQUIRED)).toEqual([
    'EXTERNAL_INIT',
    'GROUP_CONTEXT_EXTENSIONS',
    'REMOVE',
    'UPDATE',
  ]);
  expect(names(BY_EXTERNAL_SENDER)).toEqual([
    'ADD',
    'GROUP_CONTEXT_EXTENSIONS',
    'PSK',
    'REINIT',
    'REMOVE',
  ]);
  expect(nameOf(ProposalType, 99)).toBe('99');
});

test('random bytes are refused in the usual way', () => {
  forAll(300, (chance) => {
    const raw = chance.bytes(300);
    const parsers = [proposalFromBytes, (item: Uint8Array) => Commit.fromBytes(item)];
    for (const parse of parsers) {
      try {
        parse(raw);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });
});
