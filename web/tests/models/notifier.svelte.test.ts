import { expect, test } from 'vitest';

import { type AccountSlot, FIRST_SLOT } from '../../src/base/account_slots.ts';
import { NO_NOTICES, Notifier } from '../../src/models/notifier.svelte.ts';
import { Preferences } from '../../src/models/preferences.svelte.ts';
import type { Notice, NoticeChoices, Permission } from '../../src/base/notices.ts';
import type { ConversationView } from '../../src/sdk/protocol.ts';
import { ANSWER_MS } from '../../src/models/notices.ts';
import { speak } from '../../src/words/words.svelte.ts';
import { FakeDevice, refusal } from '../stage/fake.ts';
import { Clock, settled } from './clock.ts';
import { ANNA, BEN, bookingCard, conversation, message, NOON_MS } from './writing.ts';

interface World {
  readonly notifier: Notifier;
  readonly device: FakeDevice;
  readonly preferences: Preferences;
  readonly shown: Notice[];
  readonly closed: string[];
  readonly badges: number[];
  readonly tallies: number[];
  readonly kept: NoticeChoices[];
  permission: Permission;
  wished: Permission;
  endpoint: string | undefined;
  isHidden: boolean;
  chimes: number;
  subscriptions: number;
  isSubscribed: boolean;
  isOneOfTwo: boolean;
  view: ConversationView | undefined;
  isTended: boolean;
  readonly clock: Clock;
}

const VIEW = conversation({ id: 'c1', unread: 1 });

function world(permission: Permission = 'default', slot: AccountSlot = FIRST_SLOT): World {
  const device = new FakeDevice(() => NOON_MS);
  const preferences = new Preferences(undefined, { wishes: ['en'], isTouch: false });
  const made: Omit<World, 'notifier'> = {
    device,
    preferences,
    shown: [],
    closed: [],
    badges: [],
    tallies: [],
    kept: [],
    permission,
    wished: 'granted',
    endpoint: 'https://push.example/1',
    isHidden: true,
    chimes: 0,
    subscriptions: 0,
    isSubscribed: false,
    isOneOfTwo: false,
    view: VIEW,
    isTended: false,
    clock: new Clock(NOON_MS),
  };
  const notifier = new Notifier({
    messenger: device,
    preferences,
    own: () => ANNA,
    timers: made.clock,
    viewOf: () => made.view,
    isTended: () => made.isTended,
    slot,
    isOneOfTwo: () => made.isOneOfTwo,
    drop: () => {
      made.kept.length = 0;
      return Promise.resolve();
    },
    isHidden: () => made.isHidden,
    chime: () => {
      made.chimes += 1;
    },
    keep: (choices) => {
      made.kept.push(choices);
      return Promise.resolve();
    },
    tally: (unread) => {
      made.tallies.push(unread);
      return Promise.resolve();
    },
    board: {
      get permission(): Permission {
        return made.permission;
      },
      ask: () => {
        made.permission = made.wished;
        return Promise.resolve(made.permission);
      },
      show: (notice) => {
        made.shown.push(notice);
        return Promise.resolve();
      },
      close: (tag) => {
        made.closed.push(tag);
        return Promise.resolve();
      },
      badge: (count) => made.badges.push(count),
      subscribe: () => {
        made.subscriptions += 1;
        made.isSubscribed = made.endpoint !== undefined;
        return Promise.resolve(made.endpoint);
      },
      unsubscribe: () => {
        made.isSubscribed = false;
        return Promise.resolve();
      },
    },
  });
  return Object.assign(made, { notifier });
}

async function listening(slot: AccountSlot = FIRST_SLOT): Promise<World> {
  const made = world('default', slot);
  await made.notifier.turnOn();
  made.device.asked.length = 0;
  return made;
}

function asked({ device }: World): readonly string[] {
  return device.asked.map(({ operation }) => operation);
}

test('nothing is asked of the browser by itself', async () => {
  const made = world();
  await made.notifier.online();
  made.notifier.arrived(message({ id: 'm' }), false, false);
  expect(made.permission).toBe('default');
  expect(made.notifier.isOn).toBe(false);
  expect(asked(made)).toEqual([]);
  expect(made.shown).toEqual([]);
});

