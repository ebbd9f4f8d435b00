/** Making commits: what is taken into them, and what comes out. */

import { expect, test, vi } from 'vitest';

import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import {
  committable,
  CommitPlan,
  type CommitPlanFields,
  makeCommit,
  makeUpdate,
  parseKeyPackages,
} from '../../src/mls/commit.ts';
import { CodecError } from '../../src/mls/errors.ts';
import { RequiredCapabilities } from '../../src/mls/extension.ts';
import { parsePublicMessage } from '../../src/mls/framing.ts';
import { Pending } from '../../src/mls/process.ts';
import {
  Commit,
  nameOf,
  PreSharedKey,
  type Proposal,
  ProposalRef,
  ProposalType,
  ReInit,
} from '../../src/mls/proposal.ts';
import { KnownPsks, NO_PSKS, PSK_COUNT_LIMIT } from '../../src/mls/psk.ts';
import { RatchetTree } from '../../src/mls/ratchet_tree.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { parseWelcome } from '../../src/mls/welcome.ts';
import { DAY_S, flipped, NOW_S, Player, refused, Scene } from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

const KNOWN = new KnownPsks(new Map([[toHex(utf8('id')), utf8('secret')]]));

/** The proposals that this player's commit would refer to. */
function chosen(player: Player, plan: CommitPlanFields = {}, known = NO_PSKS): Proposal[] {
  const { state, proposals } = player.group;
  const pending = new Pending(proposals, new Map(), known);
  const result = committable(state.epoch, pending, player.around(), new CommitPlan(plan));
  return Array.from(result.values(), (item) => item.proposal);
}

function kinds(proposals: readonly Proposal[]): string[] {
  return proposals.map((item) => nameOf(ProposalType, item.type));
}

function body(raw: Uint8Array): Commit {
  const content = parsePublicMessage(raw).authenticated.content.body;
  expect(content).toBeInstanceOf(Commit);
  return content as Commit;
}

test('own updates and own removal are left to others', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(anna, anna.group.proposeUpdate());
  scene.deliver(anna, anna.group.proposeRemove(0));
  expect(chosen(anna)).toEqual([]);
  expect(kinds(chosen(bela))).toEqual(['REMOVE']);
  expect(body(anna.commit().commit).proposals).toEqual([]);
});

test('a removal beats an update and the newest update counts', () => {
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora']);
  const { anna, bela, cora, dora } = scene.cast('anna', 'bela', 'cora', 'dora');
  for (let turn = 0; turn < 2; turn += 1) {
    scene.deliver(cora, cora.group.proposeUpdate());
    scene.deliver(bela, bela.group.proposeUpdate());
  }
  const newest = [...anna.group.proposals.values()].at(-1)?.proposal;
  scene.deliver(bela, bela.group.proposeRemove(2));
  scene.deliver(dora, dora.group.proposeRemove(2));
  const picked = chosen(anna);
  expect(kinds(picked).sort()).toEqual(['REMOVE', 'UPDATE']);
  expect(picked).toContain(newest);
  scene.commit(anna);
  scene.agree();
});

test('a removal beats an update that came after it, too', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela, cora } = scene.cast('anna', 'bela', 'cora');
  scene.deliver(bela, bela.group.proposeRemove(2));
  scene.deliver(cora, cora.group.proposeUpdate());
  expect(kinds(chosen(anna))).toEqual(['REMOVE']);
  expect(chosen(anna, { removes: [2] })).toEqual([]);
});

test('what the plan does is not done twice', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const bundle = scene.newcomer('dora').bundle();
  scene.deliver(bela, bela.group.proposeAdd(bundle.message));
  scene.deliver(bela, bela.group.proposeRemove(2));
  scene.deliver(bela, bela.group.proposeContextExtensions([]));
  expect(chosen(anna).length).toBe(3);
  expect(kinds(chosen(anna, { removes: [2] }))).toEqual(['ADD', 'GROUP_CONTEXT_EXTENSIONS']);
  expect(kinds(chosen(anna, { adds: [bundle.keyPackage] }))).toEqual([
    'REMOVE',
    'GROUP_CONTEXT_EXTENSIONS',
  ]);
  expect(kinds(chosen(anna, { extensions: [] }))).toEqual(['ADD', 'REMOVE']);
  expect(chosen(anna, { byReference: false })).toEqual([]);
  scene.commit(anna, { removes: [2], adds: [bundle.message], extensions: [] });
  expect(scene.players.has('cora')).toBe(false);
});

