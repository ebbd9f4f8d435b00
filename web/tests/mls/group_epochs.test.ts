/** Past epochs and staged results of whole groups: senders of then, keys that are left. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { PAST_EPOCHS_KEPT } from '../../src/mls/past.ts';
import { RatchetKind } from '../../src/mls/secret_tree.ts';
import { StagedCommit, StagedMessage, StagedProposal } from '../../src/mls/staged.ts';
import { holds, nameOf, refused, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

test("a late message is its sender's of then", () => {
  // Cora left, Dora took her leaf: what Cora said before is still Cora's.
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const late = cora.group.encrypt(utf8('before I go'));
  scene.commit(anna, { removes: [2] });
  scene.add(anna, [scene.newcomer('dora')]);
  const message = bela.read(late);
  expect(nameOf(message)).toBe('cora');
  expect(message.signatureKey).toEqual(cora.signatureKey);
  expect(nameOf(bela.group.member(2))).toBe('dora');
});

test('a late message is judged by the key of then', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const late = anna.group.encrypt(utf8('with my old key'));
  scene.commit(anna, { identity: anna.newIdentity() });
  bela.restart();
  expect(bela.read(late).signatureKey).toEqual(anna.signatureKey);
  expect(bela.group.member(0).signatureKey).not.toEqual(anna.signatureKey);
});

test('the earliest memory counts', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const keys = [0, 1, 2].map(() => {
    const key = anna.group.signatureKey;
    scene.commit(anna, { identity: anna.newIdentity() });
    return key;
  });
  const { past, epoch } = bela.group.state;
  const found = past.slice(0, 3).map((item) => item.sender(0, epoch.tree).signatureKey);
  expect(found).toEqual(keys.reverse());
});

test('only so many are kept', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (let turn = 0; turn < PAST_EPOCHS_KEPT + 3; turn += 1) {
    scene.commit(anna);
  }
  const newest = bela.group.epoch - 1n;
  expect(bela.group.state.past.map((item) => item.context.epoch)).toEqual(
    Array.from({ length: PAST_EPOCHS_KEPT }, (_, back) => newest - BigInt(back)),
  );
});

test.each([false, true])('their handshake keys are gone, after a restart: %s', (restarted) => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  bela.follow(anna.group.proposeUpdate({ private: true }));
  scene.commit(anna);
  if (restarted) {
    bela.restart();
  }
  const past = there(bela.group.state.past[0]);
  for (const leafIndex of [0, 1]) {
    past.messages.consume(past.messages.peek(leafIndex, RatchetKind.APPLICATION, 0));
    refused('generation-unused', () => past.messages.peek(leafIndex, RatchetKind.HANDSHAKE, 1));
  }
});

test('a leaf that was blank then', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.add(anna, [scene.newcomer('cora')]);
  const past = there(bela.group.state.past[0]);
  const { tree } = bela.group.state.epoch;
  refused('sender-leaf', () => past.sender(2, tree));
  refused('sender-leaf', () => past.sender(3, tree));
  expect(past.sender(1, tree)).toEqual(bela.group.member(1));
});

test('membership secrets of past epochs are not kept', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { secrets } = bela.group.state.epoch;
  const [senderData, resumption] = [secrets.senderData.slice(), secrets.resumption.slice()];
  const gone = [
    secrets.membershipKey,
    secrets.init,
    secrets.exporter,
    secrets.external,
    secrets.authenticator,
  ].map((secret) => secret.slice());
  scene.commit(anna);
  const saved = bela.group.save();
  for (const secret of gone) {
    expect(holds(saved.epochState, secret)).toBe(false);
    expect(holds(saved.ratchetState, secret)).toBe(false);
  }
  expect(holds(saved.ratchetState, senderData)).toBe(true);
  expect(holds(saved.epochState, resumption)).toBe(true);
});

test('dropping a staged result is forgetting', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  untouched([bela], () => {
    const staged = [
      bela.stage(anna.group.encrypt(utf8('x'))),
      bela.stage(anna.group.proposeUpdate()),
      bela.stage(anna.group.proposeUpdate({ private: true })),
      bela.stage(anna.commit({ removes: [1], byReference: false }).commit),
    ];
    expect(staged.map((item) => item.constructor)).toEqual([
      StagedMessage,
      StagedProposal,
      StagedProposal,
      StagedCommit,
    ]);
  });
});

test('a message hides its content until it is accepted', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const staged = bela.stageMessage(anna.group.encrypt(utf8('the secret text')));
  expect(Object.keys(staged)).toEqual(['sender', 'epoch']);
  expect(staged.accept().plaintext).toEqual(utf8('the secret text'));
});

test('a commit shows each changed member before and after', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  scene.deliver(bela, bela.group.proposeUpdate({ identity: bela.newIdentity() }));
  const { updated } = cora.stageCommit(anna.commit().commit);
  const changes = new Map(updated.map((change) => [change[0].leafIndex, change]));
  expect([...changes.keys()].sort()).toEqual([0, 1]);
  const [before, after] = there(changes.get(1));
  expect(before.signatureKey).toEqual(bela.signatureKey);
  expect(after.signatureKey).not.toEqual(bela.signatureKey);
  expect(before.credential.equals(after.credential)).toBe(true);
  const [same, still] = there(changes.get(0));
  expect(same.signatureKey).toEqual(still.signatureKey);
});