test('turned on, the server is told where this browser is woken', async () => {
  const made = world();
  await made.notifier.turnOn();
  expect(made.notifier.isOn).toBe(true);
  expect(made.notifier.isWoken).toBe(true);
  expect(made.preferences.notifies).toBe(true);
  expect(made.device.asked).toEqual([
    { operation: 'wakeUpKey', asked: {} },
    { operation: 'setWakeUp', asked: { endpoint: 'https://push.example/1' } },
  ]);
});

test('it is handed in once in a page, however often the connection comes back', async () => {
  const made = await listening();
  await made.notifier.online();
  await made.notifier.online();
  expect(asked(made)).toEqual([]);
});

test('two connections at once hand it in once', async () => {
  const made = world('granted');
  made.preferences.setNotifies(true);
  await Promise.all([made.notifier.online(), made.notifier.online()]);
  expect(made.subscriptions).toBe(1);
});

test('who says no is not asked again, and nothing is on', async () => {
  const made = world();
  made.wished = 'denied';
  await made.notifier.turnOn();
  expect(made.notifier.permission).toBe('denied');
  expect(made.notifier.isOn).toBe(false);
  expect(made.preferences.notifies).toBe(false);
  expect(asked(made)).toEqual([]);
});

test('without a push service notifications come only while a page is open', async () => {
  const made = world();
  made.endpoint = undefined;
  await made.notifier.turnOn();
  expect(made.notifier.isOn).toBe(true);
  expect(made.notifier.isWoken).toBe(false);
  made.notifier.arrived(message({ id: 'm' }), false, false);
  expect(made.shown).toHaveLength(1);
});

test('a server that cannot be reached is told at the next connection', async () => {
  const made = world();
  const ask = made.device.ask.bind(made.device);
  made.device.ask = () => Promise.reject(refusal('unreachable'));
  await made.notifier.turnOn();
  expect(made.notifier.isWoken).toBe(false);
  made.device.ask = ask;
  await made.notifier.online();
  expect(made.notifier.isWoken).toBe(true);
});

test('a defect is not swallowed', async () => {
  const made = world();
  made.device.ask = () => Promise.reject(new TypeError('a defect'));
  await expect(made.notifier.turnOn()).rejects.toThrow('a defect');
});

test('turned off, browser and server are told', async () => {
  const made = await listening();
  await made.notifier.turnOff();
  expect(made.notifier.isOn).toBe(false);
  expect(made.isSubscribed).toBe(false);
  expect(asked(made)).toEqual(['dropWakeUp']);
  made.device.ask = () => Promise.reject(refusal('unreachable'));
  await made.notifier.turnOff();
});

test('a message is notified while nobody looks', async () => {
  const made = await listening();
  made.notifier.arrived(message({ id: 'm', text: 'Soup' }), false, false);
  expect(made.shown).toMatchObject([{ tag: 'c1', title: 'ben', body: 'Soup' }]);
  expect(made.chimes).toBe(0);
});

test('while somebody looks there is a tone instead, unless it is what they look at', async () => {
  const made = await listening();
  made.isHidden = false;
  made.notifier.arrived(message({ id: 'm' }), true, false);
  expect(made.chimes).toBe(0);
  made.notifier.arrived(message({ id: 'n' }), false, false);
  expect(made.chimes).toBe(1);
  made.preferences.setSounds(false);
  made.notifier.arrived(message({ id: 'o' }), false, false);
  expect(made.chimes).toBe(1);
  expect(made.shown).toEqual([]);
});

test.each([
  ['our own', { sender: ANNA }, {}, false],
  ['old', { sentAtMs: NOON_MS - 60_001 }, {}, false],
  ['edited', { isEdited: true }, {}, false],
  ['muted', {}, { mutedUntilMs: NOON_MS + 1 }, false],
  ['of somebody blocked', {}, {}, true],
  ['without a mention', {}, { isMentionsOnly: true }, false],
] as const)('not what is %s', async (_, fields, about, isBlocked) => {
  const made = await listening();
  made.view = { ...VIEW, ...about };
  made.notifier.arrived(message({ id: 'm', ...fields }), false, isBlocked);
  made.view = undefined;
  made.notifier.arrived(message({ id: 'm', ...fields }), false, isBlocked);
  made.isHidden = false;
  made.view = { ...VIEW, ...about };
  made.notifier.arrived(message({ id: 'm', ...fields }), false, isBlocked);
  expect(made.shown).toEqual([]);
  expect(made.chimes).toBe(0);
});

