/** Whether there is a connection, and in one sentence for the page that the server takes nothing. */

import { type ConnectionView, maintenanceOf, UNAVAILABLE } from '../base/maintenance.ts';
import { maintenanceSentence } from '../words/sentences.ts';
import { language, sentenceOf, words } from '../words/words.svelte.ts';
import type { PageTimers } from './timing.ts';

/** Nothing is told when the time passes until which it was to take: that is looked at. */
const LOOK_MS = 20_000;

/** What waiting does not mend. */
const LASTING: readonly string[] = ['device_removed', 'account_suspended', 'bad_version'];

export class ConnectionNews {
  isOnline = $state(true);
  /** Why there is no connection, while there is none. */
  code = $state('');
  #said = $state('');
  #nowMs = $state(0);
  #look = 0;
  readonly #timers: PageTimers;

  constructor(timers: PageTimers) {
    this.#timers = timers;
  }

  /** What people are told while nothing new is taken; "" while there is nothing to tell. */
  get maintenance(): string {
    if (this.isOnline && this.code === UNAVAILABLE) {
      return words().connection.refusing;
    }
    return this.#said === ''
      ? ''
      : maintenanceSentence(maintenanceOf(this.#said), this.#nowMs, words(), language());
  }

  /** Why no connection will come; "" while there is one, or while one may come. */
  get lasting(): string {
    // A server says to a device that it was removed: one that does not know it never did, or has
    // forgotten.
    if (this.code === 'unknown_device') {
      return words().connection.unknown;
    }
    return LASTING.includes(this.code) ? sentenceOf(this.code, '') : '';
  }

  /** It is like this now. */
  hear({ code, isOnline, sentence = '' }: ConnectionView): void {
    this.isOnline = isOnline;
    this.code = code;
    this.#hold(sentence);
  }

  #hold(said: string): void {
    this.#timers.clearTimeout(this.#look);
    this.#said = said;
    this.#nowMs = this.#timers.now();
    if (said !== '') {
      this.#look = this.#timers.setTimeout(() => {
        this.#hold(said);
      }, LOOK_MS);
    }
  }
}
