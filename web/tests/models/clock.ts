/** Timers that stand still until a test lets time pass. */

import type { PageTimers } from '../../src/models/timing.ts';

export class Clock implements PageTimers {
  /** Whether pictures are drawn, one each 16 ms; in a tab that nobody sees none is. */
  isDrawing = true;
  #nowMs: number;
  #last = 0;
  readonly #due = new Map<number, { readonly atMs: number; readonly run: () => void }>();

  constructor(nowMs = Date.UTC(2026, 10, 26, 12)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(run: () => void, delayMs: number): number {
    this.#last += 1;
    this.#due.set(this.#last, { atMs: this.#nowMs + delayMs, run });
    return this.#last;
  }

  afterPaint(run: () => void): void {
    if (this.isDrawing) {
      this.setTimeout(run, 16);
    }
  }

  clearTimeout(timer: number): void {
    this.#due.delete(timer);
  }

  /** Let time pass; what is due happens in order, and what it promised is waited for. */
  async pass(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#due]
        .filter(([, { atMs }]) => atMs <= until)
        .sort(([, one], [, other]) => one.atMs - other.atMs);
      if (next === undefined) {
        break;
      }
      this.#due.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1].atMs);
      next[1].run();
      await settled();
    }
    this.#nowMs = until;
    await settled();
  }
}

/** Until every promise that can go on has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    await Promise.resolve();
  }
}