test('without sender and text a notification has neither', async () => {
  const made = await listening();
  made.preferences.setShowsText(false);
  made.notifier.arrived(message({ id: 'm', text: 'Secret' }), false, false);
  expect(JSON.stringify(made.shown)).not.toContain('Secret');
});

test('the quiet question comes after the first message, until it is answered', async () => {
  const made = world();
  expect(made.notifier.isHintDue).toBe(false);
  made.notifier.arrived(message({ id: 'm', sender: ANNA }), false, false);
  expect(made.notifier.isHintDue).toBe(false);
  made.notifier.arrived(message({ id: 'm', sender: BEN }), true, false);
  expect(made.notifier.isHintDue).toBe(true);
  await made.notifier.turnOn();
  expect(made.notifier.isHintDue).toBe(false);
  await made.notifier.turnOff();
  expect(made.notifier.isHintDue).toBe(false);
});

test('put off, it does not come again; nor where nothing can be asked', () => {
  const made = world();
  made.notifier.arrived(message({ id: 'm' }), false, false);
  made.preferences.closeHint();
  expect(made.notifier.isHintDue).toBe(false);
  for (const permission of ['denied', 'granted', 'unsupported'] as const) {
    const other = world(permission);
    other.notifier.arrived(message({ id: 'm' }), false, false);
    expect(other.notifier.isHintDue).toBe(false);
  }
});

test('what was read is taken away, and what says no more than "look"', () => {
  const made = world();
  made.notifier.read('c1');
  made.notifier.seen();
  expect(made.closed).toEqual(['c1', 'plausch', 'plausch unread']);
  made.notifier.count(2, 0);
  made.notifier.count(2, 3);
  expect(made.badges).toEqual([2, 5]);
  expect(made.tallies).toEqual([2]); // the other account's own page says its number
});

test('the service worker is told language and whether texts may be shown', async () => {
  const made = world();
  speak('de');
  await made.notifier.keepChoices();
  made.preferences.setShowsText(false);
  speak('en');
  await made.notifier.keepChoices();
  expect(made.kept).toEqual([
    { language: 'de', showsText: true, notifies: false, address: ANNA },
    { language: 'en', showsText: false, notifies: false, address: ANNA },
  ]);
});

test('an erased browser is woken no more', async () => {
  const made = await listening();
  await made.notifier.forget();
  expect(made.isSubscribed).toBe(false);
  expect(made.preferences.notifies).toBe(false);
  made.notifier.count(4, 0); // a page that is still drawn
  expect(made.badges).toEqual([0]);
  expect(made.tallies).toEqual([]);
});

test('what was kept for the service worker goes, and does not come back', async () => {
  const made = await listening();
  await made.notifier.keepChoices();
  expect(made.kept).toHaveLength(1);
  await made.notifier.forget();
  await made.notifier.keepChoices();
  expect(made.kept).toEqual([]);
});

test('of two accounts a notification says of which it is, and its tag is its own', async () => {
  const made = await listening('device-2');
  made.isOneOfTwo = true;
  made.notifier.arrived(message({ id: 'm', text: 'Soup' }), false, false);
  made.preferences.setShowsText(false);
  made.notifier.arrived(message({ id: 'n', text: 'Soup' }), false, false);
  made.notifier.read('c1');
  expect(made.shown).toMatchObject([
    { slot: 'device-2', tag: 'c1 device-2', conversation: 'c1', title: 'ben · to anna' },
    { slot: 'device-2', tag: 'c1 device-2', conversation: 'c1', title: 'Plausch · to anna' },
  ]);
  expect(made.closed).toEqual(['c1 device-2']);
});

