/** The app and its notices: what is told leads to a notification, a tone, a badge or their end. */

import { expect, test } from 'vitest';

import type { ListedAccount } from '../../src/base/account_slots.ts';
import type { Notice } from '../../src/base/notices.ts';
import { type AccountSide, ONE_ACCOUNT } from '../../src/models/account_switch.svelte.ts';
import { App } from '../../src/models/app.svelte.ts';
import { NO_NOTICES } from '../../src/models/notifier.svelte.ts';
import { Preferences } from '../../src/models/preferences.svelte.ts';
import { FakeDevice } from '../stage/fake.ts';
import { Clock } from './clock.ts';
import { ANNA, BEN, conversation } from './writing.ts';

interface World {
  readonly app: App;
  readonly device: FakeDevice;
  readonly clock: Clock;
  readonly shown: Notice[];
  readonly closed: string[];
  readonly done: string[];
  chimes: number;
  isHidden: boolean;
}

async function ready(hash = '', accounts: AccountSide = ONE_ACCOUNT): Promise<World> {
  const clock = new Clock();
  const device = new FakeDevice(() => clock.now());
  device.own = { address: ANNA, device: '00', kind: 'person' };
  device.add(conversation({ id: 'aa' }));
  const preferences = new Preferences(undefined, { wishes: ['en'], isTouch: false });
  preferences.setNotifies(true);
  const made = {
    device,
    clock,
    shown: [] as Notice[],
    closed: [] as string[],
    done: [] as string[],
    chimes: 0,
    isHidden: true,
  };
  const app = new App({
    messenger: device,
    preferences,
    place: { hash, host: 'app.example.org', go: () => undefined },
    timers: clock,
    accounts,
    reload: () => made.done.push('reload'),
    notices: {
      ...NO_NOTICES,
      isHidden: () => made.isHidden,
      chime: () => {
        made.chimes += 1;
      },
      board: {
        ...NO_NOTICES.board,
        permission: 'granted',
        show: (notice) => {
          made.shown.push(notice);
          return Promise.resolve();
        },
        close: (tag) => {
          made.closed.push(tag);
          return Promise.resolve();
        },
        subscribe: () => Promise.resolve('https://push.example/1'),
        unsubscribe: () => {
          made.done.push('unsubscribe');
          return Promise.resolve();
        },
      },
    },
  });
  await app.begin();
  await clock.pass(0);
  return Object.assign(made, { app });
}

function asked({ device }: World, operation: string): number {
  return device.asked.filter((one) => one.operation === operation).length;
}

test('a browser that wants it is handed in as soon as there is a connection', async () => {
  const made = await ready();
  expect(asked(made, 'setWakeUp')).toBe(1);
  made.device.tell({ what: 'connection', isOnline: false, code: 'unreachable' });
  made.device.tell({ what: 'connection', isOnline: true, code: '' });
  await made.clock.pass(100);
  expect(asked(made, 'setWakeUp')).toBe(1);
});

test('a new message is notified while the page is hidden, with the first of its conversation too', async () => {
  const made = await ready();
  made.device.receive('aa', { sender: BEN, text: 'Hello' });
  made.device.add(conversation({ id: 'bb', peer: 'ida@example.org' }));
  made.device.receive('bb', { sender: 'ida@example.org', text: 'Hi' });
  await made.clock.pass(100);
  expect(made.shown.map(({ tag, body }) => [tag, body])).toEqual([
    ['aa', 'Hello'],
    ['bb', 'Hi'],
  ]);
});

test('nobody is told of whom they have blocked', async () => {
  const made = await ready();
  made.app.contacts.set(BEN, { address: BEN, kind: 'person', state: 'pinned', isBlocked: true });
  made.device.receive('aa', { sender: BEN });
  await made.clock.pass(100);
  expect(made.shown).toEqual([]);
});

