/**
 * The service worker's other half: the device itself, loaded only when a wake-up comes, so that
 * `sw.js` stays small for every other start. The build bundles it into one classic script.
 *
 * While it has the vault, pages that open meanwhile are served as another tab would serve them.
 */

import { toHex } from './base/bytes.ts';
import { randomBytes } from './base/random.ts';
import { wake, type Awake, type OpenDevice, type Shore } from './models/waking.ts';
import { CLOCK, pause, TIMERS } from './platform/clock.ts';
import { type Registration, showOn } from './platform/notice_board.ts';
import { keptChoices } from './platform/notice_choices.ts';
import { openWebSocket } from './platform/socket.ts';
import { Turns } from './platform/turns.ts';
import { Desk } from './sdk/desk.ts';
import { failureOf } from './sdk/failure.ts';
import { type Channel, Relay } from './sdk/relay.ts';

/** The vault of this origin, as in sdk/worker.ts. */
const VAULT = 'device';

/** What is used here of a ServiceWorkerGlobalScope. */
interface Scope {
  readonly clients: {
    matchAll(filter: {
      readonly type: 'window';
      readonly includeUncontrolled: boolean;
    }): Promise<readonly { readonly visibilityState: string; postMessage(said: string): void }[]>;
  };
  readonly registration: Registration;
  readonly navigator: Navigator;
  /** What sw.ts calls. */
  plauschWake?: () => Promise<void>;
}

const scope = globalThis as unknown as Scope;
const turns = new Turns();

const shore: Shore = {
  hurryPages: async () => {
    const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
    for (const page of pages) {
      page.postMessage('woken');
    }
    return pages.some(({ visibilityState }) => visibilityState === 'visible');
  },
  shown: async () => (await scope.registration.getNotifications()).length,
  show: (notice) => showOn(scope.registration, notice),
  badge: (count) => {
    const { navigator } = scope;
    if ('setAppBadge' in navigator) {
      navigator.setAppBadge(count).catch(() => undefined); // It adorns, no more.
    }
  },
  choices: () => keptChoices(indexedDB),
  wishes: scope.navigator.languages,
  unsubscribe: async () => {
    await (await scope.registration.pushManager?.getSubscription())?.unsubscribe();
  },
  now: () => CLOCK.nowMs(),
  pause: (delayMs, signal) => pause(TIMERS, delayMs, ...(signal === undefined ? [] : [signal])),
};

const open: OpenDevice = async (tell) => {
  const channel: BroadcastChannel & Channel = new BroadcastChannel(`plausch ${VAULT}`);
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
  const where = { vault: VAULT, serverUrl: location.origin, wait: false };
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
};

/** One at a time: a second wake-up finds what the first has left. */
scope.plauschWake = () => turns.run(() => wake(shore, open));
