import 'fake-indexeddb/auto';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { browserAccounts } from '../src/browser_accounts.ts';
import type { AccountSide } from '../src/models/account_switch.svelte.ts';
import { AccountShelf } from '../src/platform/account_shelf.ts';
import { type CountChannel, UnreadCounts } from '../src/platform/unread_counts.ts';

const CHANNEL: CountChannel = { onmessage: null, postMessage: () => undefined };
const COUNTS = new UnreadCounts(indexedDB, CHANNEL);
const ANNA = { slot: 'device', address: 'anna@example.org' } as const;

let local: Map<string, string>;
let session: Map<string, string>;
let replaced: string[];
let reloads: number;

beforeEach(() => {
  local = new Map();
  session = new Map();
  replaced = [];
  reloads = 0;
  vi.stubGlobal('history', {
    replaceState: (_state: unknown, _title: string, path: string) => replaced.push(path),
  });
  at('/', '', '');
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function at(pathname: string, search: string, hash: string): void {
  const reload = (): void => {
    reloads += 1;
  };
  vi.stubGlobal('location', { pathname, search, hash, reload });
}

function shelf(kept: Map<string, string>): () => Pick<Storage, 'getItem' | 'setItem'> {
  return () => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  });
}

/** The page as it is after a load. */
function loaded(): AccountSide {
  const accounts = new AccountShelf(shelf(local), shelf(session));
  return browserAccounts(accounts, accounts.slot(null), COUNTS);
}

test('a page stays where it is once it has an account, and is listed', () => {
  expect(loaded().isChosen).toBe(false);
  loaded().stay();
  loaded().list([ANNA]);
  expect(loaded()).toMatchObject({ slot: 'device', isChosen: true });
  expect(loaded().listed()).toEqual([ANNA]);
});

test('to show the other account the page is loaded anew, also at the same address', () => {
  at('/', '', '#/link/abc');
  loaded().show('device-2');
  expect([replaced, reloads]).toEqual([['/#/link/abc'], 1]);
  expect(loaded()).toMatchObject({ slot: 'device-2', isChosen: true });
  loaded().show('device', '/');
  expect(replaced.at(-1)).toBe('/');
  expect(loaded().slot).toBe('device');
});

test('what a notification has put into the address does not lead back', () => {
  at('/linde', '?account=device-2&text=Hello', '');
  loaded().show('device');
  expect(replaced).toEqual(['/linde?text=Hello']);
  loaded().mean();
  at('/linde', '?text=Hello', '');
  expect(loaded().isMeant()).toBe(true);
  at('/ben', '', '');
  expect(loaded().isMeant()).toBe(false);
});

test('the other account’s number is read and heard', async () => {
  await COUNTS.put('device-2', 3);
  expect(await loaded().unread('device-2')).toBe(3);
  const heard: unknown[] = [];
  loaded().onUnread((...said) => heard.push(said));
  CHANNEL.onmessage?.({ data: { slot: 'device-2', unread: 4 } } as MessageEvent);
  expect(heard).toEqual([['device-2', 4]]);
});

test('an empty browser has no account anywhere', async () => {
  expect(await loaded().isTaken('device-2')).toBe(false);
});
