/** Every named check of a leaf has a leaf that fails it. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { BASIC, Credential, type CredentialJudge, type Role } from '../../src/mls/credential.ts';
import { CredentialRefused } from '../../src/mls/errors.ts';
import {
  APPLICATION_ID,
  Extension,
  REQUIRED_CAPABILITIES,
  RequiredCapabilities,
} from '../../src/mls/extension.ts';
import {
  LeafBinding,
  type LeafNode,
  type LeafSource,
  Lifetime,
  SOURCE_COMMIT,
  SOURCE_KEY_PACKAGE,
  SOURCE_UPDATE,
} from '../../src/mls/leaf_node.ts';
import {
  checkAmongMembers,
  checkLifetime,
  GroupDemands,
  EARLY_GRACE_S,
  LATE_GRACE_S,
  type LifetimeOptions,
  MAX_LIFETIME_S,
  validateLeaf,
} from '../../src/mls/leaf_validation.ts';
import {
  able,
  anybody,
  around,
  CRYPTO,
  Device,
  GROUP_ID,
  NOW_S,
  settled,
  verdictOf,
} from './tree_players.ts';

const HERE = new LeafBinding(GROUP_ID, 0);
const PLAIN = new GroupDemands(CRYPTO);
const ANN = Device.make('ann');
const EMPTY = new Uint8Array(0);

interface Place {
  readonly demands?: GroupDemands;
  readonly source?: LeafSource | undefined;
  readonly binding?: LeafBinding | undefined;
}

/** The check that fails, or nothing. */
function verdict(leaf: LeafNode, place: Place = {}): string {
  const honest = { demands: PLAIN, source: SOURCE_KEY_PACKAGE, binding: HERE } as const;
  const { demands, source, binding } = { ...honest, ...place };
  return verdictOf((checks) => {
    validateLeaf(checks, leaf, demands, anybody, { source, binding, role: 'member' });
  });
}

/** What `checkLifetime` says. */
function aging(leaf: LeafNode, nowS: number, options: LifetimeOptions = {}): string {
  return verdictOf(() => {
    checkLifetime(leaf, nowS, options);
  });
}

/** What `checkAmongMembers` says. */
function together(...members: LeafNode[]): string {
  return verdictOf(() => {
    checkAmongMembers(members.values());
  });
}

test('an honest leaf passes', () => {
  expect(verdict(ANN.leaf())).toBe('');
  expect(verdict(ANN.leaf(), { source: undefined })).toBe('');
  const update = ANN.content({ lifetime: undefined }).sign(CRYPTO, ANN.signer, HERE);
  expect(verdict(update, { source: SOURCE_UPDATE })).toBe('');
  const commit = ANN.content({ lifetime: undefined, parentHash: utf8('h') });
  const committed = commit.sign(CRYPTO, ANN.signer, HERE);
  expect(verdict(committed, { source: SOURCE_COMMIT })).toBe('');
});

test('leaf-source', () => {
  expect(verdict(ANN.leaf(), { source: SOURCE_UPDATE })).toBe('leaf-source');
  expect(verdict(ANN.leaf(), { source: SOURCE_COMMIT })).toBe('leaf-source');
  const update = ANN.content({ lifetime: undefined }).sign(CRYPTO, ANN.signer, HERE);
  expect(verdict(update)).toBe('leaf-source');
});

test('leaf-signature', () => {
  const stranger = Device.make('eve');
  expect(verdict(ANN.content().sign(CRYPTO, stranger.signer))).toBe('leaf-signature');
  const content = ANN.content({ lifetime: undefined });
  const moved = content.sign(CRYPTO, ANN.signer, new LeafBinding(GROUP_ID, 1));
  expect(verdict(moved, { source: SOURCE_UPDATE })).toBe('leaf-signature');
  const otherGroup = content.sign(CRYPTO, ANN.signer, new LeafBinding(utf8('x'), 0));
  expect(verdict(otherGroup, { source: SOURCE_UPDATE })).toBe('leaf-signature');
  const noKey = ANN.content({ signatureKey: utf8('short') }).sign(CRYPTO, ANN.signer);
  expect(verdict(noKey, { binding: undefined })).toBe('leaf-signature');
});

