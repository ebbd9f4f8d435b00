/**
 * Something that a device does in the background until it is done, begun anew with each connection.
 *
 * It runs once at a time, however often it is kicked; a full disk is waited for.
 */

import type { PlauschError } from '../base/errors.ts';
import type { Core } from './core.ts';
import { ServerRefused, Unreachable } from './errors.ts';

/** Where a server's fault has to pass, and nobody says when. */
export const FAULT_PAUSE_MS = 60_000;

/** A server that asks for more is asked again after this long. */
export const LONGEST_PAUSE_MS = 3600 * 1000;

/** One such thing. `step` goes on with it, from wherever it stands. */
export class Chore {
  readonly #core: Pick<Core, 'spawn' | 'patiently'>;
  readonly #step: () => Promise<void>;
  #state: 'resting' | 'running' | 'again' = 'resting';

  constructor(core: Pick<Core, 'spawn' | 'patiently'>, step: () => Promise<void>) {
    this.#core = core;
    this.#step = step;
  }

  /** Begin, or go on once more when it ends: what this is about may have come in between. */
  kick(): void {
    if (this.#state !== 'resting') {
      this.#state = 'again';
      return;
    }
    this.#state = 'running';
    this.#core.spawn(async () => {
      try {
        await this.#core.patiently(this.#step);
      } finally {
        const isAskedAgain = this.#state === 'again';
        this.#state = 'resting';
        if (isAskedAgain) {
          this.kick();
        }
      }
    });
  }
}

/** In how many ms a step that failed so may succeed; undefined when waiting does not help. */
export function againAfterMs(error: PlauschError): number | undefined {
  if (error instanceof Unreachable) {
    return undefined; // that is the next connection's
  }
  if (error instanceof ServerRefused && error.retryAfterMs > 0) {
    return Math.min(error.retryAfterMs, LONGEST_PAUSE_MS);
  }
  return error.fault === 'operator' ? FAULT_PAUSE_MS : undefined;
}
