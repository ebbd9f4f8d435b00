/**
 * Whether a server takes nothing new: seen from what it refuses, because nothing else says so.
 *
 * It is over when something is taken that maintenance would refuse. A device that has nothing more
 * to ask never sees that: for it, it is over when no refusal has come for long enough.
 */

import { MAINTENANCE } from '../base/maintenance.ts';
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

/** Whoever owes something asks again within a minute (`Core.jitteredMs`): until then it holds. */
export const LEAST_MS = 70_000;

/** No server is believed for longer. */
export const LONGEST_MS = 1_200_000;

/** Looks at the answers of one connection. `tell` hears the refusal, or undefined: it is over. */
export class MaintenanceWatch {
  readonly #timers: Timers;
  readonly #tell: (refusal: ServerRefused | undefined) => void;
  #refusal: ServerRefused | undefined;
  #cancel: Cancel = () => undefined;

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
    if (NOT_NOW.has(name)) {
      this.#end();
    }
  }

  /** A request has failed. Told once, and again when something else is said of it. */
  failed(error: unknown): void {
    if (!(error instanceof ServerRefused) || error.code !== MAINTENANCE) {
      return;
    }
    this.#cancel();
    const holdsMs = Math.min(Math.max(2 * error.retryAfterMs, LEAST_MS), LONGEST_MS);
    this.#cancel = this.#timers.after(holdsMs, () => {
      this.#end();
    });
    const isNew = this.#refusal?.message !== error.message;
    this.#refusal = error;
    if (isNew) {
      this.#tell(error);
    }
  }

  /** The connection has gone: the next one begins knowing nothing, and nothing is told. */
  forget(): void {
    this.#cancel();
    this.#refusal = undefined;
  }

  #end(): void {
    const wasOn = this.#refusal !== undefined;
    this.forget();
    if (wasOn) {
      this.#tell(undefined);
    }
  }
}
