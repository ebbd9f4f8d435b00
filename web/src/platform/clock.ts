/** Where the time comes from, and what lets it pass; everything below takes them as arguments. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** The machine's clock. */
export const CLOCK: Clock = { nowMs: () => Date.now() };

/** Calls a timer off; nothing happens once it has run. */
export type Cancel = () => void;

export interface Timers {
  /** Runs `then` once, after `delayMs`. */
  after(delayMs: number, then: () => void): Cancel;
}

/** What `setTimeout` can count to; it takes anything longer for no time at all. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's timers. */
export const TIMERS: Timers = {
  after: (delayMs, then) => {
    const timer = setTimeout(then, Math.min(delayMs, LONGEST_DELAY_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Returns after `delayMs`, or as soon as one of the signals is given. */
export function pause(
  timers: Timers,
  delayMs: number,
  ...signals: readonly AbortSignal[]
): Promise<void> {
  if (signals.some((signal) => signal.aborted)) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      for (const signal of signals) {
        signal.removeEventListener('abort', wake);
      }
      resolve();
    };
    const cancel = timers.after(delayMs, wake);
    for (const signal of signals) {
      signal.addEventListener('abort', wake);
    }
  });
}
