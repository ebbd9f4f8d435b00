/** Joining by a Welcome: what is checked before the first epoch begins. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { CommitPlan, type MadeCommit, makeCommit } from '../../src/mls/commit.ts';
import { DecryptionFailed } from '../../src/mls/errors.ts';
import { join, type JoinOptions, type StagedJoin } from '../../src/mls/group.ts';
import type { GroupInfo, GroupInfoChanges } from '../../src/mls/group_info.ts';
import { KeyPackageBundle } from '../../src/mls/joiner.ts';
import { welcomeSecret } from '../../src/mls/key_schedule.ts';
import { LATE_GRACE_S } from '../../src/mls/leaf_validation.ts';
import { Pending } from '../../src/mls/process.ts';
import { combinePsks, groupEpoch, KnownPsks, NO_PSKS } from '../../src/mls/psk.ts';
import { PreSharedKeyId, ResumptionUsage } from '../../src/mls/psk_id.ts';
import { SignatureChecks } from '../../src/mls/signature_checks.ts';
import { suite } from '../../src/mls/suite.ts';
import { GroupSecrets, parseWelcome, sealWelcome } from '../../src/mls/welcome.ts';
import { DAY_S, NOW_S, type Player, refused, Scene } from './group_players.ts';
import { ALL_SUITES } from './suites.ts';
import { there } from './tree_players.ts';

const OLD_GROUP = utf8('old group');
const NONCE = new Uint8Array(32).fill(0x6e);
const BRANCH = PreSharedKeyId.resumption(ResumptionUsage.BRANCH, OLD_GROUP, 5n, NONCE);
const REINIT = PreSharedKeyId.resumption(ResumptionUsage.REINIT, OLD_GROUP, 5n, NONCE);
const KNOWN = new KnownPsks(
  new Map(),
  new Map([[groupEpoch(OLD_GROUP, 5n), new Uint8Array(32).fill(0x72)]]),
);

type Added = readonly [bundle: KeyPackageBundle, made: MadeCommit];

/** A commit that adds somebody, not yet delivered. */
function add(scene: Scene, newcomer: Player): Added {
  const bundle = newcomer.bundle();
  const anna = scene.player('anna');
  const plan = new CommitPlan({ adds: [bundle.keyPackage] });
  const pending = new Pending(new Map(), new Map(), NO_PSKS);
  const { epoch } = anna.group.state;
  return [bundle, makeCommit(new SignatureChecks(), epoch, pending, anna.around(), plan)];
}

/** What the honest Welcome tells the newcomer. */
function honestSecrets([bundle, made]: Added): GroupSecrets {
  const crypto = made.following.epoch.suite;
  return parseWelcome(made.welcome).openSecrets(crypto, bundle.ref, bundle.initPrivate);
}

/** The Welcome of a hostile member: other secrets, another GroupInfo, all well sealed. */
function reseal(
  [bundle, made]: Added,
  groupInfo: GroupInfo = groupInfoOf(made),
  secrets: GroupSecrets = honestSecrets([bundle, made]),
  psks = NO_PSKS,
): Uint8Array {
  const crypto = made.following.epoch.suite;
  const pskSecret = combinePsks(crypto, secrets.psks, psks);
  const secret = welcomeSecret(crypto, secrets.joinerSecret, pskSecret);
  return sealWelcome(crypto, groupInfo, secret, [[bundle.keyPackage, secrets]]).toMessage();
}

/** The committer's GroupInfo, changed and signed again. */
function groupInfoOf(
  { following: { epoch } }: MadeCommit,
  changes: GroupInfoChanges = {},
): GroupInfo {
  return epoch.groupInfo(true, false).with(changes).signed(epoch.suite, epoch.signerPrivate);
}

function joined(
  scene: Scene,
  raw: Uint8Array,
  bundle: KeyPackageBundle,
  options: JoinOptions = {},
  nowS = NOW_S,
): StagedJoin {
  return join(raw, bundle, scene.judge.ask, nowS, options).settleNow();
}

test.each(ALL_SUITES)('a newcomer knows what the committer knows in suite %i', (suiteId) => {
  const scene = Scene.of(['anna', 'bela'], { suiteId });
  const [bundle, made] = add(scene, scene.newcomer('cora'));
  const group = joined(scene, made.welcome, bundle).accept();
  const theirs = made.following.epoch;
  expect(group.epochAuthenticator).toEqual(theirs.secrets.authenticator);
  expect(group.ownLeaf).toBe(2);
  const ours = group.state.epoch.treePrivate.keys;
  const { root } = theirs.tree;
  expect(ours.get(root)).toEqual(theirs.treePrivate.keys.get(root));
  expect(ours.get(4)).toEqual(bundle.encryptionPrivate);
});

test('the checks of a GroupInfo', () => {
  const scene = Scene.of(['anna', 'bela']);
  const added = add(scene, scene.newcomer('cora'));
  const [bundle, made] = added;
  const { context } = made.following.epoch;
  const attempt = (changes: GroupInfoChanges = {}): StagedJoin =>
    joined(scene, reseal(added, groupInfoOf(made, changes)), bundle);
  attempt();
  const zeros = new Uint8Array(32);
  const cases: [string, GroupInfoChanges][] = [
    ['group-info-suite', { groupContext: context.with({ cipherSuite: 3 }) }],
    ['group-info-tree', { extensions: [] }],
    ['group-info-signer', { signer: 12 }],
    ['group-info-signature', { signer: 1 }],
    ['confirmation-tag', { confirmationTag: zeros }],
    ['tree-hash', { groupContext: context.with({ treeHash: zeros }) }],
  ];
  for (const [check, changes] of cases) {
    refused(check, () => attempt(changes));
  }
  refused('confirmation-tag', () => attempt({ groupContext: context.with({ epoch: 9n }) }));
});

