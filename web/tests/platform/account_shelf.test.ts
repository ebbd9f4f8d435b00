import { expect, test } from 'vitest';

import { AccountShelf, type Shelf } from '../../src/platform/account_shelf.ts';

const ANNA = { slot: 'device', address: 'anna@example.org' } as const;
const LINDE = { slot: 'device-2', address: 'linde@example.org' } as const;

class Memory implements Shelf {
  readonly kept = new Map<string, string>();

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

/** A tab of a browser. */
function tab(local = new Memory(), session = new Memory()): AccountShelf {
  return new AccountShelf(
    () => local,
    () => session,
  );
}

test('one begins in the first slot', () => {
  expect(tab().slot(null)).toBe('device');
  expect(tab().chosen).toBeUndefined();
});

test('a reload stays where it was, and two tabs show two accounts', () => {
  const local = new Memory();
  const sessions = [new Memory(), new Memory()] as const;
  tab(local, sessions[0]).list([ANNA, LINDE]);
  tab(local, sessions[1]).choose('device-2');
  expect(tab(local, sessions[0]).slot(null)).toBe('device');
  expect(tab(local, sessions[1]).slot(null)).toBe('device-2');
  expect(tab(local, sessions[1]).chosen).toBe('device-2');
});

test('where there is one account only, in whichever slot, a new tab shows that', () => {
  const local = new Memory();
  tab(local).list([LINDE]);
  expect(tab(local).slot(null)).toBe('device-2');
});

test('a notification of an account opens that one', () => {
  const [local, session] = [new Memory(), new Memory()];
  tab(local, session).choose('device');
  expect(tab(local, session).slot('device-2')).toBe('device-2');
  expect(tab(local, session).slot('device-3')).toBe('device');
});

test.each(['', '{', 'null', '{"slot":"device"}', '[1,null,{"slot":"device-3","address":"a@b"}]'])(
  'what is listed as %j does no harm',
  (kept) => {
    const local = new Memory();
    local.setItem('plausch.accounts', kept);
    expect(tab(local).listed()).toEqual([]);
    expect(tab(local).slot(null)).toBe('device');
  },
);

test('each slot is listed once, in order', () => {
  const local = new Memory();
  local.setItem('plausch.accounts', JSON.stringify([LINDE, ANNA, { ...ANNA, address: 'b@c' }]));
  expect(tab(local).listed()).toEqual([ANNA, LINDE]);
});

test('for which account a link is meant is remembered for that link', () => {
  const one = tab();
  expect(one.isMeant('/linde')).toBe(false);
  one.mean('/linde');
  expect(one.isMeant('/linde')).toBe(true);
  expect(one.isMeant('/ben')).toBe(false);
});

test('a browser that keeps nothing has one account', () => {
  const refuse = (): never => {
    throw new DOMException('private', 'SecurityError');
  };
  const shelf = new AccountShelf(refuse, refuse);
  shelf.choose('device-2');
  shelf.list([ANNA]);
  shelf.mean('/');
  expect([shelf.slot(null), shelf.chosen, shelf.listed()]).toEqual(['device', undefined, []]);
  expect(shelf.isMeant('/')).toBe(false);
});
