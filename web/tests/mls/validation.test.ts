/** Lists of proposals: each rule of RFC 9420 section 12.2 broken once, and what is applied. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import { vector } from '../../src/mls/codec.ts';
import { Credential, type Role } from '../../src/mls/credential.ts';
import { CodecError, CredentialRefused } from '../../src/mls/errors.ts';
import {
  Extension,
  EXTERNAL_SENDERS,
  ExternalSender,
  RequiredCapabilities,
} from '../../src/mls/extension.ts';
import { member, Sender, SenderType } from '../../src/mls/framing.ts';
import { LeafBinding } from '../../src/mls/leaf_node.ts';
import {
  Add,
  Commit,
  ExternalInit,
  GroupContextExtensions,
  nameOf,
  PreSharedKey,
  type Proposal,
  ProposalRef,
  ReInit,
  Remove,
  Update,
} from '../../src/mls/proposal.ts';
import { PreSharedKeyId, ResumptionUsage } from '../../src/mls/psk_id.ts';
import { suite } from '../../src/mls/suite.ts';
import {
  applyProposals,
  checkAlone,
  checkApplied,
  checkProposalSender,
  checkSorted,
  ListedProposal,
  ProposalList,
  resolve,
  sortProposals,
  Surroundings,
} from '../../src/mls/validation.ts';
import { judgeOf, Stage } from './message_players.ts';
import { Device, GROUP_ID, NOW_S, there, verdictOf } from './tree_players.ts';

const EMPTY = new Uint8Array(0);
const ME = member(0);
const OUTSIDE = new Sender(SenderType.NEW_MEMBER_COMMIT);
const OFFICE = new Sender(SenderType.EXTERNAL, 0);
const PACKAGE = Device.make('dora').keyPackage();
const ADD = new Add(PACKAGE);
const UPDATE = new Update(PACKAGE.leafNode);
const PSK = new PreSharedKey(PreSharedKeyId.external(utf8('id'), new Uint8Array(32)));
const REINIT = new ReInit(utf8('next'), 1, 1, []);
const CONTEXT = new GroupContextExtensions([]);
const INIT = new ExternalInit(utf8('k'));

function listed(proposals: readonly Proposal[], sender = ME): ListedProposal[] {
  return proposals.map((item) => new ListedProposal(item, sender));
}

function byOther(proposal: Proposal, leafIndex = 1): ListedProposal {
  return new ListedProposal(proposal, member(leafIndex));
}

test.each([
  ['update-by-committer', listed([UPDATE])],
  ['update-sender', listed([UPDATE], OFFICE)],
  ['remove-of-committer', listed([new Remove(0)])],
  ['remove-of-committer', [byOther(new Remove(0))]],
  ['leaf-touched-once', [...listed([new Remove(2)]), byOther(new Remove(2))]],
  ['leaf-touched-once', [byOther(UPDATE), byOther(UPDATE)]],
  ['leaf-touched-once', [byOther(UPDATE), ...listed([new Remove(1)])]],
  ['add-once', [...listed([ADD]), byOther(ADD)]],
  ['context-extensions-once', listed([CONTEXT, CONTEXT])],
  ['reinit-alone', listed([REINIT, new Remove(1)])],
  ['reinit-alone', listed([REINIT, REINIT])],
  ['external-init-by-member', listed([INIT])],
] as const)('%s in the list of a member', (check, entries) => {
  expect(verdictOf(() => sortProposals(entries, ME))).toBe(check);
});

test.each<readonly [string, readonly Proposal[]]>([
  ['external-init-once', []],
  ['external-init-once', [INIT, INIT]],
  ['external-remove-once', [INIT, new Remove(0), new Remove(1)]],
  ['external-types', [INIT, ADD]],
  ['external-types', [INIT, CONTEXT]],
  ['reinit-alone', [INIT, REINIT]],
  ['update-sender', [INIT, UPDATE]],
])('%s in the list of a joiner', (check, proposals) => {
  expect(verdictOf(() => sortProposals(listed(proposals, OUTSIDE), OUTSIDE))).toBe(check);
});

test('a list of any length is judged', () => {
  const removes = Array.from({ length: 200_000 }, () => new Remove(2));
  expect(verdictOf(() => sortProposals(listed(removes), ME))).toBe('leaf-touched-once');
  const different = removes.map((_, index) => new Remove(index + 1));
  expect(sortProposals(listed(different), ME).removes.length).toBe(200_000);
});

test('a list is sorted by kind', () => {
  const entries = [...listed([new Remove(2), PSK, ADD, CONTEXT]), byOther(UPDATE)];
  expect(sortProposals(entries, ME)).toEqual(
    new ProposalList({
      adds: [PACKAGE],
      updates: [[1, PACKAGE.leafNode]],
      removes: [2],
      psks: [PSK.psk],
      extensions: [],
      pathRequired: true,
    }),
  );
  const external = sortProposals(listed([INIT, new Remove(1), PSK], OUTSIDE), OUTSIDE);
  expect([external.externalInit, external.removes, external.reinit]).toEqual([
    INIT,
    [1],
    undefined,
  ]);
  expect(sortProposals(listed([REINIT]), ME).reinit).toBe(REINIT);
});

test.each<readonly [boolean, readonly Proposal[]]>([
  [true, []],
  [false, [ADD]],
  [false, [PSK]],
  [false, [REINIT]],
  [false, [ADD, PSK]],
  [true, [new Remove(1)]],
  [true, [CONTEXT]],
  [true, [ADD, new Remove(1)]],
])('whether a path is required: %s (RFC 9420 section 12.4)', (required, proposals) => {
  expect(sortProposals(listed(proposals), ME).pathRequired).toBe(required);
});

test('references are resolved with their senders', () => {
  const [one, two] = [byOther(UPDATE), byOther(new Remove(3), 2)];
  const stored = new Map([
    [toHex(utf8('r1')), one],
    [toHex(utf8('r2')), two],
  ]);
  const reference = (name: string): ProposalRef => new ProposalRef(utf8(name));
  const removal = new Remove(4);
  const commit = new Commit([reference('r2'), removal, reference('r1')], undefined);
  expect(resolve(commit, ME, stored)).toEqual([two, new ListedProposal(removal, ME), one]);
  const twice = new Commit([reference('r1'), reference('r1')], undefined);
  expect(verdictOf(() => resolve(twice, ME, stored))).toBe('proposal-once');
  const unknown = new Commit([reference('r3')], undefined);
  expect(verdictOf(() => resolve(unknown, ME, stored))).toBe('proposal-known');
  expect(verdictOf(() => resolve(commit, OUTSIDE, stored))).toBe('external-by-value');
});

test.each([
  [ME, [1, 2, 3, 4, 5, 7]],
  [OFFICE, [1, 3, 4, 5, 7]],
  [OUTSIDE, []],
  [new Sender(SenderType.NEW_MEMBER_PROPOSAL), [1]],
] as const)('who may propose what: %o', (sender, allowed) => {
  for (const proposal of [ADD, UPDATE, new Remove(1), PSK, REINIT, INIT, CONTEXT]) {
    const check = (): void => {
      checkProposalSender(proposal, sender);
    };
    const isAllowed = (allowed as readonly number[]).includes(proposal.type);
    expect(verdictOf(check)).toBe(isAllowed ? '' : 'proposal-sender');
  }
});

test('a refusal names sender and proposal', () => {
  expect(() => {
    checkProposalSender(INIT, OFFICE);
  }).toThrow('A sender of type EXTERNAL may not propose EXTERNAL_INIT.');
  expect(nameOf(SenderType, SenderType.NEW_MEMBER_COMMIT)).toBe('NEW_MEMBER_COMMIT');
});

/** Three members, and what proposals to them are judged against. */
function stage(...friends: readonly Device[]): readonly [Stage, Surroundings] {
  const scene = Stage.of(3);
  const { suite: crypto, context, tree } = scene.epoch;
  const judge = judgeOf([...scene.devices.values(), ...friends]);
  return [scene, new Surroundings(crypto, context, tree, judge, NOW_S)];
}

