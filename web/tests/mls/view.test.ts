/** Looking at a group. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { GroupUsageError } from '../../src/mls/errors.ts';
import { RequiredCapabilities } from '../../src/mls/extension.ts';
import { member } from '../../src/mls/framing.ts';
import { parseGroupInfo } from '../../src/mls/group_info.ts';
import { EXPORT_LIMIT_BYTES } from '../../src/mls/key_schedule.ts';
import { Remove } from '../../src/mls/proposal.ts';
import { groupEpoch } from '../../src/mls/psk.ts';
import { GROUP_ID, refused, Scene } from './group_players.ts';
import { there } from './tree_players.ts';

test('what a group says of itself', () => {
  const required = new RequiredCapabilities().toExtension();
  const scene = Scene.of(['anna', 'bela'], { suiteId: 0xf00d, extensions: [required] });
  const { anna, bela } = scene.cast('anna', 'bela');
  const { group } = anna;
  expect(group.groupId).toEqual(GROUP_ID);
  expect([group.epoch, group.suiteId, group.ownLeaf]).toEqual([1n, 0xf00d, 0]);
  expect(group.extensions).toEqual([required]);
  expect(group.context.epoch).toBe(1n);
  expect([group.isActive, group.hasEnded]).toEqual([true, false]);
  expect(group.signatureKey).toEqual(anna.signatureKey);
  expect(group.members().map((item) => item.credential)).toEqual([
    anna.credential,
    bela.credential,
  ]);
  expect(group.member(1)).toEqual(group.members()[1]);
  refused('sender-leaf', () => group.member(2));
});

test('exported secrets', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna').group;
  const bela = scene.player('bela').group;
  const [one, two] = [utf8('1'), utf8('2')];
  const before = anna.exportSecret('call', one, 48);
  expect(before.length).toBe(48);
  expect(bela.exportSecret('call', one, 48)).toEqual(before);
  expect(anna.exportSecret('call', two, 48)).not.toEqual(before);
  scene.commit(scene.player('bela'));
  expect(anna.exportSecret('call', one, 48)).not.toEqual(before);
  const longest = anna.exportSecret('call', utf8(''), EXPORT_LIMIT_BYTES);
  expect(longest.length).toBe(EXPORT_LIMIT_BYTES);
  for (const length of [0, -1, 1.5, EXPORT_LIMIT_BYTES + 1]) {
    expect(() => anna.exportSecret('call', utf8(''), length)).toThrow(GroupUsageError);
  }
});

test('GroupInfos and trees', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna').group;
  const bela = scene.player('bela').group;
  expect(parseGroupInfo(anna.groupInfo()).groupContext.equals(bela.context)).toBe(true);
  expect(anna.groupInfo(false).length).toBeLessThan(anna.groupInfo().length);
  expect(anna.ratchetTree()).toEqual(bela.ratchetTree());
});

test('waiting proposals', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  expect(anna.group.proposals.size).toBe(0);
  expect(anna.group.mustCommit).toBe(false);
  scene.deliver(bela, bela.group.proposeRemove(0));
  const [waiting, ...others] = [...bela.group.proposals.values()];
  expect(others).toEqual([]);
  expect(there(waiting).proposal).toEqual(new Remove(0));
  expect(there(waiting).sender).toEqual(member(1));
  expect(bela.group.mustCommit).toBe(true);
  expect(anna.group.mustCommit).toBe(false);
});

test('resumption secrets', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna').group.resumptionSecrets();
  const bela = scene.player('bela').group.resumptionSecrets();
  const [first, second] = [groupEpoch(GROUP_ID, 0n), groupEpoch(GROUP_ID, 1n)];
  expect(bela.get(second)).toEqual(there(anna.get(second)));
  expect([...anna.keys()]).toEqual([first, second]);
  expect([...bela.keys()]).toEqual([second]);
});
