/** Where the time comes from; everything below takes it as an argument. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** The machine's clock. */
export const CLOCK: Clock = { nowMs: () => Date.now() };
