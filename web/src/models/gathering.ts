/**
 * What comes in quick succession is gathered and taken in at once; while somebody types, between two
 * letters.
 *
 * To draw what came keeps the page busy for some milliseconds, and a letter typed meanwhile is seen
 * only after them. Right after a letter was drawn the next one is furthest away.
 */

import type { PageTimers } from './timing.ts';

const GATHER_MS = 60;
/** With no letter for so long nobody is typing. */
const PAUSE_MS = 250;
/** Nothing waits longer, however fast somebody types. */
const MOST_MS = 400;

export class Gathering<T> {
  readonly #timers: PageTimers;
  readonly #take: (gathered: readonly T[]) => void;
  #gathered: T[] = [];
  #sinceMs = 0;
  #typedMs = -Infinity;
  #timer: number | undefined;

  constructor(timers: PageTimers, take: (gathered: readonly T[]) => void) {
    this.#timers = timers;
    this.#take = take;
  }

  add(one: T): void {
    this.#gathered.push(one);
    if (this.#timer === undefined) {
      this.#sinceMs = this.#timers.now();
      this.#wait(GATHER_MS);
    }
  }

  /** A letter was typed. */
  typed(): void {
    this.#typedMs = this.#timers.now();
    if (this.#timer !== undefined) {
      this.#timers.afterPaint(() => {
        if (this.#timer !== undefined && this.#waitedMs() >= GATHER_MS) {
          this.flush();
        }
      });
    }
  }

  /** Take in everything gathered, now. */
  flush(): void {
    if (this.#timer !== undefined) {
      this.#timers.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#take(gathered);
  }

  #waitedMs(): number {
    return this.#timers.now() - this.#sinceMs;
  }

  #wait(delayMs: number): void {
    this.#timer = this.#timers.setTimeout(() => {
      const pauseMs = this.#typedMs + PAUSE_MS - this.#timers.now();
      const leftMs = Math.min(pauseMs, MOST_MS - this.#waitedMs());
      if (leftMs > 0) {
        this.#wait(leftMs);
      } else {
        this.flush();
      }
    }, delayMs);
  }
}
