import { expect, test } from 'vitest';

import {
  type Awake,
  MOST_NOTICES,
  type OpenDevice,
  PAGE_MS,
  PATIENCE_MS,
  type Shore,
  wake,
} from '../../src/models/waking.ts';
import type { Notice } from '../../src/base/notices.ts';
import { pause } from '../../src/platform/clock.ts';
import type { Answer, Told } from '../../src/sdk/protocol.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { ManualTimers } from '../platform/manual_timers.ts';
import { FakeDevice } from '../stage/fake.ts';
import { settled } from './clock.ts';
import { ANNA, BEN, conversation, NOON_MS } from './writing.ts';

const IDA = 'ida@example.org';

interface World {
  readonly shore: Shore;
  readonly device: FakeDevice;
  readonly shown: Notice[];
  readonly badges: number[];
  readonly timers: ManualTimers;
  language: string;
  showsText: boolean;
  isLookedAt: boolean;
  hurries: number;
  isSubscribed: boolean;
  closes: number;
  /** What happens once the device has connected. */
  news: () => void;
  /** Whether a page has the vault, or opening fails. */
  vault: 'free' | 'busy' | 'damaged';
  readonly open: OpenDevice;
}

function world(wishes: readonly string[] = ['de-DE', 'en']): World {
  const device = new FakeDevice(() => NOON_MS);
  device.own = { address: ANNA, device: '00', kind: 'person' };
  device.add(conversation({ id: 'aa', peer: BEN }));
  device.add(conversation({ id: 'bb', peer: IDA, participants: [ANNA, IDA] }));
  const timers = new ManualTimers();
  const made: World = {
    device,
    shown: [],
    badges: [],
    timers,
    language: 'en',
    showsText: true,
    isLookedAt: false,
    hurries: 0,
    isSubscribed: true,
    closes: 0,
    news: () => undefined,
    vault: 'free',
    open: async (tell) => {
      if (made.vault === 'busy') {
        return undefined;
      }
      if (made.vault === 'damaged') {
        throw new Error('damaged');
      }
      const stop = device.onTold(tell);
      await Promise.resolve();
      queueMicrotask(() => {
        made.news();
      });
      return awake(made, stop);
    },
    shore: {
      hurryPages: () => {
        made.hurries += 1;
        return Promise.resolve(made.isLookedAt);
      },
      shown: () => Promise.resolve(made.shown.length),
      show: (notice) => {
        made.shown.push(notice);
        return Promise.resolve();
      },
      badge: (count) => made.badges.push(count),
      choices: () => Promise.resolve({ language: made.language, showsText: made.showsText }),
      wishes,
      unsubscribe: () => {
        made.isSubscribed = false;
        return Promise.resolve();
      },
      now: () => NOON_MS,
      pause: (delayMs, signal) => pause(timers, delayMs, ...(signal === undefined ? [] : [signal])),
    },
  };
  return made;
}

function awake(made: World, stop: () => void): Awake {
  return {
    answer: async ({ id, operation, asked }): Promise<Answer> => ({
      id,
      value: await made.device.ask(operation, asked),
    }),
    close: () => {
      stop();
      made.closes += 1;
      return Promise.resolve();
    },
  };
}

const CAUGHT_UP: Told = { what: 'caught_up' };

/** A wake-up at which this comes. */
async function woken(made: World, news: () => void, isAll = true): Promise<void> {
  made.news = () => {
    news();
    if (isAll) {
      made.device.tell(CAUGHT_UP);
    }
  };
  const done = wake(made.shore, made.open);
  await settled();
  if (!isAll) {
    await made.timers.pass(PATIENCE_MS);
  }
  await done;
}

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
  const done = wake(made.shore, made.open);
  await settled();
  made.shown.push({ tag: 'aa', title: 'ben', body: 'by the page', isSilent: false });
  await made.timers.pass(PAGE_MS);
  await done;
  expect(made.hurries).toBe(1);
  expect(made.shown).toHaveLength(1);
});

test('a page that sleeps shows nothing: so something is said here', async () => {
  const made = world();
  made.vault = 'busy';
  const done = wake(made.shore, made.open);
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
  await wake(refusing, made.open);
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
