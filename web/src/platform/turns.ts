/** One after another: an operation begins when the one before it has ended, however it ended. */

/** A queue of asynchronous steps. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Run `step` when its turn has come; its result or error is the caller's. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
