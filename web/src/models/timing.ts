/** Doing something once for many causes: timers as an argument, so that tests hold the clock. */

/** What is used here of a browser's timers. */
export interface PageTimers {
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(timer: number): void;
  /** Once the next picture was drawn; never while the page is not to be seen. */
  afterPaint(callback: () => void): void;
  now(): number;
}

/** Calls `action` once, `delayMs` after the first cause (`restarts` false) or the last (true). */
export class Later {
  readonly #timers: PageTimers;
  readonly #delayMs: number;
  readonly #restarts: boolean;
  readonly #action: () => void;
  #timer: number | undefined;

  constructor(timers: PageTimers, delayMs: number, restarts: boolean, action: () => void) {
    this.#timers = timers;
    this.#delayMs = delayMs;
    this.#restarts = restarts;
    this.#action = action;
  }

  /** There is a cause. */
  cause(): void {
    if (this.#timer !== undefined) {
      if (!this.#restarts) {
        return;
      }
      this.#timers.clearTimeout(this.#timer);
    }
    this.#timer = this.#timers.setTimeout(() => {
      this.#timer = undefined;
      this.#action();
    }, this.#delayMs);
  }

  /** Act now if there was a cause. */
  flush(): void {
    if (this.#timer !== undefined) {
      this.cancel();
      this.#action();
    }
  }

  /** Forget the causes. */
  cancel(): void {
    if (this.#timer !== undefined) {
      this.#timers.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}
