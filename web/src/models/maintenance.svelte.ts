/** That the server takes nothing new, as long as it does, in one sentence for the page. */

import { maintenanceOf } from '../base/maintenance.ts';
import { maintenanceSentence } from '../words/sentences.ts';
import { language, words } from '../words/words.svelte.ts';
import type { Messenger } from './messenger.ts';
import type { PageTimers } from './timing.ts';

/** Nothing is told when the time passes until which it was to take: that is looked at. */
const LOOK_MS = 20_000;

export class MaintenanceNews {
  #said = $state('');
  #nowMs = $state(0);
  #look = 0;
  readonly #timers: PageTimers;

  constructor(messenger: Messenger, timers: PageTimers) {
    this.#timers = timers;
    messenger.onTold((told) => {
      if (told.what === 'connection') {
        this.#hear(told.sentence ?? '');
      }
    });
  }

  /** What people are told; "" while there is none. */
  get sentence(): string {
    return this.#said === ''
      ? ''
      : maintenanceSentence(maintenanceOf(this.#said), this.#nowMs, words(), language());
  }

  #hear(said: string): void {
    this.#timers.clearTimeout(this.#look);
    this.#said = said;
    this.#nowMs = this.#timers.now();
    if (said !== '') {
      this.#look = this.#timers.setTimeout(() => {
        this.#hear(said);
      }, LOOK_MS);
    }
  }
}
