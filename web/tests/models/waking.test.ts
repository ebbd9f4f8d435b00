import { expect, test } from 'vitest';

import { MOST_NOTICES, PAGE_MS, PATIENCE_MS, type Shore, wake } from '../../src/models/waking.ts';
import { ANSWER_MS } from '../../src/models/notices.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { settled } from './clock.ts';
import { CAUGHT_UP, IDA, type World, woken, world } from './waking_world.ts';
import { ANNA, BEN, bookingCard, conversation, NOON_MS } from './writing.ts';

test('what is new is shown, one notification for each conversation, newest first', async () => {
  const made = world();
  await woken(made, () => {
    made.device.receive('aa', { sender: BEN, text: 'First', sentAtMs: NOON_MS - 3000 });
    made.device.receive('aa', { sender: BEN, text: 'Second', sentAtMs: NOON_MS - 2000 });
    made.device.receive('bb', { sender: IDA, text: 'Third', sentAtMs: NOON_MS - 1000 });
  });
  expect(made.shown.map(({ tag, title, body }) => [tag, title, body])).toEqual([
    ['bb', 'ida', 'Third'],
    ['aa', 'ben', 'Second'],
  ]);
  expect(made.badges).toEqual([2]);
  expect(made.closes).toBe(1);
});

test('old news of an offline week is news all the same', async () => {
  const made = world();
  await woken(made, () => {
    made.device.receive('aa', { sender: BEN, sentAtMs: NOON_MS - 7 * 86_400_000 });
  });
  expect(made.shown).toHaveLength(1);
});

test('muted, blocked, our own, events and what was read are not', async () => {
  const made = world();
  made.device.turn('bb', { mutedUntilMs: Number.MAX_SAFE_INTEGER });
  made.device.contacts.set('cem@example.org', {
    address: 'cem@example.org',
    kind: 'person',
    state: 'pinned',
    isBlocked: true,
  });
  await woken(made, () => {
    made.device.receive('bb', { sender: IDA });
    made.device.receive('aa', { sender: 'cem@example.org' });
    made.device.receive('aa', { sender: ANNA });
    made.device.receive('aa', { kind: 'event', event: { what: 'left', by: BEN, who: [] } });
  });
  expect(made.shown).toMatchObject([{ body: en.notices.nothingNew, isSilent: true }]);
  expect(made.closes).toBe(1);
});

test('what was read on the way is not shown', async () => {
  const made = world();
  await woken(made, () => {
    made.device.receive('aa', { sender: BEN });
    made.device.turn('aa', { unread: 0 });
  });
  expect(made.shown).toMatchObject([{ body: en.notices.nothingNew }]);
});

test('what a page took as it was closed, and told nobody of, is told then', async () => {
  const made = world();
  made.device.receive('aa', { sender: BEN, text: 'Old', sentAtMs: NOON_MS - 600_000 });
  await woken(made, () => undefined);
  expect(made.shown).toMatchObject([{ body: en.notices.nothingNew }]);
  made.shown.length = 0;
  made.device.receive('aa', { sender: BEN, text: 'New', sentAtMs: NOON_MS - 60_000 });
  made.device.receive('bb', { sender: ANNA, text: 'Mine', sentAtMs: NOON_MS - 60_000 });
  await woken(made, () => undefined);
  expect(made.shown).toMatchObject([{ tag: 'aa', body: 'New', isSilent: false }]);
  made.device.turn('aa', { unread: 0 });
  made.shown.length = 0;
  await woken(made, () => undefined);
  expect(made.shown).toMatchObject([{ body: en.notices.nothingNew }]);
});

test('nothing is added to notifications that are there when there is nothing new', async () => {
  const made = world();
  await woken(made, () => {
    made.device.receive('aa', { sender: BEN });
  });
  await woken(made, () => undefined);
  expect(made.shown).toHaveLength(1);
});

test('a server that is not reached in time: something came, no more is known', async () => {
  const made = world();
  await woken(made, () => undefined, false);
  expect(made.shown).toMatchObject([{ body: en.notices.newMessage, isSilent: false }]);
  expect(made.closes).toBe(1);
});

test('what came until then is shown', async () => {
  const made = world();
  await woken(
    made,
    () => {
      made.device.receive('aa', { sender: BEN, text: 'Half' });
    },
    false,
  );
  expect(made.shown).toMatchObject([{ body: 'Half' }]);
});

test('while somebody looks at a page nothing is shown and nothing opened', async () => {
  const made = world();
  made.isLookedAt = true;
  made.vault = 'damaged';
  await woken(made, () => undefined);
  expect(made.shown).toEqual([]);
  expect(made.hurries).toBe(1);
});

