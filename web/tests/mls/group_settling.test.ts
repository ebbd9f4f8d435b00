/** What is so in TypeScript only: signatures are settled later, and secrets are overwritten. */

import { expect, test } from 'vitest';

import { equalBytes, utf8 } from '../../src/base/bytes.ts';
import { GroupUsageError, ProtocolError } from '../../src/mls/errors.ts';
import { join } from '../../src/mls/group.ts';
import { HERE } from '../../src/mls/signature_checks.ts';
import { StagedMessage } from '../../src/mls/staged.ts';
import { flipped, NOW_S, refused, Scene, untouched } from './group_players.ts';
import { there } from './tree_players.ts';

test('nothing is pending before the signatures of what is added are verified', async () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const adds = [scene.newcomer('cora').bundle().message];
  let made = anna.group.commit(scene.judge.ask, NOW_S, { adds });
  expect(made.count).toBe(2);
  expect(anna.group.pending).toBe(undefined);
  const pending = await made.settle(HERE);
  expect(there(anna.group.pending).commit).toEqual(pending.commit);
  pending.drop();
  const bad = there(adds[0]);
  made = anna.group.commit(scene.judge.ask, NOW_S, { adds: [flipped(bad, -1)] });
  untouched([anna], () => {
    refused('key-package-signature', () => made.settleNow());
  });
});

test('a commit that was overtaken while its signatures were verified is not pending', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const first = anna.group.commit(scene.judge.ask, NOW_S);
  const second = anna.group.commit(scene.judge.ask, NOW_S, { private: true });
  scene.commit(bela);
  untouched([anna], () => {
    for (const late of [first, second]) {
      expect(() => late.settleNow()).toThrow(GroupUsageError);
    }
  });
  const one = anna.group.commit(scene.judge.ask, NOW_S);
  const two = anna.group.commit(scene.judge.ask, NOW_S);
  one.settleNow();
  untouched([anna], () => {
    expect(() => two.settleNow()).toThrow(GroupUsageError);
  });
});

test('a message that was overtaken while its signature was verified is judged anew', async () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const judge = scene.judge.ask;
  const text = bela.group.process(anna.group.encrypt(utf8('x')), judge, NOW_S);
  const proposal = bela.group.process(anna.group.proposeUpdate(), judge, NOW_S);
  const commit = bela.group.process(anna.commit({ byReference: false }).commit, judge, NOW_S);
  anna.group.dropPending();
  scene.commit(cora, { byReference: false });
  const message = await text.settle(HERE);
  expect(message).toBeInstanceOf(StagedMessage);
  message.accept();
  for (const late of [proposal, commit]) {
    const staged = await late.settle(HERE);
    expect(() => staged.accept()).toThrow(GroupUsageError);
  }
  scene.agree();
});

test('all that is received hides behind its signatures', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const judge = scene.judge.ask;
  expect(bela.group.process(anna.group.encrypt(utf8('x')), judge, NOW_S).count).toBe(1);
  expect(bela.group.process(anna.group.proposeUpdate(), judge, NOW_S).count).toBe(2);
  const bundle = scene.newcomer('cora').bundle();
  const pending = anna.commit({ adds: [bundle.message], byReference: false });
  expect(bela.group.process(pending.commit, judge, NOW_S).count).toBe(4);
  expect(join(pending.welcome, bundle, judge, NOW_S).count).toBe(4);
  expect(anna.group.process(pending.commit, judge, NOW_S).count).toBe(0);
});

test('leaving an epoch overwrites its secrets, but for what late messages need', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (const player of [anna, bela]) {
    const { secrets, treePrivate } = player.group.state.epoch;
    const exporter = secrets.exporter.slice();
    scene.commit(bela);
    scene.commit(anna);
    expect(exporter).not.toEqual(new Uint8Array(32));
    for (const gone of [
      secrets.init,
      secrets.exporter,
      secrets.external,
      secrets.confirmationKey,
      secrets.membershipKey,
      secrets.authenticator,
      ...treePrivate.keys.values(),
    ]) {
      expect(gone.every((byte) => byte === 0)).toBe(true);
    }
    for (const kept of [secrets.senderData, secrets.resumption]) {
      expect(kept.some((byte) => byte !== 0)).toBe(true);
    }
  }
  scene.agree();
  scene.chat();
});

test('what a group gives out stays as it is when the group moves on', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const authenticator = anna.group.epochAuthenticator;
  const saved = anna.group.save();
  const resumption = there([...anna.group.resumptionSecrets().values()][0]);
  const copies = [authenticator, saved.epochState, saved.ratchetState, resumption].map((item) =>
    item.slice(),
  );
  for (let turn = 0; turn < 7; turn += 1) {
    scene.commit(anna);
  }
  for (const [index, item] of [
    authenticator,
    saved.epochState,
    saved.ratchetState,
    resumption,
  ].entries()) {
    expect(equalBytes(item, there(copies[index]))).toBe(true);
  }
});

test('errors of messages are errors of the protocol', () => {
  const bela = Scene.of(['anna', 'bela']).player('bela');
  expect(() => bela.stage(utf8('junk'))).toThrow(ProtocolError);
});