function alone(proposal: Proposal, sender: Sender, around: Surroundings): string {
  return verdictOf((checks) => {
    checkAlone(checks, proposal, sender, around);
  });
}

/** An Update of leaf 1 with or without a fresh key, signed for a place. */
function update(scene: Stage, isFresh: boolean, groupId = GROUP_ID, leafIndex = 1): Update {
  const leaf = scene.epoch.leaf(1);
  const encryptionKey = isFresh ? suite(1).kemGenerate()[1] : leaf.encryptionKey;
  const content = leaf
    .content()
    .with({ lifetime: undefined, parentHash: undefined, encryptionKey });
  const binding = new LeafBinding(groupId, leafIndex);
  return new Update(content.sign(suite(1), scene.device(1).signer, binding));
}

test('each proposal is checked', () => {
  const [scene, around] = stage();
  const short = new PreSharedKey(PreSharedKeyId.external(utf8('id'), utf8('n')));
  expect(alone(update(scene, false), member(1), around)).toBe('update-fresh-key');
  expect(alone(new Remove(3), ME, around)).toBe('remove-member');
  expect(alone(new Remove(2 ** 32 - 1), ME, around)).toBe('remove-member');
  expect(alone(new ReInit(utf8('n'), 0, 1, []), ME, around)).toBe('reinit-version');
  expect(alone(short, ME, around)).toBe('psk-nonce');
  expect(() => alone(ADD, ME, around)).toThrow(CredentialRefused);
  expect(alone(UPDATE, member(1), around)).toBe('leaf-source');
  expect(alone(INIT, ME, around)).toBe('proposal-sender');
});

test("a key that continues a group may only stand in a group's first Commit", () => {
  const [, around] = stage();
  const { suite: crypto, context, tree, judge } = around;
  const first = new Surroundings(crypto, context.with({ epoch: 0n }), tree, judge, NOW_S);
  const id = PreSharedKeyId.resumption(ResumptionUsage.BRANCH, GROUP_ID, 3n, new Uint8Array(32));
  expect(alone(new PreSharedKey(id), ME, around)).toBe('psk-usage');
  expect(alone(new PreSharedKey(id), ME, first)).toBe('');
});

