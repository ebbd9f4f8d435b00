/** Chance for property tests: the seed is printed when a case fails, and PLAUSCH_SEED repeats it. */

const firstSeed = Number(process.env['PLAUSCH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/** Numbers and bytes that follow from a seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return least + Math.floor(fraction * (most - least + 1));
  }

  bytes(most: number, least = 0): Uint8Array {
    return Uint8Array.from({ length: this.integer(least, most) }, () => this.integer(0, 255));
  }

  list<T>(most: number, make: () => T, least = 0): T[] {
    return Array.from({ length: this.integer(least, most) }, make);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)] as T;
  }
}

/** Run `property` with `count` different chances; a failure names the seed of its own. */
export function forAll(count: number, property: (chance: Chance) => void): void {
  for (let turn = 0; turn < count; turn += 1) {
    const seed = (firstSeed + turn) >>> 0;
    try {
      property(new Chance(seed));
    } catch (error) {
      throw new Error(`PLAUSCH_SEED=${seed} repeats this failure as the first case.`, {
        cause: error,
      });
    }
  }
}