test('who opens the app meanwhile sees it there', async () => {
  const made = world();
  await woken(made, () => {
    made.isLookedAt = true;
    made.device.receive('aa', { sender: BEN });
  });
  expect(made.shown).toEqual([]);
  expect(made.closes).toBe(1);
});

test('a page that has the vault is hurried; it shows what came', async () => {
  const made = world();
  made.vault = 'busy';
  const done = wake(made.shore);
  await settled();
  await made.timers.pass(ANSWER_MS + 5_000); // a business's agent had its time
  made.shown.push({
    slot: 'device',
    tag: 'aa',
    title: 'ben',
    body: 'by the page',
    isSilent: false,
  });
  await made.timers.pass(PAGE_MS);
  await done;
  expect(made.hurries).toBe(1);
  expect(made.shown).toHaveLength(1);
});

test('a page that sleeps shows nothing: so something is said here', async () => {
  const made = world();
  made.vault = 'busy';
  const done = wake(made.shore);
  await settled();
  await made.timers.pass(PAGE_MS);
  await done;
  expect(made.shown).toMatchObject([{ body: en.notices.newMessage }]);
});

test('a vault that cannot be opened, and a board that shows nothing, end quietly', async () => {
  const made = world();
  made.vault = 'damaged';
  await woken(made, () => undefined);
  expect(made.shown).toMatchObject([{ body: en.notices.newMessage }]);
  const refusing: Shore = { ...made.shore, show: () => Promise.reject(new TypeError('denied')) };
  await wake(refusing);
});

test('the device is closed also when it refuses', async () => {
  const made = world();
  made.device.ask = () => Promise.reject(new Error('refused'));
  await woken(made, () => undefined);
  expect(made.closes).toBe(1);
  expect(made.shown).toMatchObject([{ body: en.notices.newMessage }]);
});

test('where there is no account any more, nobody is woken again', async () => {
  const made = world();
  made.device.own = undefined;
  await woken(made, () => undefined);
  expect(made.isSubscribed).toBe(false);
  expect(made.shown).toMatchObject([{ body: en.notices.nothingNew }]);
  expect(made.closes).toBe(1);
});

test('without sender and text if the person wants it so, in their language', async () => {
  const made = world();
  made.showsText = false;
  made.language = 'de';
  await woken(made, () => {
    made.device.receive('aa', { sender: BEN, text: 'Geheim' });
  });
  expect(made.shown).toMatchObject([{ title: 'Plausch', body: de.notices.newMessage }]);
});

test('in the language of the browser when none was chosen', async () => {
  const made = world();
  made.language = '';
  await woken(made, () => undefined);
  expect(made.shown[0]?.body).toBe(de.notices.nothingNew);
  const other = world(['fr', 'en-GB']);
  other.language = 'it';
  await woken(other, () => undefined);
  expect(other.shown[0]?.body).toBe(en.notices.nothingNew);
});

test('many conversations at once are not as many notifications', async () => {
  const made = world();
  await woken(made, () => {
    for (let at = 0; at < 30; at += 1) {
      made.device.add(conversation({ id: `x${at}`, peer: BEN }));
      made.device.receive(`x${at}`, { sender: BEN, sentAtMs: NOON_MS + at });
    }
  });
  expect(made.shown).toHaveLength(MOST_NOTICES);
  expect(made.shown[0]?.tag).toBe('x29');
  expect(made.badges).toEqual([30]);
});

// -- two accounts of one browser

const LINDE = 'linde@example.org';

/** Anna's own account, and the business's beside it, whose shore both have. */
function two(): readonly [World, World] {
  const anna = world();
  const linde = world(['en'], { slot: 'device-2', address: LINDE }, anna);
  for (const one of [anna, linde]) {
    one.news = () => {
      one.device.tell(CAUGHT_UP);
    };
  }
  return [anna, linde];
}

function says(made: World, text: string): void {
  made.news = () => {
    made.device.receive('aa', { sender: BEN, text });
    made.device.tell(CAUGHT_UP);
  };
}

test('both are read, one after the other, and each notification says of whom it is', async () => {
  const [anna, linde] = two();
  says(anna, 'For you');
  says(linde, 'A table, please');
  const order: string[] = [];
  for (const { sleeper, slot } of [anna, linde]) {
    const { open } = sleeper;
    Object.assign(sleeper, {
      open: async (tell: Parameters<typeof open>[0]) => {
        order.push(`${slot} after ${anna.closes} closed`);
        return open(tell);
      },
    });
  }
  await wake(linde.shore);
  expect(order).toEqual(['device after 0 closed', 'device-2 after 1 closed']);
  expect(anna.shown.map(({ slot, tag, title, body }) => [slot, tag, title, body])).toEqual([
    ['device', 'aa', 'ben · to anna', 'For you'],
    ['device-2', 'aa device-2', 'ben · to linde', 'A table, please'],
  ]);
  expect(anna.badges).toEqual([1, 2]);
  expect(anna.tallies).toEqual([
    ['device', 1],
    ['device-2', 1],
  ]);
  expect([anna.closes, linde.closes]).toEqual([1, 1]);
});

