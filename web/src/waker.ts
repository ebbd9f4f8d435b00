/**
 * The service worker's other half: the device itself, loaded only when a wake-up comes, so that
 * `sw.js` stays small for every other start. The build bundles it into one classic script.
 *
 * While it has the vault, pages that open meanwhile are served as another tab would serve them.
 */

import type { AccountSlot } from './base/account_slots.ts';
import type { SlotChoices } from './base/notices.ts';
import { toHex } from './base/bytes.ts';
import { randomBytes } from './base/random.ts';
import { type Awake, type OpenDevice, type Shore, type Sleeper, wake } from './models/waking.ts';
import { CLOCK, pause, TIMERS } from './platform/clock.ts';
import { type Registration, showOn } from './platform/notice_board.ts';
import { keptChoices, RESERVED } from './platform/notice_choices.ts';
import { pagesOf } from './platform/page_names.ts';
import { openWebSocket } from './platform/socket.ts';
import { Turns } from './platform/turns.ts';
import { type CountChannel, UNREAD_CHANNEL, UnreadCounts } from './platform/unread_counts.ts';
import { Desk } from './sdk/desk.ts';
import { failureOf } from './sdk/failure.ts';
import { type Channel, Relay } from './sdk/relay.ts';

/** A tab of this app. */
interface Page {
  readonly id: string;
  readonly visibilityState: string;
  postMessage(said: string): void;
}

/** What is used here of a ServiceWorkerGlobalScope. */
interface Scope {
  readonly clients: {
    matchAll(filter: {
      readonly type: 'window';
      readonly includeUncontrolled: boolean;
    }): Promise<readonly Page[]>;
  };
  readonly registration: Registration;
  readonly navigator: Navigator;
  /** What sw.ts calls. */
  plauschWake?: () => Promise<void>;
}

const scope = globalThis as unknown as Scope;
const turns = new Turns();

const shore: Shore = {
  sleepers: async () => {
    const [first, ...others] = await keptChoices(indexedDB);
    return first === undefined ? [sleeper(RESERVED)] : [sleeper(first), ...others.map(sleeper)];
  },
  shown: async () => (await scope.registration.getNotifications()).length,
  show: (notice) => showOn(scope.registration, notice),
  badge: (count) => {
    const { navigator } = scope;
    if ('setAppBadge' in navigator) {
      navigator.setAppBadge(count).catch(() => undefined); // It adorns, no more.
    }
  },
  tally: async (slot, unread) => {
    const channel: BroadcastChannel & CountChannel = new BroadcastChannel(UNREAD_CHANNEL);
    await new UnreadCounts(indexedDB, channel).put(slot, unread);
    channel.close();
  },
  wishes: scope.navigator.languages,
  unsubscribe: async () => {
    await (await scope.registration.pushManager?.getSubscription())?.unsubscribe();
  },
  now: () => CLOCK.nowMs(),
  pause: (delayMs, signal) => pause(TIMERS, delayMs, ...(signal === undefined ? [] : [signal])),
};

function sleeper(choices: SlotChoices): Sleeper {
  const { slot } = choices;
  return { choices, hurryPages: () => hurryPages(slot), open: (tell) => open(slot, tell) };
}

async function hurryPages(slot: AccountSlot): Promise<boolean> {
  const all = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const pages = await pagesOf(scope.navigator.locks, all, slot);
  for (const page of pages) {
    page.postMessage('woken');
  }
  return pages.some(({ visibilityState }) => visibilityState === 'visible');
}

/** The device of a slot, under its lock: everything of it follows from the slot's name. */
async function open(
  slot: AccountSlot,
  tell: Parameters<OpenDevice>[0],
): Promise<Awake | undefined> {
  const channel: BroadcastChannel & Channel = new BroadcastChannel(`plausch ${slot}`);
  const relay = new Relay(channel, toHex(randomBytes(8)), (answer) => {
    if ('told' in answer) {
      tell(answer.told);
    }
  });
  const platform = { indexedDB, locks: scope.navigator.locks, subtle: crypto.subtle };
  const world = {
    outside: { openSocket: openWebSocket, timers: TIMERS },
    clock: CLOCK,
    subtle: crypto.subtle,
    random: Math.random,
  };
  const where = { vault: slot, serverUrl: location.origin, wait: false };
  try {
    const desk = await Desk.open(platform, world, where, (told) => {
      relay.tell(told);
    });
    relay.lead((request) => desk.answer(request));
    const awake: Awake = {
      answer: (request) => desk.answer(request),
      close: async () => {
        await desk.close();
        channel.close();
      },
    };
    return awake;
  } catch (error) {
    channel.close();
    if (failureOf(error).code === 'vault_busy') {
      return undefined;
    }
    throw error;
  }
}

/** One at a time: a second wake-up finds what the first has left. */
scope.plauschWake = () => turns.run(() => wake(shore));