test.each([EMPTY, new Uint8Array(32), new Uint8Array(33).fill(120)])(
  'leaf-encryption-key',
  (encryptionKey) => {
    expect(verdict(ANN.leaf({ encryptionKey }))).toBe('leaf-encryption-key');
  },
);

test.each([
  ['leaf-capabilities-version', { versions: [] }],
  ['leaf-capabilities-version', { versions: [2] }],
  ['leaf-capabilities-suite', { cipherSuites: [2] }],
  ['leaf-capabilities-credential', { credentials: [0xf0a1] }],
])('%s', (check, changes) => {
  expect(verdict(ANN.leaf({ capabilities: able(CRYPTO, changes) }))).toBe(check);
});

test('leaf-capabilities-extensions', () => {
  const extensions = [new Extension(0xf001, EMPTY)];
  expect(verdict(ANN.leaf({ extensions }))).toBe('leaf-capabilities-extensions');
  const listed = able(CRYPTO, { extensions: [0xf001] });
  expect(verdict(ANN.leaf({ extensions, capabilities: listed }))).toBe('');
  const known = [new Extension(APPLICATION_ID, utf8('a'))];
  expect(verdict(ANN.leaf({ extensions: known }))).toBe('');
});

test('GREASE is tolerated', () => {
  const greasy = able(CRYPTO, {
    versions: [0x0a0a, 1],
    cipherSuites: [0x1a1a, CRYPTO.id],
    extensions: [0x2a2a],
    proposals: [0x3a3a],
    credentials: [0x4a4a, BASIC],
  });
  const extensions = [new Extension(0x2a2a, utf8('x'))];
  expect(verdict(ANN.leaf({ capabilities: greasy, extensions }))).toBe('');
});

test.each([
  new RequiredCapabilities([0xf001]),
  new RequiredCapabilities([], [0xf002]),
  new RequiredCapabilities([], [], [0xf003]),
])('leaf-required-capabilities', (needed) => {
  const demands = GroupDemands.ofContext(CRYPTO, [needed.toExtension()]);
  expect(verdict(ANN.leaf(), { demands })).toBe('leaf-required-capabilities');
  const enough = able(CRYPTO, {
    extensions: [0xf001],
    proposals: [0xf002],
    credentials: [BASIC, 0xf003],
  });
  expect(verdict(ANN.leaf({ capabilities: enough }), { demands })).toBe('');
});

test('what is missing is listed', () => {
  const demands = new GroupDemands(CRYPTO, new RequiredCapabilities([0xf001], [0xa], [0xf003]));
  const place = { source: undefined, binding: HERE, role: 'member' } as const;
  expect(() => {
    settled((checks) => {
      validateLeaf(checks, ANN.leaf(), demands, anybody, place);
    });
  }).toThrow("requires: ['0xf001', '0xa', '0xf003'].");
});

test('defaults may be required', () => {
  const needed = new RequiredCapabilities([REQUIRED_CAPABILITIES], [1, 2, 3], []);
  expect(verdict(ANN.leaf(), { demands: new GroupDemands(CRYPTO, needed) })).toBe('');
});

test('leaf-context-extensions', () => {
  const demands = GroupDemands.ofContext(CRYPTO, [new Extension(0xf001, EMPTY)]);
  expect(verdict(ANN.leaf(), { demands })).toBe('leaf-context-extensions');
  const capabilities = able(CRYPTO, { extensions: [0xf001] });
  expect(verdict(ANN.leaf({ capabilities }), { demands })).toBe('');
});

test('the judge has the last word', () => {
  const asked: [Credential, Uint8Array, Role][] = [];
  const nobody: CredentialJudge = (credential, signatureKey, role) => {
    asked.push([credential, signatureKey, role]);
    throw new CredentialRefused('Nobody is known here.');
  };
  const place = { source: undefined, binding: HERE, role: 'member' } as const;
  expect(() =>
    verdictOf((checks) => {
      validateLeaf(checks, ANN.leaf(), PLAIN, nobody, place);
    }),
  ).toThrow(CredentialRefused);
  expect(asked).toEqual([[Credential.basic(utf8('ann')), ANN.signatureKey, 'member']]);
});