test('the path secret must fit the tree', () => {
  const scene = Scene.of(['anna', 'bela']);
  const added = add(scene, scene.newcomer('cora'));
  const [bundle] = added;
  const { joinerSecret, pathSecret } = honestSecrets(added);
  const wrong = new Uint8Array(32).fill(0x70);
  const otherPath = reseal(added, undefined, new GroupSecrets(joinerSecret, wrong, []));
  refused('path-public-key', () => joined(scene, otherPath, bundle));
  const otherJoiner = reseal(added, undefined, new GroupSecrets(wrong, pathSecret, []));
  refused('confirmation-tag', () => joined(scene, otherJoiner, bundle));
});

test('the path secret must be there', () => {
  // Whoever joined without it would be lost at the first Commit from farther away.
  const scene = Scene.of(['anna', 'bela']);
  const added = add(scene, scene.newcomer('cora'));
  const bare = new GroupSecrets(honestSecrets(added).joinerSecret, undefined, []);
  const raw = reseal(added, undefined, bare);
  refused('welcome-path-secret', () => joined(scene, raw, added[0]));
});

test('PSKs of a Welcome', () => {
  const scene = Scene.of(['anna', 'bela']);
  const added = add(scene, scene.newcomer('cora'));
  for (const psks of [[BRANCH], [BRANCH, REINIT]]) {
    const { joinerSecret, pathSecret } = honestSecrets(added);
    const secrets = new GroupSecrets(joinerSecret, pathSecret, psks);
    const raw = reseal(added, undefined, secrets, KNOWN);
    refused('psk-known', () => joined(scene, raw, added[0]));
    refused('welcome-resumption', () => joined(scene, raw, added[0], { psks: KNOWN }));
  }
});

test('a branch begins in epoch one', () => {
  // The first commit of a new group may carry a PSK of the old one into its Welcome.
  const scene = Scene.of(['anna']);
  const added = add(scene, scene.newcomer('cora'));
  expect(added[1].following.epoch.number).toBe(1n);
  const { joinerSecret, pathSecret } = honestSecrets(added);
  const secrets = new GroupSecrets(joinerSecret, pathSecret, [BRANCH]);
  const raw = reseal(added, undefined, secrets, KNOWN);
  // Its usage is in order; that this committer did not mix the PSK in shows one check later.
  refused('confirmation-tag', () => joined(scene, raw, added[0], { psks: KNOWN }));
});

test('the tree may come beside', () => {
  const scene = Scene.of(['anna', 'bela']);
  const anna = scene.player('anna');
  const bundle = scene.newcomer('cora').bundle();
  const pending = anna.commit({ adds: [bundle.message], treeInWelcome: false });
  const { welcome } = pending;
  refused('group-info-tree', () => joined(scene, welcome, bundle));
  const stale = anna.group.ratchetTree();
  refused('tree-hash', () => joined(scene, welcome, bundle, { ratchetTree: stale }));
  pending.accept();
  joined(scene, welcome, bundle, { ratchetTree: anna.group.ratchetTree() }).accept();
});

test('the init key is what opens it', () => {
  const scene = Scene.of(['anna', 'bela']);
  const [bundle, made] = add(scene, scene.newcomer('cora'));
  const [initPrivate] = suite(1).kemGenerate();
  const { keyPackage, encryptionPrivate, signerPrivate } = bundle;
  const other = new KeyPackageBundle(keyPackage, initPrivate, encryptionPrivate, signerPrivate);
  expect(() => joined(scene, made.welcome, other)).toThrow(DecryptionFailed);
});

test('how long a Welcome may wait', () => {
  const scene = Scene.of(['anna', 'bela']);
  const [bundle, made] = add(scene, scene.newcomer('cora'));
  const last = NOW_S + 30 * DAY_S + LATE_GRACE_S;
  joined(scene, made.welcome, bundle, {}, last);
  refused('welcome-lifetime', () => joined(scene, made.welcome, bundle, {}, last + 1));
});

test('a last-resort package can be used twice', () => {
  const scene = Scene.of(['anna', 'bela']);
  const cora = scene.newcomer('cora');
  const bundle = cora.bundle({ lastResort: true });
  const saved = bundle.save();
  const first = scene.player('anna').commit({ adds: [bundle.message] });
  const group = joined(scene, first.welcome, bundle).accept();
  const other = Scene.of(['anna']);
  other.judge.learn(cora.credential, cora.signatureKey);
  const second = other.player('anna').commit({ adds: [bundle.message] });
  expect(joined(other, second.welcome, bundle).accept().ownLeaf).toBe(1);
  group.leave();
  expect(toHex(bundle.save())).toBe(toHex(saved));
  expect(there(bundle.keyPackage.leafNode.lifetime).notAfterS).toBe(BigInt(NOW_S + 30 * DAY_S));
});