test('a reinit waits until it is alone', () => {
  const scene = Scene.of(['anna', 'bela', 'cora']);
  const { anna, bela } = scene.cast('anna', 'bela');
  scene.deliver(bela, bela.group.proposeReinit(new ReInit(utf8('next'), 1, 1, [])));
  expect(kinds(chosen(anna))).toEqual(['REINIT']);
  scene.deliver(bela, bela.group.proposeUpdate());
  expect(kinds(chosen(anna))).toEqual(['UPDATE']);
  expect(kinds(chosen(anna, { removes: [2] }))).toEqual(['UPDATE']);
});

test('PSKs are taken once', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const psk = bela.group.externalPsk(utf8('id'));
  scene.deliver(bela, bela.group.proposePsk(psk));
  expect(chosen(anna, {}, KNOWN)).toEqual([new PreSharedKey(psk)]);
  expect(chosen(anna, { psks: [psk] }, KNOWN)).toEqual([]);
  expect(chosen(anna)).toEqual([]);
});

/** How often a whole Commit is tried in `step`: each time on a copy of the tree. */
function tries(step: () => unknown): number {
  const copies = vi.spyOn(RatchetTree.prototype, 'copy');
  step();
  const { length } = copies.mock.calls;
  copies.mockRestore();
  return length;
}

test('a thousand PSKs that nobody has cost nothing', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (let number = 0; number < 400; number += 1) {
    anna.follow(bela.group.proposePsk(bela.group.externalPsk(utf8(`nobody's ${number}`))));
  }
  anna.follow(bela.group.proposeUpdate());
  expect(
    tries(() => {
      expect(kinds(chosen(anna))).toEqual(['UPDATE']);
    }),
  ).toBe(1);
});

test('of PSKs only as many are taken as one Commit may have, the newest', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const psks = Array.from({ length: PSK_COUNT_LIMIT + 50 }, () =>
    bela.group.externalPsk(utf8('id')),
  );
  for (const psk of psks) {
    anna.follow(bela.group.proposePsk(psk));
  }
  const newest = psks.slice(50).map((psk) => new PreSharedKey(psk));
  expect(
    tries(() => {
      expect(chosen(anna, {}, KNOWN)).toEqual(newest);
    }),
  ).toBe(1);
  const own = [anna.group.externalPsk(utf8('id'))];
  expect(chosen(anna, { psks: own }, KNOWN)).toEqual(newest.slice(1));
});

test('devices that are in already cost nothing, unless they go by the same commit', () => {
  const names = Array.from({ length: 12 }, (_, index) => `member ${index}`);
  const scene = Scene.of(['anna', 'bela', ...names]);
  const { anna, bela } = scene.cast('anna', 'bela');
  for (const name of names) {
    scene.deliver(bela, bela.group.proposeAdd(scene.player(name).bundle().message));
  }
  expect(
    tries(() => {
      expect(chosen(anna)).toEqual([]);
    }),
  ).toBe(0);
  expect(kinds(chosen(anna, { removes: [2] }))).toEqual(['ADD']);
  scene.deliver(bela, bela.group.proposeRemove(3));
  expect(kinds(chosen(anna))).toEqual(['ADD', 'REMOVE']);
});

test.each([false, true])('a commit holds no buffer of the caller, encrypted: %s', (encrypted) => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const [authenticated, id] = [utf8('beside'), utf8('id')];
  const inject = [anna.group.externalPsk(id)];
  const options = { private: encrypted, authenticated, inject, psks: KNOWN };
  const made = anna.group.commit(scene.judge.ask, NOW_S, options);
  authenticated.fill(0x41);
  id.fill(0x41);
  const pending = made.settleNow();
  const staged = bela.stageCommit(pending.commit, { psks: KNOWN });
  expect(staged.authenticated).toEqual(utf8('beside'));
  staged.accept();
  pending.accept();
  scene.agree();
});

test('what is no longer valid is left out', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const bundle = scene.newcomer('cora').bundle({ lifetimeS: DAY_S });
  scene.deliver(bela, bela.group.proposeAdd(bundle.message));
  expect(chosen(anna).length).toBe(1);
  scene.judge.forget('cora');
  expect(chosen(anna)).toEqual([]);
});

test('an own proposal whose signature does not verify is left out', () => {
  const scene = Scene.of(['anna', 'bela']);
  const { anna, bela } = scene.cast('anna', 'bela');
  const { message } = scene.newcomer('cora').bundle();
  anna.group.proposeAdd(flipped(message, -1));
  expect(chosen(anna)).toEqual([]);
  bela.follow(anna.commit().commit);
});