test.each([
  around(1, 2),
  around(-2, -1),
  around(1, -1),
  around(0, MAX_LIFETIME_S + 1),
  new Lifetime(0n, 2n ** 64n - 1n),
])('leaf-lifetime', (lifetime) => {
  expect(aging(ANN.leaf({ lifetime }), NOW_S)).toBe('leaf-lifetime');
});

test('lifetimes that pass', () => {
  expect(aging(ANN.leaf({ lifetime: around(0, 0) }), NOW_S)).toBe('');
  expect(aging(ANN.leaf({ lifetime: around(0, MAX_LIFETIME_S) }), NOW_S)).toBe('');
  const endless = ANN.leaf({ lifetime: new Lifetime(0n, 2n ** 64n - 1n) });
  expect(aging(endless, NOW_S, { maxLifetimeS: Infinity })).toBe('');
  expect(aging(endless, NOW_S, { maxLifetimeS: undefined })).toBe('leaf-lifetime');
  const update = ANN.content({ lifetime: undefined }).sign(CRYPTO, ANN.signer, HERE);
  expect(aging(update, NOW_S)).toBe('');
});

test('who was away has some grace', () => {
  const leaf = ANN.leaf({ lifetime: around(-9, 0) });
  expect(aging(leaf, NOW_S + 1)).toBe('leaf-lifetime');
  expect(aging(leaf, NOW_S + LATE_GRACE_S, { wasUsed: true })).toBe('');
  expect(aging(leaf, NOW_S + LATE_GRACE_S + 1, { wasUsed: true })).toBe('leaf-lifetime');
});

test('whose clock is behind has some grace', () => {
  const leaf = ANN.leaf({ lifetime: around(0, 9) });
  expect(aging(leaf, NOW_S - 1)).toBe('leaf-lifetime');
  expect(aging(leaf, NOW_S - EARLY_GRACE_S, { wasUsed: true })).toBe('');
  expect(aging(leaf, NOW_S - EARLY_GRACE_S - 1, { wasUsed: true })).toBe('leaf-lifetime');
});

test('no grace makes a time of what ends before it begins', () => {
  const leaf = ANN.leaf({ lifetime: around(1, -1) });
  expect(aging(leaf, NOW_S, { wasUsed: true })).toBe('leaf-lifetime');
});

test('members must differ', () => {
  const ben = Device.make('ben');
  expect(together(ANN.leaf(), ben.leaf())).toBe('');
  const sameSigner = ben.content({ signatureKey: ANN.signatureKey }).sign(CRYPTO, ANN.signer);
  expect(together(ANN.leaf(), sameSigner)).toBe('leaf-unique-signature-key');
  const sameKey = ben.leaf({ encryptionKey: ANN.encryptionKey });
  expect(together(ANN.leaf(), sameKey)).toBe('leaf-unique-encryption-key');
});

test('credentials must be known to all', () => {
  const credential = new Credential(0xf0a1, utf8('certificate'));
  const product = Device.make('ben').leaf({ credential });
  const onlyBasic = ANN.leaf({ capabilities: able(CRYPTO, { credentials: [BASIC] }) });
  expect(together(ANN.leaf(), product)).toBe('');
  expect(together(onlyBasic, product)).toBe('leaf-credential-supported-by-members');
});

test('as many types of credentials as a leaf can list take no time', () => {
  const types = Array.from({ length: 2_000 }, (_, index) => 0x1000 + index);
  const leaves = types.map((type) => {
    const capabilities = able(CRYPTO, { credentials: types });
    const name = utf8(`${type}`);
    const credential = new Credential(type, name);
    const leaf = { signatureKey: name, encryptionKeyName: `${type}`, credential, capabilities };
    return leaf as unknown as LeafNode;
  });
  const before = process.cpuUsage();
  checkAmongMembers(leaves);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_500);
});
