/**
 * What pushes set going: once for all that ask for the same thing, however many they are.
 *
 * A server may push as much as it likes; what waits here has a bound.
 */

/** Different things going at once; what is beyond is passed over, and found at the next login. */
export const ERRANDS_AT_ONCE = 1_000;

/** Steps by their names. `spawn` runs one in the background. */
export class Errands {
  readonly #spawn: (step: () => Promise<void>) => void;
  readonly #going = new Map<string, 'once' | 'again'>();

  constructor(spawn: (step: () => Promise<void>) => void) {
    this.#spawn = spawn;
  }

  /**
   * Do it, and once more when it is asked for while it runs. False when there is too much going on:
   * it is not done.
   */
  run(name: string, step: () => Promise<void>): boolean {
    if (this.#going.has(name)) {
      this.#going.set(name, 'again');
      return true;
    }
    if (this.#going.size >= ERRANDS_AT_ONCE) {
      return false;
    }
    this.#going.set(name, 'once');
    this.#spawn(async () => {
      try {
        await step();
      } finally {
        const isAskedAgain = this.#going.get(name) === 'again';
        this.#going.delete(name);
        if (isAskedAgain) {
          this.run(name, step);
        }
      }
    });
    return true;
  }
}
