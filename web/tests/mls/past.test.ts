/** Past epochs: who the senders were, and which keys are left. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { Credential } from '../../src/mls/credential.ts';
import { Member } from '../../src/mls/epoch.ts';
import { PastEpoch } from '../../src/mls/past.ts';
import { Remove } from '../../src/mls/proposal.ts';
import { RatchetKind } from '../../src/mls/secret_tree.ts';
import { Stage } from './message_players.ts';
import { Device, verdictOf } from './tree_players.ts';

const SOMEBODY = new Member(1, Credential.basic(utf8('somebody')), utf8('key'));

test('a late message is of whoever was its sender then', () => {
  const scene = Stage.of(3);
  const cora = scene.epoch.member(2);
  const past = PastEpoch.of(scene.epoch, scene.messages);
  scene.accept(scene.commit(0, [new Remove(2)]));
  past.remember(new Map([[2, cora]]));
  scene.accept(scene.join(Device.make('dora')));
  expect(past.sender(2, scene.epoch.tree)).toBe(cora);
  expect(scene.epoch.member(2).equals(cora)).toBe(false);
  expect(past.sender(1, scene.epoch.tree).equals(scene.epoch.member(1))).toBe(true);
});

test('the earliest memory counts', () => {
  const scene = Stage.of(2);
  const past = PastEpoch.of(scene.epoch, scene.messages);
  const first = scene.epoch.member(1);
  past.remember(new Map([[1, first]]));
  past.remember(new Map([[1, SOMEBODY]]));
  expect(past.sender(1, scene.epoch.tree)).toBe(first);
  past.remember(new Map([[2, undefined]]));
  past.remember(new Map([[2, SOMEBODY]]));
  expect(verdictOf(() => past.sender(2, scene.epoch.tree))).toBe('sender-leaf');
});

test('a leaf that was blank then', () => {
  const scene = Stage.of(2);
  const past = PastEpoch.of(scene.epoch, scene.messages);
  past.remember(new Map([[2, undefined]]));
  scene.accept(scene.join(Device.make('cora')));
  const { tree } = scene.epoch;
  for (const leafIndex of [2, 3, 2 ** 32 - 1]) {
    expect(verdictOf(() => past.sender(leafIndex, tree))).toBe('sender-leaf');
  }
  expect(past.sender(1, tree).equals(scene.epoch.member(1))).toBe(true);
});

test('their handshake keys are gone', () => {
  const scene = Stage.of(2);
  scene.messages.nextKey(0, RatchetKind.HANDSHAKE);
  scene.messages.nextKey(0, RatchetKind.APPLICATION);
  const past = PastEpoch.of(scene.epoch, scene.messages);
  const peek = (): unknown => past.messages.peek(0, RatchetKind.HANDSHAKE, 1);
  expect(verdictOf(peek)).toBe('generation-unused');
  past.messages.consume(past.messages.peek(0, RatchetKind.APPLICATION, 1));
  past.messages.consume(past.messages.peek(1, RatchetKind.APPLICATION, 0));
  const late = (): unknown => past.messages.peek(1, RatchetKind.HANDSHAKE, 0);
  expect(verdictOf(late)).toBe('generation-unused');
});

test('of its secrets only the sender data secret is kept', () => {
  const scene = Stage.of(2);
  const past = PastEpoch.of(scene.epoch, scene.messages);
  expect(Object.keys(past).sort()).toEqual(['context', 'messages', 'replaced', 'senderData']);
  expect(toHex(past.senderData)).toBe(toHex(scene.epoch.secrets.senderData));
  expect(past.context).toBe(scene.epoch.context);
});
