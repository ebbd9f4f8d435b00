/** One wake-up of a service worker, for one or two accounts of a browser. */

import type { AccountSlot } from '../../src/base/account_slots.ts';
import type { Notice } from '../../src/base/notices.ts';
import {
  type Awake,
  PATIENCE_MS,
  type Shore,
  type Sleeper,
  wake,
} from '../../src/models/waking.ts';
import { pause } from '../../src/platform/clock.ts';
import type { Answer, Told } from '../../src/sdk/protocol.ts';
import { ManualTimers } from '../platform/manual_timers.ts';
import { FakeDevice } from '../stage/fake.ts';
import { settled } from './clock.ts';
import { ANNA, BEN, conversation, NOON_MS } from './writing.ts';

export const IDA = 'ida@example.org';

/** What the accounts of one browser share. */
interface Browser {
  readonly shown: Notice[];
  readonly badges: number[];
  readonly tallies: (readonly [AccountSlot, number])[];
  readonly timers: ManualTimers;
  isSubscribed: boolean;
}

/** One account. */
export interface World extends Browser {
  readonly shore: Shore;
  readonly device: FakeDevice;
  readonly slot: AccountSlot;
  readonly sleeper: Sleeper;
  notifies: boolean;
  language: string;
  showsText: boolean;
  isLookedAt: boolean;
  hurries: number;
  closes: number;
  /** What happens once the device has connected. */
  news: () => void;
  /** Whether a page has the vault, or opening fails. */
  vault: 'free' | 'busy' | 'damaged';
}

export function world(
  wishes: readonly string[] = ['de-DE', 'en'],
  { slot = 'device', address = ANNA }: { slot?: AccountSlot; address?: string } = {},
  beside?: World,
): World {
  const device = new FakeDevice(() => NOON_MS);
  device.own = { address, device: '00', kind: 'person' };
  device.add(conversation({ id: 'aa', peer: BEN }));
  device.add(conversation({ id: 'bb', peer: IDA, participants: [ANNA, IDA] }));
  const timers = beside?.timers ?? new ManualTimers();
  const made: World = {
    device,
    slot,
    shown: beside?.shown ?? [],
    badges: beside?.badges ?? [],
    tallies: beside?.tallies ?? [],
    timers,
    notifies: true,
    language: 'en',
    showsText: true,
    isLookedAt: false,
    hurries: 0,
    isSubscribed: true,
    closes: 0,
    news: () => undefined,
    vault: 'free',
    sleeper: {
      get choices() {
        const { language, showsText, notifies } = made;
        return { slot, language, showsText, notifies, address };
      },
      hurryPages: () => {
        made.hurries += 1;
        return Promise.resolve(made.isLookedAt);
      },
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
    },
    shore: {
      sleepers: () =>
        Promise.resolve(beside === undefined ? [made.sleeper] : [beside.sleeper, made.sleeper]),
      shown: () => Promise.resolve(made.shown.length),
      show: (notice) => {
        made.shown.push(notice);
        return Promise.resolve();
      },
      badge: (count) => made.badges.push(count),
      tally: (...said) => {
        made.tallies.push(said);
        return Promise.resolve();
      },
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

export const CAUGHT_UP: Told = { what: 'caught_up' };

/** A wake-up at which this comes. */
export async function woken(made: World, news: () => void, isAll = true): Promise<void> {
  made.news = () => {
    news();
    if (isAll) {
      made.device.tell(CAUGHT_UP);
    }
  };
  const done = wake(made.shore);
  await settled();
  if (!isAll) {
    await made.timers.pass(PATIENCE_MS);
  }
  await done;
}
