/**
 * Roles: who may change a group's members (spec/mls.md, "Roles").
 *
 * A GroupContext extension of private use names the accounts that are admins. The rule is about
 * accounts, of which MLS knows nothing: who asks says whose leaf is whose.
 */

import { equalBytes, textFrom, toHex, utf8 } from '../base/bytes.ts';
import { CodecError, opaque, parseWhole, type Reader, vector } from './codec.ts';
import type { Credential } from './credential.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { Extension, type Extensions, findExtension } from './extension.ts';
import { member, SenderType } from './framing.ts';
import { Add, GroupContextExtensions, nameOf, ProposalType, ReInit, Remove } from './proposal.ts';
import type { ListedProposal } from './validation.ts';

/** Private use: the extension that names the admins. */
export const ROLES = 0xf0a4;

export const ADMINS_LIMIT = 100;

/** Bytes of an account's URI. */
const ACCOUNT_LIMIT = 255;

/** The check that fails when somebody changes a group who may not. */
export const NOT_ADMIN = 'not_admin';

/** The check that fails when a change of the roles leaves no sensible ones. */
export const BAD_ROLES = 'roles';

/** By which bytes are put in order. */
const orderOf = toHex;

/** The admins' account URIs: 1 to ADMINS_LIMIT, in ascending order of their bytes. */
export class Roles {
  private constructor(readonly admins: readonly string[]) {}

  /** In their order, each once. Throws ValidationError `roles`. */
  static of(admins: Iterable<string>): Roles {
    const ordered = [...new Set(admins)]
      .map((uri) => ({ uri, order: orderOf(utf8(uri)) }))
      .sort((one, other) => (one.order < other.order ? -1 : 1))
      .map(({ uri }) => uri);
    ensure(
      ordered.length >= 1 && ordered.length <= ADMINS_LIMIT,
      BAD_ROLES,
      `A group has 1 to ${ADMINS_LIMIT} admins, not ${ordered.length}.`,
    );
    return new Roles(ordered);
  }