test('while it is looked at there is a tone, but for the open conversation', async () => {
  const made = await ready('#/c/aa');
  made.isHidden = false;
  made.device.add(conversation({ id: 'bb' }));
  made.device.receive('aa', { sender: BEN });
  await made.clock.pass(100);
  expect(made.chimes).toBe(0);
  made.device.receive('bb', { sender: BEN });
  await made.clock.pass(100);
  expect(made.chimes).toBe(1);
});

test('what was read is not shown any more', async () => {
  const made = await ready();
  made.device.receive('aa', { sender: BEN });
  await made.clock.pass(100);
  expect(made.closed).toEqual([]);
  await made.device.ask('markRead', { conversation: 'aa' });
  await made.clock.pass(100);
  expect(made.closed).toContain('aa');
});

test('the count leaves out what is muted', async () => {
  const made = await ready();
  made.device.turn('aa', { unread: 2 });
  await made.clock.pass(100);
  expect(made.app.inbox.unreadCount).toBe(1);
  made.device.turn('aa', { mutedUntilMs: Number.MAX_SAFE_INTEGER });
  await made.clock.pass(100);
  expect(made.app.inbox.unreadCount).toBe(0);
});

test('an erased browser is woken no more before it begins anew', async () => {
  const made = await ready();
  made.device.tell({ what: 'reset' });
  await made.clock.pass(100);
  expect(made.done).toEqual(['unsubscribe', 'reload']);
});

test('an erased account of two gives its tab to the other one', async () => {
  const shown: string[] = [];
  let listed: readonly ListedAccount[] = [
    { slot: 'device', address: ANNA },
    { slot: 'device-2', address: 'linde@example.org' },
  ];
  const made = await ready('', {
    ...ONE_ACCOUNT,
    listed: () => listed,
    list: (accounts) => {
      listed = accounts;
    },
    show: (slot) => shown.push(slot),
  });
  made.device.tell({ what: 'reset' });
  await made.clock.pass(100);
  expect(made.done).toEqual(['unsubscribe']);
  expect(shown).toEqual(['device-2']);
  expect(listed).toEqual([{ slot: 'device-2', address: 'linde@example.org' }]);
});

test('a tab that hears late of the erasing does not end what wakes the other account', async () => {
  const shown: string[] = [];
  let listed: readonly ListedAccount[] = [
    { slot: 'device', address: ANNA },
    { slot: 'device-2', address: 'linde@example.org' },
  ];
  const made = await ready('', {
    ...ONE_ACCOUNT,
    listed: () => listed,
    show: (slot) => shown.push(slot),
  });
  listed = listed.slice(1);
  made.device.tell({ what: 'reset' });
  await made.clock.pass(100);
  expect(made.done).toEqual([]);
  expect(shown).toEqual(['device-2']);
});

test('of two accounts a notification says of which it is', async () => {
  const listed = [{ slot: 'device', address: ANNA } as const];
  const made = await ready('', { ...ONE_ACCOUNT, slot: 'device-2', listed: () => listed });
  made.device.receive('aa', { sender: BEN, text: 'Hello', sentAtMs: made.clock.now() });
  await made.clock.pass(100);
  expect(made.shown).toMatchObject([{ slot: 'device-2', tag: 'aa device-2' }]);
  expect(made.shown[0]?.title).toContain('anna');
});

test('no account in this slot, and one in the other: the page goes there', async () => {
  const shown: string[] = [];
  const device = new FakeDevice(() => 0);
  const clock = new Clock();
  const app = new App({
    messenger: device,
    preferences: new Preferences(undefined, { wishes: ['en'], isTouch: false }),
    place: { hash: '', host: 'app.example.org', go: () => undefined },
    timers: clock,
    reload: () => undefined,
    accounts: {
      ...ONE_ACCOUNT,
      isChosen: false,
      listed: () => [{ slot: 'device-2', address: 'linde@example.org' }],
      show: (slot) => shown.push(slot),
    },
  });
  await app.begin();
  expect(app.phase).toBe('opening');
  expect(shown).toEqual(['device-2']);
});
