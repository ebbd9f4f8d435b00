/** Processing commits: what is derived, what is described, what is refused. */

import { expect, test } from 'vitest';

import type { Role } from '../../src/mls/credential.ts';
import { Change, Member, type NextEpoch } from '../../src/mls/epoch.ts';
import { parsePublicMessage } from '../../src/mls/framing.ts';
import {
  type ExternalJoin,
  membersTouched,
  Pending,
  processCommit,
  surroundings,
} from '../../src/mls/process.ts';
import { Remove } from '../../src/mls/proposal.ts';
import { NO_PSKS } from '../../src/mls/psk.ts';
import {
  NOW_S,
  type Player,
  refused,
  refusedSomehow,
  Scene,
  welcomeAnybody,
} from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { settled, there } from './tree_players.ts';

const NOTHING = new Pending(new Map(), new Map(), NO_PSKS);

/** What a message leads this player to, without staging it. */
function processed(player: Player, raw: Uint8Array): NextEpoch | undefined {
  const message = parsePublicMessage(raw).authenticated;
  const { epoch } = player.group.state;
  return settled((checks) =>
    processCommit(checks, epoch, message, NOTHING, player.around(), undefined),
  );
}

test.each(ALL_SUITES)('both sides derive the same epoch in suite %i', (suiteId) => {
  const scene = Scene.of(['anna', 'bela', 'cora'], { suiteId });
  const { anna, bela } = scene.cast('anna', 'bela');
  const pending = anna.commit();
  const ours = there(anna.group.state.pending).following;
  const theirs = there(processed(bela, pending.commit));
  expect(theirs.epoch.context.encoded).toEqual(ours.epoch.context.encoded);
  expect(theirs.epoch.secrets).toEqual(ours.epoch.secrets);
  expect(theirs.epoch.confirmationTag).toEqual(ours.epoch.confirmationTag);
  expect(theirs.epoch.interimTranscriptHash).toEqual(ours.epoch.interimTranscriptHash);
  expect(theirs.messages.toBytes()).toEqual(ours.messages.toBytes());
  expect(theirs.epoch.ownLeaf).toBe(1);
  expect(theirs.change).toEqual(ours.change);
});

test('keys along the path are replaced', () => {
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora']);
  const { anna, cora, dora } = scene.cast('anna', 'cora', 'dora');
  scene.commit(cora);
  const before = new Map(
    Array.from(dora.group.state.epoch.treePrivate.keys, ([node, key]) => [node, key.slice()]),
  );
  scene.commit(anna);
  const after = dora.group.state.epoch.treePrivate.keys;
  const { root } = dora.group.state.epoch.tree;
  expect(after.get(root)).not.toEqual(before.get(root));
  expect(after.get(2 * 3)).toEqual(before.get(2 * 3));
  expect(after.get(5)).toEqual(before.get(5));
});

test('our removal leads nowhere', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  expect(processed(bela, anna.commit({ removes: [1] }).commit)).toBe(undefined);
});

test('a message that is no commit', () => {
  const { anna, bela } = Scene.of(['anna', 'bela']).cast('anna', 'bela');
  const raw = anna.frame(new Remove(1));
  refused('commit-content', () => processed(bela, raw));
});

test('an own update whose keys are lost', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposeUpdate());
  const pending = anna.commit();
  bela.group.state.ownUpdates.clear();
  refused('own-update-known', () => bela.stage(pending.commit));
});

test('an own update that was not committed is forgotten', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposeUpdate());
  expect(bela.group.state.ownUpdates.size).toBe(1);
  const [own] = [...bela.group.state.ownUpdates.values()];
  scene.commit(anna, { byReference: false });
  expect(bela.group.state.ownUpdates.size).toBe(0);
  expect(bela.group.proposals.size).toBe(0);
  expect(there(own).encryptionPrivate.every((byte) => byte === 0)).toBe(true);
  scene.agree();
  scene.chat();
});