test('somebody looks at one account: the other one is read all the same', async () => {
  const [anna, linde] = two();
  anna.isLookedAt = true;
  anna.vault = 'damaged';
  says(linde, 'A table, please');
  await wake(linde.shore);
  expect(anna.shown).toMatchObject([{ slot: 'device-2', body: 'A table, please' }]);
});

test('nothing new for the other one is no reason to disturb who looks', async () => {
  const [anna, linde] = two();
  anna.isLookedAt = true;
  await wake(linde.shore);
  expect(anna.shown).toEqual([]);
  expect(linde.closes).toBe(1);
});

test('a vault that cannot be opened does not hold up the other account', async () => {
  const [anna, linde] = two();
  anna.vault = 'damaged';
  says(linde, 'A table, please');
  await wake(linde.shore);
  expect(anna.shown).toMatchObject([
    { slot: 'device-2', body: 'A table, please' },
    { slot: 'device', tag: 'plausch unread', body: en.notices.newMessage },
  ]);
});

test('a page that has the one vault is waited for once the other one is read', async () => {
  const [anna, linde] = two();
  anna.vault = 'busy';
  const done = wake(linde.shore);
  await settled();
  expect(linde.closes).toBe(1);
  await anna.timers.pass(PAGE_MS);
  await done;
  expect(anna.shown).toMatchObject([{ slot: 'device', body: en.notices.newMessage }]);
});

test('both have to do with the time that the browser gives', async () => {
  const [anna, linde] = two();
  anna.news = linde.news = () => undefined;
  const done = wake(linde.shore);
  await settled();
  await anna.timers.pass(PATIENCE_MS / 2);
  expect(anna.closes).toBe(1);
  await settled();
  await anna.timers.pass(PATIENCE_MS / 2);
  await done;
  expect(linde.closes).toBe(1);
  expect(anna.shown).toMatchObject([{ body: en.notices.newMessage }]);
});

test('an account that wants to be told of nothing is not read', async () => {
  const [anna, linde] = two();
  anna.notifies = false;
  anna.vault = 'damaged';
  says(linde, 'A table, please');
  await wake(linde.shore);
  expect(anna.hurries).toBe(0);
  expect(anna.shown).toMatchObject([{ title: 'ben · to linde' }]);
});

test('one account that is gone does not end the wake-ups of the other', async () => {
  const [anna, linde] = two();
  anna.device.own = undefined;
  await wake(linde.shore);
  expect(linde.isSubscribed).toBe(true);
  expect(anna.shown).toMatchObject([{ body: en.notices.nothingNew, isSilent: true }]);
  linde.device.own = undefined;
  await wake(linde.shore);
  expect(linde.isSubscribed).toBe(false);
});

test('a business’s agent has a moment to answer; what it has booked is told', async () => {
  const made = world(['en']);
  made.device.own = { address: ANNA, device: '00', kind: 'business' };
  const card = bookingCard('confirmed');
  const old = { sender: ANNA, kind: 'card', text: 'Read', card, sentAtMs: 0 } as const;
  made.news = () => {
    made.device.receive('aa', { sender: BEN, text: 'A table for two' });
    made.device.receive('bb', { sender: IDA, text: 'A person, please' });
    made.device.receive('bb', { ...old, state: 'read', sentAtMs: 1 });
    made.device.settled.add(made.device.receive('bb', { sender: IDA, text: 'When?' }).id);
    made.device.tell(CAUGHT_UP);
  };
  const waking = wake(made.shore);
  await settled();
  expect(made.shown).toEqual([]);
  made.device.receive('bb', { ...old, text: 'Confirmed: Ida', state: 'sent' });
  made.device.receive('aa', { sender: ANNA, kind: 'card', text: 'Confirmed: two', card });
  made.device.turn('aa', { unread: 0 });
  await made.timers.pass(ANSWER_MS);
  await waking;
  expect(made.shown.map(({ title, body }) => [title, body]).sort()).toEqual([
    ['ben', 'Confirmed: two'],
    ['ida', 'A person, please'],
    ['ida', 'Confirmed: Ida'],
  ]);
});