test('turned off for one of two accounts, the other one is still woken', async () => {
  const made = await listening();
  made.isOneOfTwo = true;
  await made.notifier.turnOff();
  expect(made.isSubscribed).toBe(true);
  expect(asked(made)).toEqual(['dropWakeUp']);
  await made.notifier.online();
  expect(asked(made)).toEqual(['dropWakeUp']);
});

test('a server that did not hear it is told at the next connection, once', async () => {
  const made = await listening();
  made.isOneOfTwo = true;
  const ask = made.device.ask.bind(made.device);
  made.device.ask = () => Promise.reject(refusal('unreachable'));
  await made.notifier.turnOff();
  made.device.ask = ask;
  await made.notifier.online();
  await made.notifier.online();
  expect(asked(made)).toEqual(['dropWakeUp']);
  await made.notifier.turnOn();
  expect(made.notifier.isWoken).toBe(true);
});

test('a browser with nothing of the kind is left in peace', async () => {
  const device = new FakeDevice(() => NOON_MS);
  const preferences = new Preferences(undefined, { wishes: ['en'], isTouch: false });
  const notifier = new Notifier({
    ...NO_NOTICES,
    messenger: device,
    preferences,
    own: () => ANNA,
    timers: new Clock(NOON_MS),
    viewOf: () => VIEW,
    isTended: () => false,
    slot: FIRST_SLOT,
    isOneOfTwo: () => false,
  });
  await notifier.turnOn();
  notifier.arrived(message({ id: 'm' }), false, false);
  notifier.read('c1');
  notifier.count(1, 0);
  await notifier.keepChoices();
  await notifier.turnOff();
  await notifier.forget();
  await settled();
  expect(notifier.isOn).toBe(false);
  expect(notifier.isHintDue).toBe(false);
});

test('what the agent answers in time nobody is told of; what it leaves to people, they are', async () => {
  const made = await listening();
  made.isTended = true;
  made.notifier.arrived(message({ id: 'm' }), false, false);
  made.view = { ...VIEW, unread: 0 };
  await made.clock.pass(ANSWER_MS);
  expect(made.shown).toEqual([]);
  made.view = { ...VIEW, unread: 1 };
  made.notifier.arrived(message({ id: 'n', text: 'A person, please' }), false, false);
  await made.clock.pass(ANSWER_MS - 1);
  expect(made.shown).toEqual([]);
  await made.clock.pass(1);
  await settled();
  expect(made.shown).toMatchObject([{ tag: 'c1', body: 'A person, please' }]);
  made.device.settled.add('p'); // behind the one that waits
  made.notifier.arrived(message({ id: 'p' }), false, false);
  await made.clock.pass(ANSWER_MS);
  await settled();
  expect(made.shown).toHaveLength(1);
  made.notifier.arrived(message({ id: 'o' }), false, false);
  made.view = undefined; // left meanwhile
  await made.clock.pass(ANSWER_MS);
  expect(made.shown).toHaveLength(1);
});

test('that something is booked is told once, and stays when the conversation is read', async () => {
  const made = await listening();
  made.isTended = true;
  made.view = { ...VIEW, unread: 0 };
  const booked = { sender: ANNA, kind: 'card', text: 'Confirmed: Friday, 7 pm' } as const;
  for (const state of ['sent', 'delivered', 'read'] as const) {
    made.notifier.arrived(
      message({ id: 'b', ...booked, state, card: bookingCard('confirmed') }),
      false,
      false,
    );
    made.notifier.read('c1');
  }
  expect(made.shown).toMatchObject([{ title: 'ben', body: 'Confirmed: Friday, 7 pm' }]);
  expect(made.closed).not.toContain(made.shown[0]?.tag);
  const again = { ...booked, text: 'Confirmed already', card: bookingCard('confirmed') };
  made.notifier.arrived(message({ id: 'e', ...again }), false, false);
  const held = bookingCard('held');
  made.notifier.arrived(message({ id: 'c', ...booked, card: held }), false, false);
  made.isHidden = false;
  made.notifier.arrived(
    message({ id: 'd', ...booked, card: bookingCard('cancelled') }),
    false,
    false,
  );
  expect([made.shown.length, made.chimes]).toEqual([1, 0]);
});
