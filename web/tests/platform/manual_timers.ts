/** Timers of which a test says when they run. */

import type { Cancel, Timers } from '../../src/platform/clock.ts';

interface Waiting {
  readonly atMs: number;
  readonly then: () => void;
}

/** How many messages may follow from each other without any time passing. */
const TURNS = 12;

/** Lets everything run that waits for nothing but its turn, and what follows from it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

export class ManualTimers implements Timers {
  #nowMs = 0;
  readonly #waiting = new Set<Waiting>();

  /** Milliseconds that were let pass. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** In how many milliseconds each timer runs that was not called off, the next one first. */
  get delaysMs(): readonly number[] {
    return [...this.#waiting].map(({ atMs }) => atMs - this.#nowMs).sort((one, two) => one - two);
  }

  after(delayMs: number, then: () => void): Cancel {
    const waiting = { atMs: this.#nowMs + delayMs, then };
    this.#waiting.add(waiting);
    return () => {
      this.#waiting.delete(waiting);
    };
  }

  /** Let time pass; what is due runs in its order, and what follows from it. */
  async pass(ms: number): Promise<void> {
    await settle();
    const until = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#waiting]
        .filter(({ atMs }) => atMs <= until)
        .sort((one, two) => one.atMs - two.atMs)[0];
      if (due === undefined) {
        break;
      }
      this.#waiting.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.then();
      await settle();
    }
    this.#nowMs = until;
  }
}
