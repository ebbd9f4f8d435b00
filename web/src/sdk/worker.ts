/** The worker's own file: the device lives here. Everything else is testable without. */

import { FIRST_SLOT, slotIn } from '../base/account_slots.ts';
import { toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { CLOCK, TIMERS } from '../platform/clock.ts';
import { openWebSocket } from '../platform/socket.ts';
import { Desk } from './desk.ts';
import { failureOf } from './failure.ts';
import type { Answer, Request } from './protocol.ts';
import { type Channel, Relay } from './relay.ts';

/** What is used here of a DedicatedWorkerGlobalScope. */
interface WorkerScope {
  readonly name: string;
  onmessage: ((event: MessageEvent<Request | 'hurry'>) => void) | null;
  ononline: (() => void) | null;
  onoffline: (() => void) | null;
  onerror: OnErrorEventHandlerNonNull | null;
  onunhandledrejection: ((event: PromiseRejectionEvent) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = globalThis as unknown as WorkerScope;

/** The page names its worker by the slot of its account; the vault is called so. */
const VAULT = slotIn(scope.name) ?? FIRST_SLOT;

/** To the page. What cannot be cloned is a defect of this program, and the page is told so. */
function toPage(answer: Answer): void {
  try {
    scope.postMessage(answer);
  } catch (error) {
    const failure = failureOf(error);
    scope.postMessage('id' in answer ? { id: answer.id, failure } : problem(error));
  }
}

/** A defect that nobody has caught: the worker goes on, the page hears where it was. */
function problem(error: unknown): Answer {
  const { code, sentence } = failureOf(error);
  return { told: { what: 'problem', problem: { code, sentence, atMs: CLOCK.nowMs() } } };
}

scope.onerror = (_message, _source, _line, _column, error): boolean => {
  scope.postMessage(problem(error));
  return true; // else the page would be given its words
};
scope.onunhandledrejection = (event) => {
  event.preventDefault();
  scope.postMessage(problem(event.reason));
};

const channel: BroadcastChannel & Channel = new BroadcastChannel(`plausch ${VAULT}`);
const relay = new Relay(channel, toHex(randomBytes(8)), toPage);
const platform = { indexedDB, locks: navigator.locks, subtle: crypto.subtle };
const world = {
  outside: { openSocket: openWebSocket, timers: TIMERS },
  clock: CLOCK,
  subtle: crypto.subtle,
  random: Math.random,
};
let desk: Desk | undefined;

/** Open the vault here and now, or as soon as the tab that has it is gone. */
async function lead(wait: boolean): Promise<void> {
  const where = { vault: VAULT, serverUrl: location.origin, wait };
  const own = await Desk.open(platform, world, where, (told) => {
    relay.tell(told);
  });
  desk = own;
  relay.lead((request) => own.answer(request));
}

/** Begin, or tell every request why that cannot be. */
async function begin(): Promise<void> {
  try {
    await lead(false);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code !== 'vault_busy') {
      relay.fail(failure);
      return;
    }
    relay.follow();
    lead(true).catch((reason: unknown) => {
      relay.fail(failureOf(reason));
    });
  }
}

scope.onmessage = ({ data: request }) => {
  if (request === 'hurry') {
    desk?.hurry();
  } else {
    relay.ask(request);
  }
};
// Offline too: a connection that says nothing any more would be noticed only by the next probe.
scope.ononline = scope.onoffline = () => {
  desk?.hurry();
};

await begin();
