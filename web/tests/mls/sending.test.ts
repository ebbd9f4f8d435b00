/** What leaves a group: messages and proposals. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, GroupUsageError } from '../../src/mls/errors.ts';
import { ContentType, header, WireFormat } from '../../src/mls/framing.ts';
import { nameOf, PreSharedKey, ProposalType, ReInit } from '../../src/mls/proposal.ts';
import { bucketBytes } from '../../src/mls/protection.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { refused, Scene } from './group_players.ts';

test('messages are private and padded', () => {
  const { group } = Scene.of(['anna', 'bela']).player('anna');
  for (const length of [0, 1, 200, 1_000]) {
    const raw = group.encrypt(new Uint8Array(length).fill(0x78));
    const { wireFormat, contentType } = header(raw);
    expect(wireFormat).toBe(WireFormat.PRIVATE_MESSAGE);
    expect(contentType).toBe(ContentType.APPLICATION);
    expect(raw.length).toBe(bucketBytes(raw.length));
  }
  expect(group.encrypt(utf8('x')).length).toBe(group.encrypt(utf8('x'.repeat(90))).length);
});

test('equal texts give different messages', () => {
  const { group } = Scene.of(['anna', 'bela']).player('anna');
  const said = Array.from({ length: 20 }, () => toHex(group.encrypt(utf8('hello'))));
  expect(new Set(said).size).toBe(20);
});

test.each([false, true])('each kind of proposal arrives, encrypted: %s', (encrypted) => {
  const options = { private: encrypted };
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { group } = anna;
  const raws: [string, Uint8Array][] = [
    ['ADD', group.proposeAdd(scene.newcomer('dora').bundle().message, options)],
    ['UPDATE', group.proposeUpdate(options)],
    ['REMOVE', group.proposeRemove(2, options)],
    ['PSK', group.proposePsk(group.externalPsk(utf8('id')), options)],
    ['REINIT', group.proposeReinit(new ReInit(utf8('next'), 1, 1, []), options)],
    ['GROUP_CONTEXT_EXTENSIONS', group.proposeContextExtensions([], options)],
  ];
  for (const [name, raw] of raws) {
    const { wireFormat, contentType } = header(raw);
    expect(wireFormat).toBe(encrypted ? WireFormat.PRIVATE_MESSAGE : WireFormat.PUBLIC_MESSAGE);
    expect(contentType).toBe(ContentType.PROPOSAL);
    const staged = bela.stageProposal(raw);
    expect(nameOf(ProposalType, staged.proposal.type)).toBe(name);
    expect(group.proposals.has(toHex(staged.reference))).toBe(true);
    staged.accept();
  }
  expect([...bela.group.proposals.keys()]).toEqual([...group.proposals.keys()]);
});

test('wrong proposals are not made', () => {
  const { group } = Scene.of(['anna', 'bela']).player('anna');
  refused('sender-leaf', () => group.proposeRemove(2));
  expect(() => group.proposeAdd(utf8('junk'))).toThrow(CodecError);
  expect(group.proposals.size).toBe(0);
});

test('own proposals survive a restart', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const raw = bela.group.proposeUpdate();
  bela.restart();
  scene.deliver(bela, raw);
  scene.commit(anna);
  scene.agree();
  scene.chat();
});

test('an own proposal keeps nothing that the caller could change later', () => {
  const { group } = Scene.of(['anna', 'bela']).player('anna');
  const id = utf8('shared');
  group.proposePsk(PreSharedKeyId.external(id, new Uint8Array(32)));
  id.fill(0);
  const [kept] = group.proposals.values();
  const named = PreSharedKeyId.external(utf8('shared'), new Uint8Array(32));
  expect(kept?.proposal).toEqual(new PreSharedKey(named));
});

test('a removed device sends nothing', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.commit(anna, { removes: [1] });
  for (const step of [() => bela.group.proposeUpdate(), () => bela.group.encrypt(utf8('x'))]) {
    expect(step).toThrow(GroupUsageError);
  }
});
