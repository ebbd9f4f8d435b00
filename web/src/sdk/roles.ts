/** Who may change a group: the roles in its GroupContext, seen with the accounts known here. */

import { RemoteError } from '../base/errors.ts';
import { AccountAddress, NameRefused } from '../base/ids.ts';
import { ProtocolError, ValidationError } from '../mls/errors.ts';
import type { Extensions } from '../mls/extension.ts';
import type { Group } from '../mls/group.ts';
import { Remove } from '../mls/proposal.ts';
import {
  checkRoles,
  mayChange,
  NOT_ADMIN,
  Roles,
  rolesOf,
  type Seats,
  withRoles,
} from '../mls/roles.ts';
import type { ListedProposal } from '../mls/validation.ts';
import type { KeptConversation } from '../vault/conversations.ts';
import type { Core } from './core.ts';
import { NotAdmin, SdkError } from './errors.ts';

/**
 * A certificate that expires within a day counts as expired when somebody else removes its device:
 * clocks differ.
 */
export const CLOCK_GRACE_S = 24 * 3600;

/**
 * The accounts named as admins, undefined in a group without roles. Throws RemoteError when they
 * cannot be read.
 */
export function adminsIn(extensions: Extensions): readonly AccountAddress[] | undefined {
  try {
    return rolesOf(extensions)?.admins.map((uri) => AccountAddress.parseUri(uri));
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof NameRefused) {
      throw new RemoteError(`The admins of a group cannot be read: ${error.message}`, {
        code: 'bad_roles',
        cause: error,
      });
    }
    throw error;
  }
}

/** Whether an account may add and remove others and name admins, as far as is known here. */
export function mayAdministrate(kept: KeptConversation, account: AccountAddress): boolean {
  const admins = kept.presentAdmins;
  return admins.length === 0 || admins.some((admin) => admin.equals(account));
}

/** Throws NotAdmin. */
export function demandAdmin(core: Core, kept: KeptConversation): void {
  if (!mayAdministrate(kept, core.address)) {
    throw new NotAdmin(
      `Only an admin of this group may do this: ask ${kept.presentAdmins.map(String).join(', ')}.`,
    );
  }
}

/** The leaves of a group with their accounts. */
export function seatsOf({ trust }: Core, group: Group): Seats {
  const members = new Map(group.members().map((member) => [member.leafIndex, member] as const));
  return {
    accounts: new Map(
      Array.from(members, ([leaf, { credential }]) => [leaf, trust.device(credential).account.uri]),
    ),
    accountOf: (credential) => trust.device(credential).account.uri,
    isOutdated: (leafIndex) => {
      const member = members.get(leafIndex);
      return (
        member !== undefined &&
        trust.verdict(member.credential, member.signatureKey, CLOCK_GRACE_S) === 'outdated'
      );
    },
  };
}

/**
 * What somebody else commits or proposes is theirs to do.
 *
 * A device that is taken out may have gone from a list that this device has not seen: it is looked
 * up before the change is refused. Throws ValidationError, CodecError, Unreachable.
 */
export async function demandAllowed(
  core: Core,
  group: Group,
  by: AccountAddress,
  listed: readonly ListedProposal[],
): Promise<void> {
  const seats = seatsOf(core, group);
  try {
    checkRoles(group.extensions, seats, by.uri, listed);
  } catch (error) {
    const removed = listed.flatMap(({ proposal }) =>
      proposal instanceof Remove ? (seats.accounts.get(proposal.removed) ?? []) : [],
    );
    if (!(error instanceof ValidationError) || error.check !== NOT_ADMIN || removed.length === 0) {
      throw error;
    }
    for (const uri of [...new Set(removed)].sort()) {
      await core.lookUp(AccountAddress.parseUri(uri));
    }
    checkRoles(group.extensions, seats, by.uri, listed);
  }
}

/** Who shall be an admin, and who no longer. */
export interface Naming {
  readonly promote: readonly AccountAddress[];
  readonly demote: readonly AccountAddress[];
}

/**
 * The extensions with the admins as they shall be, undefined when they stay as they are.
 *
 * `staying`: the URIs of accounts in the group before and after. Who is gone is an admin no more, so
 * that nobody who comes again is one unawares. Throws NotAdmin, SdkError `no_roles`, `last_admin`.
 */
export function rolesAfter(
  core: Core,
  group: Group,
  { promote, demote }: Naming,
  staying: ReadonlySet<string>,
): Extensions | undefined {
  const roles = rolesOf(group.extensions);
  const isAsked = promote.length > 0 || demote.length > 0;
  if (roles === undefined) {
    if (isAsked) {
      throw new SdkError('This conversation has no admins: everybody may.', { code: 'no_roles' });
    }
    return undefined;
  }
  const present = new Set(seatsOf(core, group).accounts.values());
  if (!mayChange(roles, present, core.address.uri)) {
    if (isAsked) {
      throw new NotAdmin('Only an admin of this group may name or dismiss admins.');
    }
    return undefined;
  }
  const dismissed = new Set(demote.map(({ uri }) => uri));
  const named = [...roles.admins, ...promote.map(({ uri }) => uri)].filter(
    (uri) => staying.has(uri) && !dismissed.has(uri),
  );
  if (named.length === 0) {
    if (isAsked) {
      throw new SdkError('A group has an admin at least: make somebody else one first.', {
        code: 'last_admin',
      });
    }
    return undefined;
  }
  const after = Roles.of(named);
  const isSame = after.admins.join('\n') === roles.admins.join('\n');
  return isSame ? undefined : withRoles(group.extensions, after);
}

/**
 * Who becomes an admin when this account, the only one, leaves: who is in it the longest, that is
 * whose leaf is the leftmost. Undefined when nobody has to.
 */
export function heirOf(
  core: Core,
  kept: KeptConversation,
  group: Group,
): AccountAddress | undefined {
  const [admin, ...others] = kept.presentAdmins;
  if (admin === undefined || others.length > 0 || !admin.equals(core.address)) {
    return undefined;
  }
  return group
    .members()
    .map(({ credential }) => core.trust.device(credential).account)
    .find((account) => !account.equals(core.address));
}
