/** A group's life: founded, joined, changed, left, ended; in every suite. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { vector } from '../../src/mls/codec.ts';
import { Credential, PLAUSCH } from '../../src/mls/credential.ts';
import { CredentialRefused, GroupUsageError } from '../../src/mls/errors.ts';
import {
  Extension,
  EXTERNAL_SENDERS,
  ExternalSender,
  RequiredCapabilities,
} from '../../src/mls/extension.ts';
import { Group, join } from '../../src/mls/group.ts';
import { ReInit } from '../../src/mls/proposal.ts';
import { KnownPsks } from '../../src/mls/psk.ts';
import { StagedCommit, StagedMessage } from '../../src/mls/staged.ts';
import {
  DAY_S,
  GROUP_ID,
  holds,
  Judge,
  nameOf,
  NOW_S,
  Player,
  refused,
  refusedSomehow,
  Scene,
  welcomeAnybody,
} from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

const SHARED = new KnownPsks(new Map([['736861726564', new Uint8Array(32).fill(0x73)]]));
const shared = utf8('shared');

test.each(ALL_SUITES)('a whole life in suite %i', (suiteId) => {
  const scene = Scene.of(['anna', 'bela', 'cora'], { suiteId });
  scene.agree();
  scene.chat();
  scene.add(scene.player('bela'), [scene.newcomer('dora'), scene.newcomer('emil')]);
  scene.agree();
  scene.chat();
  scene.commit(scene.player('dora'));
  scene.commit(scene.player('emil'), { removes: [scene.player('anna').group.ownLeaf] });
  expect(scene.players.has('anna')).toBe(false);
  scene.agree();
  scene.chat();
  scene.add(scene.player('cora'), [scene.newcomer('fine')]);
  expect(scene.player('fine').group.ownLeaf).toBe(0);
  scene.agree();
  scene.chat();
});

test('a new group has its maker alone', () => {
  const judge = new Judge();
  const anna = Player.make('anna', 1, judge);
  const group = anna.found();
  expect([group.epoch, group.ownLeaf, group.groupId, group.suiteId]).toEqual([0n, 0, GROUP_ID, 1]);
  const [only, ...others] = group.members();
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    leafIndex: 0,
    credential: anna.credential,
    signatureKey: anna.signatureKey,
  });
  expect(judge.asked).toEqual([['anna', 'member']]);
});

test('the judge may refuse the maker', () => {
  const signer = new Uint8Array(32).fill(0x73);
  const credential = new Credential(PLAUSCH, utf8('x'));
  expect(() => Group.create(1, GROUP_ID, credential, signer, new Judge().ask, NOW_S)).toThrow(
    CredentialRefused,
  );
});

test.each([0, 256])('a group id of %i bytes is refused', (length) => {
  const anna = Player.make('anna', 1, new Judge());
  expect(() => anna.found([], new Uint8Array(length))).toThrow(GroupUsageError);
});

test('a group keeps nothing that its maker could change later', () => {
  const judge = new Judge();
  const anna = Player.make('anna', 1, judge);
  const groupId = GROUP_ID.slice();
  const body = Uint8Array.of(1, 2, 3);
  const group = anna.found([new Extension(0x5a5a, body)], groupId);
  const before = group.save();
  groupId.fill(0);
  body.fill(0);
  const signer = anna.signer.slice();
  anna.signer.fill(0);
  expect(group.groupId).toEqual(GROUP_ID);
  expect(group.extensions[0]?.body).toEqual(Uint8Array.of(1, 2, 3));
  expect(holds(before.epochState, signer)).toBe(true);
  group.commit(judge.ask, NOW_S).settleNow().accept();
});

test('a group alone can commit and shrink back', () => {
  const scene = Scene.of(['anna']);
  const anna = scene.player('anna');
  scene.commit(anna);
  scene.add(anna, [scene.newcomer('bela')]);
  scene.commit(anna, { removes: [1] });
  scene.agree();
  expect(anna.group.state.epoch.tree.leafCount).toBe(1);
});

test('the result names what a commit does', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const dora = scene.newcomer('dora');
  const pending = anna.commit({ adds: [dora.bundle().message], removes: [2] });
  expect(pending.added.map(nameOf)).toEqual(['dora']);
  expect(pending.removed.map(nameOf)).toEqual(['cora']);
  expect(pending.epoch).toBe(anna.group.epoch + 1n);
  const staged = bela.stageCommit(pending.commit);
  expect(nameOf(staged.sender)).toBe('anna');
  expect(staged.added.map(nameOf)).toEqual(['dora']);
  expect(staged.removed.map(nameOf)).toEqual(['cora']);
  expect(staged.updated.map(([one, two]) => [one.leafIndex, two.leafIndex])).toEqual([[0, 0]]);
  expect([staged.isExternal, staged.isOwn, staged.isSelfRemoved]).toEqual([false, false, false]);
  expect(staged.epoch).toBe(bela.group.epoch + 1n);
  const gone = cora.stageCommit(pending.commit);
  expect(gone.isSelfRemoved).toBe(true);
  gone.accept();
  expect(cora.group.isActive).toBe(false);
});

test('a removed device keeps no secret and can do nothing', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const held = [...bela.group.state.secrets()];
  const copies = held.map((secret) => secret.slice()).filter((secret) => secret.length > 0);
  expect(copies.length).toBeGreaterThan(9);
  scene.commit(anna, { removes: [1] });
  const saved = bela.group.save();
  for (const secret of copies) {
    expect(holds(saved.epochState, secret)).toBe(false);
    expect(holds(saved.ratchetState, secret)).toBe(false);
  }
  expect(held.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  bela.restart();
  expect(bela.group.isActive).toBe(false);
  const late = anna.group.encrypt(utf8('x'));
  for (const step of [
    () => bela.group.encrypt(utf8('still here')),
    () => bela.commit(),
    () => bela.stage(late),
    () => bela.group.exportSecret('x', utf8(''), 16),
    () => bela.group.groupInfo(),
    () => bela.group.proposeUpdate(),
  ]) {
    expect(step).toThrow(GroupUsageError);
  }
});

test('a pending commit can be dropped and made again', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const before = anna.group.save();
  const pending = anna.commit();
  expect(() => anna.commit()).toThrow(GroupUsageError);
  expect(anna.group.save()).not.toEqual(before);
  pending.drop();
  expect(anna.group.save()).toEqual(before);
  expect(anna.group.pending).toBe(undefined);
  expect(() => {
    pending.accept();
  }).toThrow(GroupUsageError);
  scene.commit(anna);
  scene.agree();
});

test("another's commit drops the pending one", () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const lost = anna.commit({ removes: [2] });
  const won = bela.commit();
  anna.follow(won.commit);
  cora.follow(won.commit);
  won.accept();
  expect(anna.group.pending).toBe(undefined);
  expect(() => {
    lost.accept();
  }).toThrow(GroupUsageError);
  lost.drop();
  scene.agree();
});

test('the own commit coming back accepts the pending one', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const pending = anna.commit();
  const staged = anna.stageCommit(pending.commit);
  expect(staged.isOwn).toBe(true);
  staged.accept();
  expect(anna.group.pending).toBe(undefined);
  scene.player('bela').follow(pending.commit);
  scene.agree();
});

test('a pending commit survives a restart', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const dora = scene.newcomer('dora');
  const bundle = dora.bundle();
  const made = anna.commit({ adds: [bundle.message] });
  anna.restart();
  const pending = there(anna.group.pending);
  expect(pending.commit).toEqual(made.commit);
  expect(pending.welcome).toEqual(made.welcome);
  expect(pending.groupInfo).toEqual(made.groupInfo);
  expect(pending.added).toEqual(made.added);
  bela.follow(pending.commit);
  pending.accept();
  dora.join(pending.welcome, bundle);
  scene.players.set('dora', dora);
  scene.agree();
  scene.chat();
});

test.each([
  [1, false],
  [1, true],
  [0xf00d, false],
  [0xf00d, true],
])('proposals by reference in suite %i, encrypted: %s', (suiteId, encrypted) => {
  const options = { private: encrypted };
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora'], { suiteId });
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const emil = scene.newcomer('emil');
  const bundle = emil.bundle();
  scene.deliver(bela, bela.group.proposeAdd(bundle.message, options));
  scene.deliver(bela, bela.group.proposeUpdate(options));
  scene.deliver(cora, cora.group.proposeRemove(3, options));
  expect([...scene.players.values()].map(({ group }) => group.proposals.size)).toEqual([
    3, 3, 3, 3,
  ]);
  const pending = scene.commit(anna, options);
  emil.join(pending.welcome, bundle);
  scene.players.set('emil', emil);
  expect(scene.players.has('dora')).toBe(false);
  scene.agree();
  scene.chat();
  expect(anna.group.proposals.size).toBe(0);
});

test('an update changes the signature key', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const identity = bela.newIdentity();
  scene.deliver(bela, bela.group.proposeUpdate({ identity }));
  scene.commit(anna);
  bela.signer = identity.signerPrivate;
  expect(bela.group.signatureKey).not.toEqual(bela.signatureKey);
  scene.agree();
  scene.chat();
  scene.commit(bela);
  scene.agree();
});

test('a commit changes the signature key', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.commit(anna, { identity: anna.newIdentity() });
  expect(anna.group.signatureKey).not.toEqual(anna.signatureKey);
  expect(bela.group.member(0).signatureKey).toEqual(anna.group.signatureKey);
  scene.agree();
  scene.chat();
  scene.commit(anna);
  scene.chat();
});

test('proposals must be committed before anything is said', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposeRemove(bela.group.ownLeaf));
  expect(anna.group.mustCommit).toBe(true);
  expect(() => anna.group.encrypt(utf8('hello'))).toThrow(
    expect.objectContaining({ constructor: GroupUsageError, code: 'mls_commit_first' }),
  );
  expect(bela.group.mustCommit).toBe(false);
  bela.group.encrypt(utf8('goodbye'));
  scene.commit(anna);
  expect(scene.players.has('bela')).toBe(false);
  scene.chat();
});

test('a commit without path adds only', () => {
  const scene = Scene.of(['anna', 'bela']);
  scene.add(scene.player('anna'), [scene.newcomer('cora')], { forcePath: false });
  scene.agree();
  scene.chat();
  scene.commit(scene.player('cora'));
  scene.agree();
});

test('a Welcome without the tree', () => {
  const scene = Scene.of(['anna', 'bela']);
  scene.add(scene.player('anna'), [scene.newcomer('cora')], { treeInWelcome: false });
  scene.agree();
  scene.chat();
});

test('external PSKs must be known', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const pending = anna.commit({ inject: [anna.group.externalPsk(shared)], psks: SHARED });
  refused('psk-known', () => bela.stage(pending.commit));
  const wrong = new KnownPsks(new Map([['736861726564', utf8('other')]]));
  refusedSomehow(() => bela.stage(pending.commit, { psks: wrong }));
  bela.follow(pending.commit, { psks: SHARED });
  pending.accept();
  scene.agree();
  const inject = [anna.group.externalPsk(shared), anna.group.resumptionPsk(1n)];
  const psks = SHARED.withResumption(anna.group.resumptionSecrets());
  scene.add(anna, [scene.newcomer('cora')], { inject, psks });
  scene.agree();
});

test('a proposed PSK is committed by reference', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposePsk(bela.group.externalPsk(shared)));
  scene.commit(anna, { psks: SHARED, forcePath: false });
  scene.agree();
});

test('resumption secrets of this group are known by themselves', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (let turn = 0; turn < 3; turn += 1) {
    scene.commit(anna);
  }
  scene.commit(bela, { inject: [bela.group.resumptionPsk(2n)] });
  scene.agree();
  anna.restart();
  scene.commit(anna, { inject: [anna.group.resumptionPsk(3n)] });
  scene.agree();
  for (let turn = 0; turn < 5; turn += 1) {
    scene.commit(anna);
  }
  expect(anna.group.resumptionSecrets().size).toBe(5);
  refused('psk-known', () => anna.commit({ inject: [anna.group.resumptionPsk(1n)] }));
});

test("the group context's extensions are replaced", () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const outside = scene.newcomer('server');
  const sender = new ExternalSender(outside.signatureKey, outside.credential);
  const allowed = new Extension(EXTERNAL_SENDERS, vector([sender.toBytes()]));
  const required = new RequiredCapabilities([], [], [PLAUSCH]).toExtension();
  scene.commit(anna, { extensions: [allowed, required] });
  scene.agree();
  expect(bela.group.extensions).toEqual([allowed, required]);
  scene.deliver(bela, bela.group.proposeContextExtensions([required]));
  scene.commit(anna);
  scene.agree();
  expect(bela.group.extensions).toEqual([required]);
});

test('a reinit ends the group', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposeReinit(new ReInit(utf8('the next group!!'), 1, 3, [])));
  const pending = anna.commit({ forcePath: false });
  const staged = bela.stageCommit(pending.commit);
  expect(staged.endsGroup).toBe(true);
  staged.accept();
  pending.accept();
  scene.agree();
  for (const player of [anna, bela]) {
    player.restart();
    expect(player.group.hasEnded).toBe(true);
    expect(() => player.commit()).toThrow(GroupUsageError);
    expect(() => player.group.encrypt(utf8('too late'))).toThrow(GroupUsageError);
    expect(() => player.group.proposeUpdate()).toThrow(GroupUsageError);
  }
});

test('a reinit by value', () => {
  const scene = Scene.of(['anna', 'bela']);
  const reinit = new ReInit(utf8('next'), 1, 1, []);
  scene.commit(scene.player('anna'), { reinit, byReference: false });
  expect(scene.player('bela').group.hasEnded).toBe(true);
});

test('joining by an external commit', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const cora = scene.newcomer('cora');
  const pending = cora.knock(anna.group.groupInfo());
  const staged = anna.stageCommit(pending.commit, { allowExternal: welcomeAnybody });
  expect(staged.isExternal).toBe(true);
  expect(nameOf(staged.sender)).toBe('cora');
  expect(staged.added).toEqual([staged.sender]);
  staged.accept();
  bela.follow(pending.commit, { allowExternal: welcomeAnybody });
  cora.group = pending.accept();
  scene.players.set('cora', cora);
  scene.agree();
  scene.chat();
  scene.commit(cora);
  scene.agree();
});

test('late messages of four epochs can be read', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const said = [0, 1, 2, 3, 4, 5].map((number) => {
    const raw = anna.group.encrypt(Uint8Array.of(number));
    scene.commit(anna);
    return raw;
  });
  for (const number of [5, 4, 3, 2]) {
    const message = bela.read(there(said[number]));
    expect(message.plaintext).toEqual(Uint8Array.of(number));
    expect(message.epoch).toBe(BigInt(1 + number));
  }
  for (const number of [0, 1]) {
    refused('epoch', () => bela.read(there(said[number])));
  }
});

test('handshake messages of a past epoch are refused', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  const late = [
    cora.group.proposeUpdate(),
    cora.group.proposeUpdate({ private: true }),
    cora.commit({ private: true }).commit,
  ];
  const fine = cora.group.encrypt(utf8('late but fine'));
  cora.group.dropPending();
  scene.commit(anna);
  for (const raw of late) {
    refused('epoch', () => bela.stage(raw));
  }
  expect(bela.read(fine).plaintext).toEqual(utf8('late but fine'));
});

test('authenticated text travels with a message', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const raw = anna.group.encrypt(utf8('secret'), utf8('readable'));
  expect(holds(raw, utf8('readable'))).toBe(true);
  expect(holds(raw, utf8('secret'))).toBe(false);
  const message = bela.read(raw);
  expect(message.plaintext).toEqual(utf8('secret'));
  expect(message.authenticated).toEqual(utf8('readable'));
  const pending = anna.commit({ authenticated: utf8('of a commit') });
  expect(bela.stageCommit(pending.commit).authenticated).toEqual(utf8('of a commit'));
});

test('a Welcome shows the group before it is accepted', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const bundle = cora.bundle();
  const pending = scene.commit(scene.player('anna'), { adds: [bundle.message] });
  const staged = join(pending.welcome, bundle, scene.judge.ask, NOW_S).settleNow();
  expect(staged.groupId).toEqual(GROUP_ID);
  expect(staged.context.epoch).toBe(2n);
  expect(nameOf(staged.sender)).toBe('anna');
  expect(staged.ownLeaf).toBe(2);
  expect(staged.members.map(nameOf)).toEqual(['anna', 'bela', 'cora']);
  expect(staged.accept()).toBe(staged.accept());
});

test('results are what they seem', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  expect(bela.stage(anna.group.encrypt(utf8('x')))).toBeInstanceOf(StagedMessage);
  const proposal = bela.stageProposal(anna.group.proposeUpdate());
  expect(nameOf(there(proposal.member))).toBe('anna');
  expect(bela.stage(anna.commit().commit)).toBeInstanceOf(StagedCommit);
});

test('key packages of a year are accepted but not of ten', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const adds = [scene.newcomer('cora').bundle({ lifetimeS: 3_650 * DAY_S }).message];
  refused('key-package-lifetime', () => anna.commit({ adds }));
  const pending = anna.commit({ adds, maxLifetimeS: Infinity });
  refused('key-package-lifetime', () => bela.stage(pending.commit));
  bela.follow(pending.commit, { maxLifetimeS: Infinity });
});