test('an Update with a fresh key for its own place', () => {
  const [scene, around] = stage();
  expect(alone(update(scene, true), member(1), around)).toBe('');
  for (const moved of [update(scene, true, GROUP_ID, 2), update(scene, true, utf8('other'))]) {
    expect(alone(moved, member(1), around)).toBe('leaf-signature');
  }
});

test('new context extensions bind everybody', () => {
  const office = Device.make('office');
  const [scene, around] = stage();
  const unknown = new GroupContextExtensions([new Extension(0xf0f0, EMPTY)]);
  expect(alone(unknown, ME, around)).toBe('leaf-context-extensions');
  const demanding = new RequiredCapabilities([0xf0f0]).toExtension();
  expect(alone(new GroupContextExtensions([demanding]), ME, around)).toBe(
    'leaf-required-capabilities',
  );
  const junk = new Extension(EXTERNAL_SENDERS, utf8('\x05junk'));
  expect(() => alone(new GroupContextExtensions([junk]), ME, around)).toThrow(CodecError);
  const credential = Credential.basic(utf8('office'));
  const sender = new ExternalSender(office.signatureKey, credential);
  const body = vector([sender.toBytes()]);
  const foreign = new GroupContextExtensions([new Extension(EXTERNAL_SENDERS, body)]);
  expect(() => alone(foreign, ME, around)).toThrow(CredentialRefused);
  const judge = judgeOf([...scene.devices.values(), office]);
  const { suite: crypto, context, tree } = around;
  expect(alone(foreign, ME, new Surroundings(crypto, context, tree, judge, NOW_S))).toBe('');
});

test('adds meet the demands that the same commit brings', () => {
  const emil = Device.make('emil');
  const [, around] = stage(emil);
  const adds = [emil.keyPackage()];
  const extensions = [new RequiredCapabilities([0xf0f0]).toExtension()];
  const sorted = (result: ProposalList): string =>
    verdictOf((checks) => {
      checkSorted(checks, result, around);
    });
  expect(sorted(new ProposalList({ adds, extensions }))).toBe('leaf-required-capabilities');
  expect(sorted(new ProposalList({ adds }))).toBe('');
});

test('an expired key package may be late, but not used now', () => {
  const emil = Device.make('emil');
  const [, around] = stage(emil);
  const adds = [emil.keyPackage()];
  const { suite: crypto, context, tree, judge } = around;
  const verdict = (nowS: number, adding: Role, maxLifetimeS = 10 * 86_400): string =>
    verdictOf((checks) => {
      const late = new Surroundings(crypto, context, tree, judge, nowS, maxLifetimeS, adding);
      checkSorted(checks, new ProposalList({ adds }), late);
    });
  expect(verdict(NOW_S + 86_401, 'key_package')).toBe('key-package-lifetime');
  expect(verdict(NOW_S + 86_401, 'added')).toBe('');
  expect(verdict(NOW_S, 'key_package', 86_400)).toBe('key-package-lifetime');
  expect(verdict(NOW_S, 'key_package', Infinity)).toBe('');
});

test('proposals take effect on a copy', () => {
  const [, around] = stage();
  const keyPackage = Device.make('emil').keyPackage();
  const before = around.tree.toBytes();
  const extensions = [new Extension(1, utf8('x'))];
  const result = new ProposalList({ adds: [keyPackage], removes: [1], extensions });
  const applied = applyProposals(around.tree, [], result);
  expect(around.tree.toBytes()).toEqual(before);
  expect(applied.added).toEqual([[1, keyPackage]]);
  expect([applied.unpathed, applied.removed, applied.updated]).toEqual([[1], [1], []]);
  expect(applied.extensions).toBe(extensions);
  expect(there(applied.tree.leaf(1)).equals(keyPackage.leafNode)).toBe(true);
  checkApplied(suite(1), applied, false);
  const old = [new Extension(2, utf8('y'))];
  const kept = applyProposals(around.tree, old, new ProposalList());
  expect(kept.extensions).toBe(old);
  expect(kept.tree.toBytes()).toEqual(before);
  const renewed = applyProposals(
    around.tree,
    [],
    new ProposalList({ updates: [[1, keyPackage.leafNode]] }),
  );
  expect(renewed.updated).toEqual([1]);
});

test('members are compared after all', () => {
  const [scene, around] = stage();
  const adds = [scene.device(1).keyPackage([], { encryptionKey: suite(1).kemGenerate()[1] })];
  const check = (result: ProposalList, contextChanged: boolean): string =>
    verdictOf(() => {
      checkApplied(suite(1), applyProposals(around.tree, [], result), contextChanged);
    });
  expect(check(new ProposalList({ adds }), false)).toBe('leaf-unique-signature-key');
  expect(check(new ProposalList({ adds, removes: [1] }), true)).toBe('');
  const extensions = [new Extension(0xf0f0, EMPTY)];
  expect(check(new ProposalList({ extensions }), true)).toBe('leaf-context-extensions');
});
