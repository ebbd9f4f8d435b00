/** Making external commits. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { Identity } from '../../src/mls/commit.ts';
import { CodecError, CredentialRefused, GroupUsageError } from '../../src/mls/errors.ts';
import { RequiredCapabilities } from '../../src/mls/extension.ts';
import {
  externalJoin,
  ExternalPlan,
  makeExternalCommit,
  type PendingExternalJoin,
} from '../../src/mls/external.ts';
import { Sender, SenderType } from '../../src/mls/framing.ts';
import type { ExternalJoinOptions } from '../../src/mls/group_options.ts';
import { ownCapabilities } from '../../src/mls/joiner.ts';
import { Capabilities } from '../../src/mls/leaf_node.ts';
import { Commit, ExternalInit, PreSharedKey, Remove } from '../../src/mls/proposal.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { Judge, NOW_S, Player, refused, Scene, welcomeAnybody } from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { settled, there } from './tree_players.ts';

function knock(
  scene: Scene,
  player: Player,
  options: ExternalJoinOptions = {},
): PendingExternalJoin {
  return player.knock(there([...scene.players.values()][0]).group.groupInfo(), options);
}

test.each(ALL_SUITES)('the joiner and the members agree in suite %i', (suiteId) => {
  const scene = Scene.of(['anna', 'bela', 'cora'], { suiteId });
  scene.commit(scene.player('anna'), { removes: [1] });
  const dora = scene.newcomer('dora');
  const pending = knock(scene, dora);
  for (const player of scene.players.values()) {
    player.follow(pending.commit, { allowExternal: welcomeAnybody });
  }
  dora.group = pending.accept();
  expect(pending.accept()).toBe(dora.group);
  expect(dora.group.ownLeaf).toBe(1);
  scene.players.set('dora', dora);
  scene.agree();
  scene.chat();
  scene.commit(dora);
  scene.add(dora, [scene.newcomer('emil')]);
  scene.agree();
});

test('what is in the commit', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const cora = scene.newcomer('cora');
  const psk = PreSharedKeyId.external(utf8('id'), new Uint8Array(32));
  const plan = new ExternalPlan(new Identity(cora.signer, cora.credential), 1, [psk]);
  const known = new KnownPsks(new Map([[toHex(utf8('id')), utf8('secret')]]));
  const groupInfo = anna.group.groupInfo();
  const made = settled((checks) => makeExternalCommit(checks, groupInfo, plan, anna.around(known)));
  const { sender, body } = made.message.content;
  expect(sender).toEqual(new Sender(SenderType.NEW_MEMBER_COMMIT));
  expect(body).toBeInstanceOf(Commit);
  const { proposals, path } = body as Commit;
  expect(proposals[0]).toBeInstanceOf(ExternalInit);
  expect(proposals.slice(1)).toEqual([new Remove(1), new PreSharedKey(psk)]);
  expect(path).not.toBe(undefined);
  expect(made.welcome.length).toBe(0);
  const { added, removed } = made.following.change;
  expect(added).toEqual([1]);
  expect(removed.map((item) => item.leafIndex)).toEqual([1]);
});

test('PSKs in an external commit', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const cora = scene.newcomer('cora');
  const inject = [anna.group.externalPsk(utf8('door key'))];
  const psks = new KnownPsks(new Map([[toHex(utf8('door key')), utf8('secret')]]));
  const pending = knock(scene, cora, { inject, psks });
  refused('psk-known', () => bela.stage(pending.commit, { allowExternal: welcomeAnybody }));
  for (const player of scene.players.values()) {
    player.follow(pending.commit, { allowExternal: welcomeAnybody, psks });
  }
  cora.group = pending.accept();
  scene.players.set('cora', cora);
  scene.agree();
});

test('a lonely device takes its own place again', () => {
  const scene = Scene.of(['anna']);
  const anna = scene.player('anna');
  const pending = knock(scene, anna, { resyncLeaf: 0 });
  expect(pending.members.map((item) => item.leafIndex)).toEqual([0]);
  anna.group = pending.accept();
  expect(anna.group.epoch).toBe(1n);
  scene.add(anna, [scene.newcomer('bela')]);
  scene.agree();
  scene.chat();
});

test('a resync can be saved before it is sent', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const pending = knock(scene, bela, { resyncLeaf: 1 });
  const saved = pending.accept().save();
  anna.follow(pending.commit, { allowExternal: welcomeAnybody });
  bela.restart(saved);
  scene.agree();
  scene.chat();
});

test('the group owns its keys: what the caller does with its own does not matter', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const pending = knock(scene, cora);
  for (const player of scene.players.values()) {
    player.follow(pending.commit, { allowExternal: welcomeAnybody });
  }
  cora.group = pending.accept();
  scene.players.set('cora', cora);
  cora.signer.fill(0);
  scene.chat();
  scene.commit(cora);
  scene.agree();
});

test('the same device cannot stand twice', () => {
  const scene = Scene.of(['anna', 'bela']);
  refused('leaf-unique-signature-key', () => knock(scene, scene.player('bela')));
});

test('who is replaced must be there', () => {
  const scene = Scene.of(['anna', 'bela']);
  refused('remove-member', () => knock(scene, scene.newcomer('cora'), { resyncLeaf: 5 }));
});

test("the joiner must meet the group's demands", () => {
  const required = new RequiredCapabilities([], [], [0xf0a1]).toExtension();
  const scene = Scene.of(['anna', 'bela'], { extensions: [required] });
  const cora = scene.newcomer('cora');
  const pending = knock(scene, cora, { capabilities: ownCapabilities(cora.credential) });
  scene.player('bela').stage(pending.commit, { allowExternal: welcomeAnybody });
  const poor = new Capabilities([1], [1], [], [], [1]);
  refused('leaf-credential-supported-by-members', () => knock(scene, cora, { capabilities: poor }));
});

test("members that the joiner's judge refuses", () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = Player.make('cora', 1, new Judge());
  const groupInfo = scene.player('anna').group.groupInfo();
  expect(() => cora.knock(groupInfo)).toThrow(CredentialRefused);
});

test('what is no GroupInfo', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  for (const raw of [new Uint8Array(0), scene.player('anna').commit().commit]) {
    expect(() => cora.knock(raw)).toThrow(CodecError);
  }
});

test('all signatures of the group wait for their verification', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { credential, signer } = scene.newcomer('dora');
  const groupInfo = scene.player('anna').group.groupInfo();
  const joining = externalJoin(groupInfo, credential, signer, scene.judge.ask, NOW_S);
  expect(joining.count).toBe(4);
  joining.settleNow();
  expect(() => joining.settleNow()).toThrow(GroupUsageError);
});
