/** Medians, as bench/mls.py takes them. */

export interface Row {
  readonly step: string;
  readonly suite: string;
  readonly size: number;
  readonly ms: number;
}

/** Messages timed together. */
export const BATCH = 20;

/**
 * Median wall time of `step` in milliseconds. A page's clock ticks every 0.1 ms: short steps are
 * timed in batches.
 */
export async function medianMs(step: () => unknown, rounds: number, batch = 1): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    for (let turn = 0; turn < batch; turn += 1) {
      await step();
    }
    times.push((performance.now() - begin) / batch);
  }
  return median(times);
}

/** The middle one; NaN of none. */
export function median(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
