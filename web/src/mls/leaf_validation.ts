/**
 * The named checks of a LeafNode (RFC 9420 section 7.3).
 *
 * Each failure is a `ValidationError` whose `check` is one of the names below. Which member a
 * leaf's credential names is the judge's business and fails with `CredentialRefused`.
 */

import type { CredentialJudge, Role } from './credential.ts';
import { codePoint, KeyRefused, require as ensure, ValidationError } from './errors.ts';
import {
  DEFAULT_EXTENSIONS,
  type Extensions,
  RequiredCapabilities,
  requiredCapabilities,
} from './extension.ts';
import {
  keyName,
  type LeafBinding,
  type LeafNode,
  type LeafSource,
  MLS10,
  SOURCE_COMMIT,
  SOURCE_KEY_PACKAGE,
  SOURCE_UPDATE,
} from './leaf_node.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';

/**
 * The longest lifetime a key package may claim: 400 days, a year and some slack. A stolen init
 * key is worth something to its thief for as long as somebody accepts the package (RFC 9420, 7.2:
 * applications MUST define a maximum); last-resort packages must outlive a long holiday.
 */
export const MAX_LIFETIME_S = 400 * 86_400;

/**
 * How long after a key package has expired a device still follows what was done with it in time:
 * the 30 days that the delivery service keeps messages for a device that is away, and a day for
 * clocks. Without it, who was away when a package expired could not follow the Commit that used it.
 */
export const LATE_GRACE_S = 31 * 86_400;

/**
 * How long before a key package begins a device follows what others did with it: with the hour by
 * which packages are dated back, a clock may be a day behind, as that of certificates. Without it,
 * such a device would refuse every Commit that adds somebody and lose the group.
 */
export const EARLY_GRACE_S = 23 * 3_600;

const SOURCE_NAMES: Readonly<Record<LeafSource, string>> = {
  [SOURCE_KEY_PACKAGE]: 'a key package',
  [SOURCE_UPDATE]: 'an update',
  [SOURCE_COMMIT]: 'a commit',
};

/** What a group asks of every leaf: its suite, required capabilities and extensions. */
export class GroupDemands {
  constructor(
    readonly suite: Suite,
    readonly required = new RequiredCapabilities(),
    readonly contextExtensions: readonly number[] = [],
  ) {}

  /** From a GroupContext's suite and extensions. Throws CodecError. */
  static ofContext(suite: Suite, extensions: Extensions): GroupDemands {
    const types = extensions.map((item) => item.type);
    return new GroupDemands(
      suite,
      requiredCapabilities(extensions),
      types.filter((type) => !DEFAULT_EXTENSIONS.has(type)),
    );
  }
}

/** `leaf-source`: the leaf was made for the place where it stands. */
export function checkSource(leaf: LeafNode, expected: LeafSource): void {
  ensure(
    leaf.source === expected,
    'leaf-source',
    `A leaf made for ${SOURCE_NAMES[leaf.source]} stands where one for ` +
      `${SOURCE_NAMES[expected]} belongs.`,
  );
}

/** `leaf-signature`: the leaf is signed by its own key, for its group and position. */
export function checkSignature(
  leaf: LeafNode,
  suite: Suite,
  checks: SignatureChecks,
  binding: LeafBinding | undefined,
): void {
  const failure = (cause?: unknown): ValidationError => {
    const place = binding !== undefined ? `leaf ${binding.leafIndex}` : 'a key package';
    return new ValidationError(
      'leaf-signature',
      `The signature of ${place} does not verify: it was altered or moved.`,
      { cause },
    );
  };
  try {
    leaf.verifySignature(suite, checks, binding, failure);
  } catch (error) {
    throw error instanceof KeyRefused ? failure(error) : error;
  }
}

/** `leaf-encryption-key`: something can be encrypted to it. */
function checkEncryptionKey(leaf: LeafNode, suite: Suite): void {
  checkPublicKey(suite, leaf.encryptionKey, 'leaf-encryption-key', "A leaf's encryption key");
}

