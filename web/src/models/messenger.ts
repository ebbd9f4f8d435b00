/**
 * The page's side of the device: asks its worker, passes on what the worker tells, and starts
 * another when one ends. Then what only reads is asked again, and what has an idempotency id, which
 * the device does once; what else changes something is not, since nobody knows whether it was done.
 */

import { toHex } from '../base/bytes.ts';
import { type Fault, LocalError, OperatorError, PlauschError } from '../base/errors.ts';
import { randomBytes } from '../base/random.ts';
import type {
  Answer,
  Answered,
  Asked,
  Failure,
  Operation,
  Request,
  Told,
} from '../sdk/protocol.ts';

/** What is used here of a Worker. */
export interface WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(request: Request | 'hurry'): void;
  terminate(): void;
}

/** The device, whatever runs it. */
export interface Messenger {
  /** Ask for one operation. Throws Refused, DeviceGone, LocalError (what cannot be cloned). */
  ask<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>>;
  /** Hear what happens without being asked for; call what comes back to stop. */
  onTold(listener: (told: Told) => void): () => void;
  /** The device was started anew: what the page knows may be old. */
  onRestarted(listener: () => void): () => void;
  /**
   * Somebody looks, or the network came or went: do not wait before the next attempt to connect; a
   * connection has to prove that it is still there.
   */
  hurry(): void;
}

/** The device refused; code, fault and sentence are those of the error there. */
export class Refused extends PlauschError {
  readonly retryAfterMs: number;

  constructor({ code, fault, sentence, retryAfterMs = 0 }: Failure) {
    super(sentence, { code, fault });
    this.retryAfterMs = retryAfterMs;
  }
}

/** The device's worker ended before it answered. */
export class DeviceGone extends OperatorError {
  static override readonly code: string = 'worker_gone';
  static override readonly fault: Fault = 'operator';
}

/** What may be asked twice: it changes nothing, or nothing more the second time. */
const REPEATABLE: ReadonlySet<Operation> = new Set<Operation>([
  'open',
  'conversations',
  'conversation',
  'conversationWith',
  'messages',
  'search',
  'fetchFile',
  'setDraft',
  'markRead',
  'isUnread',
  'contact',
  'contacts',
  'safety',
  'devices',
  'backup',
  'findBackup',
  'problems',
  'team',
  'profile',
  'ownProfile',
  'keepProfileDraft',
  'checkProfile',
  'searchDirectory',
]);

/** What says something, once for each time it is asked for. */
const SAYING: ReadonlySet<Operation> = new Set<Operation>(['sendText', 'answerCard']);

const IDEMPOTENCY_BYTES = 16;

/** With an idempotency id of its own, if it takes one. */
function named<K extends Operation>(operation: K, asked: Asked<K>): Asked<K> {
  return SAYING.has(operation)
    ? { ...asked, idempotencyId: toHex(randomBytes(IDEMPOTENCY_BYTES)) }
    : asked;
}

/** Whether a request may be asked once more when nobody knows whether it was done. */
function isRepeatable({ operation, asked }: Request): boolean {
  return REPEATABLE.has(operation) || 'idempotencyId' in asked;
}

/** The same once more: what is said once is looked for first. */
function again(request: Request): Request {
  return 'idempotencyId' in request.asked
    ? ({ ...request, asked: { ...request.asked, isAgain: true } } as Request)
    : request;
}

/** Workers that may end in a row, without one answer between, before the page gives up. */
const MOST_STARTS = 4;

interface Waiting {
  readonly request: Request;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PlauschError) => void;
}

/** One worker at a time, as the page sees it. */
export class MessengerClient implements Messenger {
  readonly #start: () => WorkerPort;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(told: Told) => void>();
  readonly #restarted = new Set<() => void>();
  #worker: WorkerPort | undefined;
  #lastId = 0;
  #starts = 0;
  #wasOpened = false;

  constructor(start: () => WorkerPort) {
    this.#start = start;
  }

  ask<K extends Operation>(operation: K, asked: Asked<K>): Promise<Answered<K>> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const request: Request = { id: this.#lastId, operation, asked: named(operation, asked) };
      const worker = this.#running();
      if (worker === undefined) {
        reject(gone());
        return;
      }
      try {
        worker.postMessage(request);
      } catch (error) {
        reject(unsendable(error));
        return;
      }
      this.#wasOpened ||= operation === 'open';
      this.#waiting.set(request.id, {
        request,
        resolve: (value) => {
          resolve(value as Answered<K>);
        },
        reject,
      });
    });
  }

  onTold(listener: (told: Told) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onRestarted(listener: () => void): () => void {
    this.#restarted.add(listener);
    return () => this.#restarted.delete(listener);
  }

  hurry(): void {
    this.#worker?.postMessage('hurry');
  }

  #running(): WorkerPort | undefined {
    if (this.#worker === undefined && this.#starts < MOST_STARTS) {
      this.#starts += 1;
      const worker = this.#start();
      this.#worker = worker;
      let isUp = false;
      worker.onmessage = ({ data: answer }) => {
        isUp = true;
        this.#take(answer);
      };
      // One that is up looks after its errors itself, and goes on.
      worker.onerror = () => {
        if (!isUp) {
          this.#ended(worker);
        }
      };
    }
    return this.#worker;
  }

  #take(answer: Answer): void {
    if ('told' in answer) {
      if (answer.told.what === 'moved') {
        this.#tellRestarted();
      }
      for (const listener of this.#listeners) {
        listener(answer.told);
      }
      return;
    }
    this.#starts = 1;
    const waiting = this.#waiting.get(answer.id);
    if (
      waiting !== undefined &&
      'failure' in answer &&
      answer.failure.code === DeviceGone.code &&
      isRepeatable(waiting.request)
    ) {
      this.#worker?.postMessage(again(waiting.request)); // the tab that had the device was closed
      return;
    }
    this.#waiting.delete(answer.id);
    if ('failure' in answer) {
      waiting?.reject(new Refused(answer.failure));
    } else {
      waiting?.resolve(answer.value);
    }
  }

  #ended(worker: WorkerPort): void {
    if (worker !== this.#worker) {
      return;
    }
    worker.terminate();
    this.#worker = undefined;
    const next = this.#running();
    for (const [id, { request, reject }] of [...this.#waiting]) {
      if (next === undefined || !isRepeatable(request)) {
        this.#waiting.delete(id);
        reject(gone());
      }
    }
    if (next === undefined) {
      return;
    }
    if (this.#wasOpened) {
      next.postMessage({ id: 0, operation: 'open', asked: {} });
    }
    for (const { request } of this.#waiting.values()) {
      next.postMessage(again(request));
    }
    this.#tellRestarted();
  }

  #tellRestarted(): void {
    for (const listener of this.#restarted) {
      listener();
    }
  }
}

function unsendable(cause: unknown): LocalError {
  return new LocalError('The page has asked for something that cannot be sent: reload it.', {
    code: 'bad_request',
    cause,
  });
}

function gone(): DeviceGone {
  return new DeviceGone('The device stopped before it answered: reload the page and look.');
}