  /** Throws CodecError. */
  static read(reader: Reader): Roles {
    const raw = reader.vector((item) => item.opaque(ACCOUNT_LIMIT));
    if (raw.length === 0 || raw.length > ADMINS_LIMIT) {
      throw new CodecError(`A group has 1 to ${ADMINS_LIMIT} admins, not ${raw.length}.`);
    }
    raw.forEach((item, place) => {
      const before = raw[place - 1];
      if (before !== undefined && orderOf(before) >= orderOf(item)) {
        throw new CodecError('The admins of a group are not in order, each once.');
      }
    });
    try {
      return new Roles(raw.map((item) => textFrom(item)));
    } catch (error) {
      throw new CodecError('An admin of a group is not named in UTF-8.', { cause: error });
    }
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Roles {
    return parseWhole((reader) => Roles.read(reader), raw);
  }

  /** `opaque admins<V><V>`. */
  toBytes(): Uint8Array {
    return vector(this.admins.map((uri) => opaque(utf8(uri))));
  }

  /** As a GroupContext extension. */
  toExtension(): Extension {
    return new Extension(ROLES, this.toBytes());
  }
}

/** The roles of a group, undefined when it has none: then everybody may. Throws CodecError. */
export function rolesOf(extensions: Extensions): Roles | undefined {
  const body = findExtension(extensions, ROLES);
  return body === undefined ? undefined : Roles.fromBytes(body);
}

/** The extensions with these roles in the place of those before. */
export function withRoles(extensions: Extensions, roles: Roles): Extensions {
  return [...extensions.filter(({ type }) => type !== ROLES), roles.toExtension()];
}

/**
 * Whose leaf is whose before a Commit, and what else is known of them.
 *
 * `accounts`: the account's URI for each leaf that is not blank; `accountOf`: of a newcomer's
 * credential, throws CredentialRefused; `isOutdated`: whether the device at a leaf is not (or no
 * longer) a listed one of its account, so that anybody may remove it.
 */
export interface Seats {
  readonly accounts: ReadonlyMap<number, string>;
  readonly accountOf: (credential: Credential) => string;
  readonly isOutdated: (leafIndex: number) => boolean;
}

/**
 * Whether an account may change members and roles in a group of `present` accounts: an admin, or
 * everybody when there are no roles or no admin is left.
 */
export function mayChange(
  roles: Roles | undefined,
  present: ReadonlySet<string>,
  account: string,
): boolean {
  return (
    roles === undefined ||
    roles.admins.includes(account) ||
    !roles.admins.some((admin) => present.has(admin))
  );
}

/**
 * Whether this account may make a Commit of these proposals in a group of these extensions.
 *
 * Everybody may update, add and remove devices of the own account, carry out what somebody proposed
 * about the own device, remove devices that are not listed any more, and add listed ones of accounts
 * that are in it. All else is the admins'; both who proposed and who commits it must be allowed to.
 * Throws ValidationError `not_admin`, `roles`; CodecError, CredentialRefused.
 */
export function checkRoles(
  extensions: Extensions,
  seats: Seats,
  committer: string,
  listed: readonly ListedProposal[],
): void {
  const roles = rolesOf(extensions);
  checkSuccessors(extensions, roles, seats, listed);
  const present = new Set(seats.accounts.values());
  const leaving = leavingIn(seats, listed);
  for (const item of listed) {
    for (const actor of [committer, proposerOf(item, seats, committer)]) {
      if (!mayChange(roles, present, actor) && !isFree(item, seats, actor, leaving)) {
        throw new ValidationError(
          NOT_ADMIN,
          `${actor === '' ? 'Somebody outside' : actor} is not an admin of this group and may not ` +
            `change it (${nameOf(ProposalType, item.proposal.type).toLowerCase()}); ask an admin.`,
        );
      }
    }
  }
}

/** The accounts of which a device proposes its own removal. */
function leavingIn(seats: Seats, listed: readonly ListedProposal[]): ReadonlySet<string> {
  const leaving = new Set<string>();
  for (const { proposal, sender } of listed) {
    const owner = proposal instanceof Remove ? seats.accounts.get(proposal.removed) : undefined;
    if (
      owner !== undefined &&
      proposal instanceof Remove &&
      sender.equals(member(proposal.removed))
    ) {
      leaving.add(owner);
    }
  }
  return leaving;
}

/** The account that answers for a proposal, "" for somebody who is not in the group. */
function proposerOf({ sender }: ListedProposal, seats: Seats, committer: string): string {
  if (sender.type === SenderType.MEMBER) {
    return seats.accounts.get(sender.index) ?? '';
  }
  return sender.type === SenderType.NEW_MEMBER_COMMIT ? committer : '';
}

/** Whether everybody may do it. */
function isFree(
  { proposal }: ListedProposal,
  seats: Seats,
  actor: string,
  leaving: ReadonlySet<string>,
): boolean {
  if (proposal instanceof Remove) {
    const owner = seats.accounts.get(proposal.removed);
    return (
      (owner !== undefined && (leaving.has(owner) || owner === actor)) ||
      seats.isOutdated(proposal.removed)
    );
  }
  if (proposal instanceof Add) {
    const owner = seats.accountOf(proposal.keyPackage.leafNode.credential);
    return Array.from(seats.accounts.values()).includes(owner) && !leaving.has(owner);
  }
  return !(proposal instanceof GroupContextExtensions || proposal instanceof ReInit);
}

/** New extensions keep the roles, if there were any, and name members only. */
function checkSuccessors(
  extensions: Extensions,
  roles: Roles | undefined,
  seats: Seats,
  listed: readonly ListedProposal[],
): void {
  for (const { proposal } of listed) {
    if (!(proposal instanceof GroupContextExtensions)) {
      continue;
    }
    const after = rolesOf(proposal.extensions);
    ensure(
      (roles === undefined) === (after === undefined),
      BAD_ROLES,
      'A group begins with roles or without; a Commit can neither bring nor end them.',
    );
    const before = findExtension(extensions, ROLES);
    const body = findExtension(proposal.extensions, ROLES);
    if (after === undefined || before === undefined || body === undefined) {
      continue;
    }
    if (equalBytes(before, body)) {
      continue;
    }
    const here = accountsAfter(seats, listed);
    const [stranger] = after.admins.filter((uri) => !here.has(uri));
    ensure(
      stranger === undefined,
      BAD_ROLES,
      `A Commit would make somebody an admin who is not in the group: ${stranger ?? ''}.`,
    );
  }
}

function accountsAfter(seats: Seats, listed: readonly ListedProposal[]): ReadonlySet<string> {
  const gone = new Set<number>();
  const here = new Set<string>();
  for (const { proposal } of listed) {
    if (proposal instanceof Remove) {
      gone.add(proposal.removed);
    } else if (proposal instanceof Add) {
      here.add(seats.accountOf(proposal.keyPackage.leafNode.credential));
    }
  }
  for (const [leafIndex, account] of seats.accounts) {
    if (!gone.has(leafIndex)) {
      here.add(account);
    }
  }
  return here;
}