/** Throws ValidationError `check` when nothing can be encrypted to a key; `name` says whose. */
export function checkPublicKey(suite: Suite, key: Uint8Array, check: string, name: string): void {
  try {
    suite.kemCheckPublic(key);
  } catch (error) {
    if (error instanceof KeyRefused) {
      throw new ValidationError(check, `${name} is unusable: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/**
 * What a leaf says it supports, against itself and the group.
 *
 * `leaf-capabilities-version`, `leaf-capabilities-suite`, `leaf-capabilities-credential`,
 * `leaf-capabilities-extensions`, `leaf-required-capabilities`, `leaf-context-extensions`.
 */
export function checkCapabilities(leaf: LeafNode, demands: GroupDemands): void {
  const able = leaf.capabilities;
  ensure(
    able.versions.includes(MLS10),
    'leaf-capabilities-version',
    'A leaf does not list MLS 1.0 among its versions.',
  );
  ensure(
    able.cipherSuites.includes(demands.suite.id),
    'leaf-capabilities-suite',
    `A leaf does not list the group's cipher suite ${codePoint(demands.suite.id)}.`,
  );
  ensure(
    able.credentials.includes(leaf.credential.type),
    'leaf-capabilities-credential',
    `A leaf does not list the type ${codePoint(leaf.credential.type)} of its own credential.`,
  );
  for (const item of leaf.extensions) {
    ensure(
      able.supportsExtension(item.type),
      'leaf-capabilities-extensions',
      `A leaf carries extension ${codePoint(item.type)}, which it does not list as supported.`,
    );
  }
  const needed = demands.required;
  const missing = [
    ...needed.extensions.filter((number) => !able.supportsExtension(number)),
    ...needed.proposals.filter((number) => !able.supportsProposal(number)),
    ...needed.credentials.filter((number) => !able.credentials.includes(number)),
  ];
  ensure(
    missing.length === 0,
    'leaf-required-capabilities',
    `A leaf lacks capabilities that the group requires: ${codePoints(missing)}.`,
  );
  for (const number of demands.contextExtensions) {
    ensure(
      able.supportsExtension(number),
      'leaf-context-extensions',
      `A leaf does not support extension ${codePoint(number)} of the group's context.`,
    );
  }
}

/** How `checkLifetime` judges. */
export interface LifetimeOptions {
  /**
   * `MAX_LIFETIME_S` when left out; Infinity accepts any length, for peers whose applications define
   * another maximum.
   */
  readonly maxLifetimeS?: number | undefined;

  /**
   * Somebody else has used the package, at a moment that need not be now: it may begin in
   * `EARLY_GRACE_S` or have ended `LATE_GRACE_S` ago. Whoever uses it itself has no such grace (RFC
   * 9420 section 7.3).
   */
  readonly wasUsed?: boolean;
}

/**
 * `leaf-lifetime`: it does not end before it begins, `nowS` lies within it, and it is no longer
 * than allowed.
 *
 * A leaf that is not a key package's has no lifetime and passes.
 */
export function checkLifetime(
  leaf: LeafNode,
  nowS: number,
  { maxLifetimeS = MAX_LIFETIME_S, wasUsed = false }: LifetimeOptions = {},
): void {
  const lifetime = leaf.lifetime;
  if (lifetime === undefined) {
    return;
  }
  const { notBeforeS, notAfterS } = lifetime;
  ensure(
    notBeforeS <= notAfterS,
    'leaf-lifetime',
    'A key package ends before it begins; ask its owner for a fresh one.',
  );
  const [earlyS, lateS] = wasUsed ? [EARLY_GRACE_S, LATE_GRACE_S] : [0, 0];
  ensure(
    notBeforeS <= nowS + earlyS && nowS - lateS <= notAfterS,
    'leaf-lifetime',
    `A key package is valid from ${notBeforeS} to ${notAfterS} ` +
      `(seconds since 1970), but now is ${nowS}; ask its owner for a fresh one.`,
  );
  ensure(
    notAfterS - notBeforeS <= maxLifetimeS,
    'leaf-lifetime',
    `A key package claims to live longer than ${maxLifetimeS} seconds.`,
  );
}

/** Where a leaf stands that `validateLeaf` looks at. */
export interface LeafPlace {
  /** Undefined accepts any source, for leaves of a tree one joins. */
  readonly source: LeafSource | undefined;
  readonly binding: LeafBinding | undefined;
  readonly role: Role;
}

/**
 * All checks of RFC 9420 section 7.3 that need only this leaf and the group's context.
 *
 * Lifetime (`checkLifetime`) and the other members (`checkAmongMembers`) are asked separately,
 * because they depend on when and where the leaf appears.
 * Throws ValidationError or CredentialRefused.
 */
export function validateLeaf(
  checks: SignatureChecks,
  leaf: LeafNode,
  demands: GroupDemands,
  judge: CredentialJudge,
  { source, binding, role }: LeafPlace,
): void {
  if (source !== undefined) {
    checkSource(leaf, source);
  }
  checkEncryptionKey(leaf, demands.suite);
  checkCapabilities(leaf, demands);
  checkSignature(leaf, demands.suite, checks, binding);
  judge(leaf.credential, leaf.signatureKey, role);
}

/**
 * The checks between the leaves of one tree, all of them given.
 *
 * `leaf-unique-signature-key`, `leaf-unique-encryption-key`,
 * `leaf-credential-supported-by-members`. Throws ValidationError.
 */
export function checkAmongMembers(members: Iterable<LeafNode>): void {
  const leaves = [...members];
  ensure(
    new Set(leaves.map((leaf) => keyName(leaf.signatureKey))).size === leaves.length,
    'leaf-unique-signature-key',
    'Two members have the same signature key; each device needs its own.',
  );
  ensure(
    new Set(leaves.map((leaf) => leaf.encryptionKeyName)).size === leaves.length,
    'leaf-unique-encryption-key',
    'Two members have the same encryption key; each device needs its own.',
  );
  const inUse = [...new Set(leaves.map((leaf) => leaf.credential.type))];
  for (const able of new Set(leaves.map((leaf) => leaf.capabilities))) {
    const supported = new Set(able.credentials);
    const missing = inUse.filter((type) => !supported.has(type));
    ensure(
      missing.length === 0,
      'leaf-credential-supported-by-members',
      'A member does not support credential types in use in the group: ' +
        `${codePoints(missing.sort((one, other) => one - other))}.`,
    );
  }
}

function codePoints(numbers: readonly number[]): string {
  return `[${numbers.map((number) => `'0x${number.toString(16)}'`).join(', ')}]`;
}