test('the policy sees the newcomer and whom it replaces', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, cora } = scene.cast('anna', 'cora');
  const seen: ExternalJoin[] = [];
  const pending = cora.knock(anna.group.groupInfo(), { resyncLeaf: 2 });
  const allowExternal = (request: ExternalJoin): void => {
    seen.push(request);
  };
  anna.stage(pending.commit, { allowExternal });
  const [request, ...others] = seen;
  expect(others).toEqual([]);
  expect(there(request).newcomer.credential.equals(cora.credential)).toBe(true);
  expect(there(request).newcomer.signatureKey).toEqual(cora.signatureKey);
  expect(there(request).replaces?.leafIndex).toBe(2);
});

test('a sole member is joined by an outsider', () => {
  const scene = Scene.of(['anna']);
  const anna = scene.player('anna');
  const bela = scene.newcomer('bela');
  const pending = bela.knock(anna.group.groupInfo());
  anna.follow(pending.commit, { allowExternal: welcomeAnybody });
  bela.group = pending.accept();
  scene.players.set('bela', bela);
  scene.agree();
  scene.chat();
});

test('many join from outside and the tree grows', () => {
  const scene = Scene.of(['anna']);
  for (let number = 0; number < 6; number += 1) {
    const newcomer = scene.newcomer(`n${number}`);
    const last = there([...scene.players.values()].at(-1));
    const pending = newcomer.knock(last.group.groupInfo());
    for (const player of scene.players.values()) {
      player.follow(pending.commit, { allowExternal: welcomeAnybody });
    }
    newcomer.group = pending.accept();
    scene.players.set(newcomer.name, newcomer);
    scene.agree();
  }
  scene.chat();
});

test('the judge is told how somebody comes in', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const [dora, cora] = [scene.newcomer('dora'), scene.newcomer('cora')];
  const { asked } = scene.judge;
  const rolesOf = (name: string): Role[] =>
    asked.splice(0).flatMap(([who, role]) => (who === name ? [role] : []));
  const added = anna.commit({ adds: [dora.bundle().message] });
  expect(rolesOf('dora')).toEqual(['key_package']);
  const pending = cora.knock(anna.group.groupInfo());
  expect(rolesOf('cora')).toEqual(['joiner']);
  bela.stage(added.commit);
  expect(rolesOf('dora')).toEqual(['added']);
  bela.stage(pending.commit, { allowExternal: welcomeAnybody });
  expect(rolesOf('cora')).toEqual(['joiner']);
  bela.stage(anna.group.proposeAdd(dora.bundle().message));
  expect(rolesOf('dora')).toEqual(['added']);
});

test('who stood where before', () => {
  const { group } = Scene.of(['anna', 'bela', 'cora']).player('anna');
  const gone = group.member(2);
  const before = membersTouched(group.state.epoch.tree, new Change(0, [3], [gone], []));
  expect([...before]).toEqual([
    [0, group.member(0)],
    [3, undefined],
    [2, gone],
  ]);
});

test('any number of members may go at once', () => {
  const { group } = Scene.of(['anna']).player('anna');
  const { credential, signatureKey } = group.member(0);
  const gone = Array.from(
    { length: 200_000 },
    (_, index) => new Member(index, credential, signatureKey),
  );
  expect(membersTouched(group.state.epoch.tree, new Change(0, [], gone, [])).size).toBe(200_000);
});

test('the surroundings are those of the epoch', () => {
  const anna = Scene.of(['anna']).player('anna');
  const around = surroundings(anna.group.state.epoch, anna.around());
  expect(around.context).toBe(anna.group.context);
  expect(around.judge).toBe(anna.judge.ask);
  expect(around.nowS).toBe(NOW_S);
});

test('a commit of proposals that only some have seen', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const raw = cora.group.proposeUpdate();
  anna.follow(raw);
  const pending = anna.commit();
  refusedSomehow(() => bela.stage(pending.commit));
  bela.follow(raw);
  bela.follow(pending.commit);
  cora.follow(pending.commit);
  pending.accept();
  scene.agree();
});