test('the order of proposals is kept', () => {
  const scene = Scene.of(['anna', 'bela', 'cora', 'dora']);
  const anna = scene.player('anna');
  for (const name of ['dora', 'bela', 'cora']) {
    scene.deliver(scene.player(name), scene.player(name).group.proposeUpdate());
  }
  const references = body(anna.commit({ removes: [] }).commit).proposals.map((item) => {
    expect(item).toBeInstanceOf(ProposalRef);
    return toHex((item as ProposalRef).reference);
  });
  expect(references).toEqual([...anna.group.proposals.keys()]);
});

test.each(ALL_SUITES)('the Welcome has one entry for each newcomer in suite %i', (suiteId) => {
  const scene = Scene.of(['anna', 'bela'], { suiteId });
  const anna = scene.player('anna');
  const bundles = ['n0', 'n1', 'n2'].map((name) => scene.newcomer(name).bundle());
  const pending = anna.commit({ adds: bundles.map((item) => item.message) });
  const welcome = parseWelcome(pending.welcome);
  expect(welcome.secrets.map((item) => item.newMember)).toEqual(bundles.map((item) => item.ref));
  expect(pending.groupInfo.length).toBeGreaterThan(0);
  expect(anna.group.epoch).toBe(1n);
});

test('nobody added, no Welcome', () => {
  expect(Scene.of(['anna', 'bela']).player('anna').commit().welcome.length).toBe(0);
});

test('a commit without path has none', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const adds = [scene.newcomer('cora').bundle().message];
  const bare = anna.commit({ adds, forcePath: false });
  expect(body(bare.commit).path).toBe(undefined);
  bare.drop();
  const pending = anna.commit({ adds, removes: [1], forcePath: false });
  expect(body(pending.commit).path).not.toBe(undefined);
});

test('newcomers are not encrypted to in the path', () => {
  const scene = Scene.of(['anna', 'bela']);
  const adds = ['n0', 'n1'].map((name) => scene.newcomer(name).bundle().message);
  const path = there(body(scene.player('anna').commit({ adds }).commit).path);
  expect(path.nodes.map((node) => node.encryptedPathSecret.length)).toEqual([1, 0]);
});

test('making changes nothing', () => {
  const anna = Scene.of(['anna', 'bela']).player('anna');
  const { epoch } = anna.group.state;
  const before = anna.group.save();
  const pending = new Pending(new Map(), new Map(), NO_PSKS);
  const [one, two] = [0, 1].map(() =>
    makeCommit(new SignatureChecks(), epoch, pending, anna.around(), new CommitPlan()),
  );
  expect(there(one).following.epoch.secrets).not.toEqual(there(two).following.epoch.secrets);
  expect(anna.group.save()).toEqual(before);
});

test('the same rules bind the maker', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const old = scene.newcomer('cora').bundle({ nowS: NOW_S - 90 * DAY_S });
  refused('key-package-lifetime', () => anna.commit({ adds: [old.message] }));
  const wrong = Player.make('dora', 3, scene.judge).bundle();
  refused('key-package-suite', () => anna.commit({ adds: [wrong.message] }));
  refused('remove-member', () => anna.commit({ removes: [4] }));
  refused('leaf-touched-once', () => anna.commit({ removes: [1, 1] }));
  const demanding = new RequiredCapabilities([], [0xf0f0]).toExtension();
  refused('leaf-required-capabilities', () => anna.commit({ extensions: [demanding] }));
  expect(anna.group.pending).toBe(undefined);
});

test('updates have fresh keys', () => {
  const anna = Scene.of(['anna', 'bela']).player('anna');
  const { epoch } = anna.group.state;
  const { suite } = epoch;
  const [update, privateKey, signer] = makeUpdate(epoch, undefined);
  const sealed = suite.encryptWithLabel(update.leafNode.encryptionKey, 'x', utf8(''), utf8('y'));
  expect(suite.decryptWithLabel(privateKey, 'x', utf8(''), ...sealed)).toEqual(utf8('y'));
  expect(signer).toEqual(anna.signer);
  const identity = anna.newIdentity();
  const [renamed, , other] = makeUpdate(epoch, identity);
  expect(other).toEqual(identity.signerPrivate);
  expect(renamed.leafNode.signatureKey).toEqual(suite.signaturePublicOf(other));
  expect(renamed.leafNode.credential.equals(anna.credential)).toBe(true);
});

test('key packages come parsed or not', () => {
  const bundle = Player.make('anna', 1, Scene.of(['x']).judge).bundle();
  const parsed = parseKeyPackages([bundle.message, bundle.keyPackage]);
  expect(parsed.map((item) => item.equals(bundle.keyPackage))).toEqual([true, true]);
  expect(() => parseKeyPackages([fromHex('6a756e6b')])).toThrow(CodecError);
});
