/** The accounts of this browser, and the way from one to the other, from this browser's globals. */

import type { AccountSlot } from './base/account_slots.ts';
import type { AccountSide } from './models/account_switch.svelte.ts';
import type { AccountShelf } from './platform/account_shelf.ts';
import type { UnreadCounts } from './platform/unread_counts.ts';

/** `slot`: the one that this page has opened. */
export function browserAccounts(
  shelf: AccountShelf,
  slot: AccountSlot,
  counts: UnreadCounts,
): AccountSide {
  return {
    slot,
    isChosen: shelf.chosen === slot,
    listed: () => shelf.listed(),
    list: (accounts) => {
      shelf.list(accounts);
    },
    stay: () => {
      shelf.choose(slot);
    },
    isTaken: async (other) => (await import('./vault/taken.ts')).isTaken(indexedDB, other),
    show: (other, path) => {
      shelf.choose(other);
      history.replaceState(null, '', path ?? here());
      location.reload();
    },
    mean: () => {
      shelf.mean(here());
    },
    isMeant: () => shelf.isMeant(here()),
    unread: (other) => counts.get(other),
    onUnread: (tell) => {
      counts.watch(tell);
    },
  };
}

/** The address without what a notification has put there. */
function here(): string {
  const { pathname, search, hash } = location;
  const wishes = new URLSearchParams(search);
  wishes.delete('account');
  const rest = wishes.size === 0 ? '' : `?${wishes.toString()}`;
  return `${pathname}${rest}${hash}`;
}
