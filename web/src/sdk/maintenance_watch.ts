/**
 * Whether a server takes nothing new: seen from what it refuses, because nothing else says so.
 *
 * Either it is in maintenance, or its database does not take what is written, which is told only
 * when it lasts. It is over when something is taken that maintenance would refuse. A device that has
 * nothing more to ask never sees that: for it, it is over when no refusal has come for long enough.
 */

import { MAINTENANCE, UNAVAILABLE } from '../base/maintenance.ts';
import type { Cancel, Timers } from '../platform/clock.ts';
import type { RequestName } from '../wire/session.ts';
import { ServerRefused } from './errors.ts';

/** What always leaves something new on a server: maintenance refuses it (spec/wire.md). */
export const NOT_NOW: ReadonlySet<RequestName> = new Set([
  'Register',
  'UploadKeyPackages',
  'ClaimKeyPackages',
  'CreateConversation',
  'Append',
  'AppendCommit',
  'BeginBlob',
  'PutBlobChunk',
  'OpenPairing',
  'KeepBackup',
  'AdoptDevice',
  'SetWakeUp',
  'Report',
  'PublishProfile',
] as const);

/** What messages need: a file that finds no room says nothing about them. */
const OWED: ReadonlySet<RequestName> = new Set([
  'CreateConversation',
  'Append',
  'AppendCommit',
  'GetAccount', // before the first message to somebody
] as const);

/** A database that is away for a moment is not worth a word. */
export const UNTOLD_MS = 5_000;

/** Whoever owes something asks again within a minute (`Core.jitteredMs`): until then it holds. */
export const LEAST_MS = 70_000;

/** The same, where a server that waits for its database is late with each refusal as well. */
export const UNAVAILABLE_MS = 120_000;

/** No server is believed for longer. */
export const LONGEST_MS = 1_200_000;

/** Looks at the answers of one connection. `tell` hears the refusal, or undefined: it is over. */
export class MaintenanceWatch {
  readonly #timers: Timers;
  readonly #tell: (refusal: ServerRefused | undefined) => void;
  #refusal: ServerRefused | undefined;
  #cancel: Cancel = () => undefined;
  #isWaiting = false;
  #cancelWaiting: Cancel = () => undefined;

  constructor(timers: Timers, tell: (refusal: ServerRefused | undefined) => void) {
    this.#timers = timers;
    this.#tell = tell;
  }

  /** What it has said last, while it holds. */
  get refusal(): ServerRefused | undefined {
    return this.#refusal;
  }

  /** The server has taken a request. */
  accepted(name: RequestName): void {
    const isRead = this.#refusal?.code !== MAINTENANCE && OWED.has(name); // which maintenance allows
    if (NOT_NOW.has(name) || isRead) {
      this.#end();
    }
  }

  /** A request has failed. Told once, and again when something else is said of it. */
  failed(name: RequestName, error: unknown): void {
    if (!(error instanceof ServerRefused)) {
      return;
    }
    if (error.code === MAINTENANCE) {
      this.#hold(error, Math.min(Math.max(2 * error.retryAfterMs, LEAST_MS), LONGEST_MS));
    } else if (error.code === UNAVAILABLE && OWED.has(name)) {
      this.#takesNothing(error);
    }
  }

  /** The connection has gone: the next one begins knowing nothing, and nothing is told. */
  forget(): void {
    this.#cancel();
    this.#cancelWaiting();
    this.#isWaiting = false;
    this.#refusal = undefined;
  }

  #takesNothing(refusal: ServerRefused): void {
    if (this.#refusal?.code === MAINTENANCE) {
      return; // which says more
    }
    if (this.#refusal !== undefined) {
      this.#hold(refusal, UNAVAILABLE_MS);
    } else if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#cancelWaiting = this.#timers.after(UNTOLD_MS, () => {
        this.#hold(refusal, UNAVAILABLE_MS);
      });
    }
  }

  #hold(refusal: ServerRefused, holdsMs: number): void {
    const isNew = this.#refusal?.message !== refusal.message;
    this.forget();
    this.#refusal = refusal;
    this.#cancel = this.#timers.after(holdsMs, () => {
      this.#end();
    });
    if (isNew) {
      this.#tell(refusal);
    }
  }

  #end(): void {
    const wasOn = this.#refusal !== undefined;
    this.forget();
    if (wasOn) {
      this.#tell(undefined);
    }
  }
}
