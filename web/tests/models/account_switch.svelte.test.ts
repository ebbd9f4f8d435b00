import { expect, test } from 'vitest';

import type { AccountSlot, ListedAccount } from '../../src/base/account_slots.ts';
import {
  type AccountSide,
  AccountSwitch,
  ONE_ACCOUNT,
} from '../../src/models/account_switch.svelte.ts';

const ANNA = { slot: 'device', address: 'anna@example.org' } as const;
const LINDE = { slot: 'device-2', address: 'linde@example.org' } as const;

/** A tab of a browser that lists these accounts. */
class Tab implements AccountSide {
  isChosen = true;
  stays = 0;
  meant = false;
  taken: readonly AccountSlot[] = [];
  readonly shown: (readonly [AccountSlot, string | undefined])[] = [];

  constructor(
    readonly slot: AccountSlot,
    public accounts: readonly ListedAccount[],
  ) {}

  listed(): readonly ListedAccount[] {
    return this.accounts;
  }

  list(accounts: readonly ListedAccount[]): void {
    this.accounts = accounts;
  }

  stay(): void {
    this.stays += 1;
  }

  isTaken(slot: AccountSlot): Promise<boolean> {
    return Promise.resolve(this.taken.includes(slot));
  }

  show(slot: AccountSlot, path?: string): void {
    this.shown.push([slot, path]);
  }

  mean(): void {
    this.meant = true;
  }

  isMeant(): boolean {
    return this.meant;
  }

  readonly counts = new Map<AccountSlot, number>();
  says: (slot: AccountSlot, unread: number) => void = () => undefined;

  unread(slot: AccountSlot): Promise<number> {
    return Promise.resolve(this.counts.get(slot) ?? 0);
  }

  onUnread(tell: (slot: AccountSlot, unread: number) => void): void {
    this.says = tell;
  }
}

test('the other account’s number is read, and heard as it changes; its own is not the other’s', async () => {
  const tab = new Tab('device', [ANNA, LINDE]);
  tab.counts.set('device', 9).set('device-2', 3);
  const accounts = new AccountSwitch(tab);
  accounts.here(ANNA.address);
  await accounts.count();
  expect(accounts.otherUnread).toBe(3);
  tab.says('device-2', 4);
  tab.says('device', 7);
  expect(accounts.otherUnread).toBe(4);
});

test('where there is no other account there is no number', async () => {
  const tab = new Tab('device', [ANNA]);
  tab.counts.set('device-2', 3);
  const accounts = new AccountSwitch(tab);
  tab.says('device-2', 4);
  await accounts.count();
  expect(accounts.otherUnread).toBe(0);
});

test('an account is listed when a page shows it, and there is no other', () => {
  const tab = new Tab('device', []);
  const accounts = new AccountSwitch(tab);
  accounts.here(ANNA.address);
  expect(tab.accounts).toEqual([ANNA]);
  expect(tab.stays).toBe(1);
  expect(accounts.other).toBeUndefined();
});

test('to add one is to go into the free slot; the second account is listed beside the first', () => {
  const first = new Tab('device', [ANNA]);
  new AccountSwitch(first).change();
  expect(first.shown).toEqual([['device-2', '/']]);
  const second = new Tab('device-2', [ANNA]);
  const accounts = new AccountSwitch(second);
  accounts.here(LINDE.address);
  expect(second.accounts).toEqual([ANNA, LINDE]);
  expect(accounts.other).toEqual(ANNA);
  accounts.change();
  expect(second.shown).toEqual([['device', '/']]);
});

test('what another tab has listed meanwhile is not lost', () => {
  const tab = new Tab('device', [ANNA]);
  const accounts = new AccountSwitch(tab);
  tab.accounts = [ANNA, LINDE];
  accounts.here('anna@elsewhere.org');
  expect(tab.accounts).toEqual([{ slot: 'device', address: 'anna@elsewhere.org' }, LINDE]);
});

test('who wanted a second account and has none yet stays, and may go back', async () => {
  const tab = new Tab('device-2', [ANNA]);
  const accounts = new AccountSwitch(tab);
  expect(await accounts.nobody()).toBe(false);
  expect(tab.shown).toEqual([]);
  expect(tab.accounts).toEqual([ANNA]);
  accounts.change();
  expect(tab.shown).toEqual([['device', '/']]);
});

test('who was sent nowhere gets the account that there is', async () => {
  const tab = new Tab('device', [ANNA, LINDE]);
  tab.isChosen = false;
  expect(await new AccountSwitch(tab).nobody()).toBe(true);
  expect(tab.accounts).toEqual([LINDE]);
  expect(tab.shown).toEqual([['device-2', undefined]]);
});

test('a list that was lost is found again in the vaults', async () => {
  const tab = new Tab('device', []);
  tab.isChosen = false;
  tab.taken = ['device-2'];
  expect(await new AccountSwitch(tab).nobody()).toBe(true);
  expect(tab.shown).toEqual([['device-2', undefined]]);
  const chosen = new Tab('device', []);
  chosen.taken = ['device-2'];
  const accounts = new AccountSwitch(chosen);
  accounts.here(ANNA.address);
  expect(accounts.hasUnknown).toBe(false);
  await accounts.lookAround();
  expect(accounts.hasUnknown).toBe(true);
});

test('nothing anywhere: the start page', async () => {
  const tab = new Tab('device', []);
  tab.isChosen = false;
  const accounts = new AccountSwitch(tab);
  expect(await accounts.nobody()).toBe(false);
  expect(accounts.hasUnknown).toBe(false);
});

test('an erased account leaves the list, and its tabs go to the other one', () => {
  const tab = new Tab('device', [ANNA, LINDE]);
  const accounts = new AccountSwitch(tab);
  accounts.here(ANNA.address);
  expect(accounts.erased()).toBe(true);
  expect(tab.accounts).toEqual([LINDE]);
  expect(tab.shown).toEqual([['device-2', '/']]);
  const last = new Tab('device-2', [LINDE]);
  expect(new AccountSwitch(last).erased()).toBe(false);
  expect(last.accounts).toEqual([]);
  expect(last.shown).toEqual([]);
});

test('a link asks for which account it is, once', () => {
  const tab = new Tab('device', [ANNA, LINDE]);
  const accounts = new AccountSwitch(tab);
  accounts.opened();
  expect(accounts.isAsked).toBe(true);
  accounts.mean('device');
  expect(accounts.isAsked).toBe(false);
  expect(tab.shown).toEqual([]);
  accounts.opened();
  expect(accounts.isAsked).toBe(false);
});

test('for the other account the page is loaded anew where it is', () => {
  const tab = new Tab('device', [ANNA, LINDE]);
  const accounts = new AccountSwitch(tab);
  accounts.opened();
  accounts.mean('device-2');
  expect(tab.meant).toBe(true);
  expect(tab.shown).toEqual([['device-2', undefined]]);
});

test('with one account nothing is asked', async () => {
  const accounts = new AccountSwitch(new Tab('device', [ANNA]));
  accounts.opened();
  expect(accounts.isAsked).toBe(false);
  const only = new AccountSwitch(ONE_ACCOUNT);
  only.here(ANNA.address);
  only.opened();
  only.change();
  expect(await only.nobody()).toBe(false);
  expect([only.isAsked, only.other, only.erased()]).toEqual([false, undefined, false]);
});
