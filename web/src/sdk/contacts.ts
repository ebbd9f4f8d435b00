/** Accounts this device knows, and how sure it is of them. */

import { EMPTY, equalBytes } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { type DeviceList, parseDeviceList } from '../identity/device_list.ts';
import { IdentityRefused } from '../identity/errors.ts';
import type { AccountKind, ContactState, KeptAccount } from '../vault/accounts.ts';

export type { AccountKind, ContactState } from '../vault/accounts.ts';

/**
 * An account as this device knows it.
 *
 * `isKnown`: this person wrote to it or accepted its request.
 */
export interface Contact {
  readonly address: AccountAddress;
  readonly kind: AccountKind;
  readonly state: ContactState;
  readonly isKnown: boolean;
  readonly isBlocked: boolean;
}

/** The public form. */
export function contactOf({ address, kind, state, isKnown, isBlocked }: KeptAccount): Contact {
  return { address, kind, state, isKnown, isBlocked };
}

/** An account that is pinned now. */
export function firstSeen(
  address: AccountAddress,
  kind: AccountKind,
  list: DeviceList,
): KeptAccount {
  return {
    address,
    kind,
    identityKey: list.identityKey,
    deviceList: list.raw,
    state: 'pinned',
    isKnown: false,
    isBlocked: false,
    offeredKey: EMPTY,
    offeredList: EMPTY,
  };
}

/** No key waits any more; whichever is pinned then has to be compared (again). */
export function settled(kept: KeptAccount): KeptAccount {
  return { ...kept, state: 'pinned', offeredKey: EMPTY, offeredList: EMPTY };
}

/**
 * Whether a person has to be told. A third key is told as well: what was compared with the second
 * is worth nothing then.
 */
export function looksOther(before: KeptAccount | undefined, now: KeptAccount): boolean {
  return (
    before?.state !== now.state ||
    before.isKnown !== now.isKnown ||
    before.isBlocked !== now.isBlocked ||
    !equalBytes(before.identityKey, now.identityKey) ||
    !equalBytes(before.offeredKey, now.offeredKey)
  );
}

/**
 * What this device knows together with what another one of this account has handed on, whose pins
 * are older and count: where the server has shown this device another key than they say, a person
 * has to decide.
 *
 * Throws IdentityRefused when a list is not that of its key, or the two lists of one key belong to
 * different histories.
 */
export function merged(here: KeptAccount | undefined, handed: KeptAccount): KeptAccount {
  const list = listOf(handed.address, handed.identityKey, handed.deviceList);
  if (handed.offeredKey.length > 0) {
    listOf(handed.address, handed.offeredKey, handed.offeredList);
  }
  if (here === undefined) {
    return handed;
  }
  const isKnown = here.isKnown || handed.isKnown;
  const isBlocked = here.isBlocked || handed.isBlocked;
  if (!equalBytes(here.identityKey, handed.identityKey)) {
    const { identityKey: offeredKey, deviceList: offeredList } = here;
    const isSettled = handed.offeredKey.length === 0;
    return {
      ...{ ...handed, isKnown, isBlocked },
      ...(isSettled ? { state: 'changed' as const, offeredKey, offeredList } : {}),
    };
  }
  const known = parseDeviceList(here.deviceList);
  const isNewer = list.seq > known.seq;
  if (isNewer) {
    list.supersedes(known.raw);
  } else {
    known.supersedes(list.raw);
  }
  const deviceList = isNewer ? list.raw : known.raw;
  if (here.state === 'pinned' && handed.state !== 'pinned') {
    return { ...handed, deviceList, isKnown, isBlocked };
  }
  return { ...here, deviceList, isKnown, isBlocked };
}

function listOf(address: AccountAddress, identityKey: Uint8Array, raw: Uint8Array): DeviceList {
  const list = parseDeviceList(raw);
  if (!list.account.equals(address) || !equalBytes(list.identityKey, identityKey)) {
    throw new IdentityRefused(`A device list is not one of ${address.toString()} and its key.`, {
      code: 'device_list_account',
    });
  }
  return list;
}
