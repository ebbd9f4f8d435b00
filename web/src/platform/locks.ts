/** Web Locks: one holder of a name in all tabs and workers of this origin. */

/** A held lock; the browser releases it when its holder ends, however it ends. */
export class HeldLock {
  readonly #release: () => void;
  readonly #ended: Promise<void>;
  #isHeld = true;

  private constructor(release: () => void, ended: Promise<void>) {
    this.#release = release;
    this.#ended = ended.finally(() => {
      this.#isHeld = false;
    });
  }

  /**
   * Take the lock: wait for it, or answer undefined when somebody holds it. With `giveUp` the
   * waiting ends, undefined too.
   *
   * It is never stolen from another holder.
   */
  static async take(
    locks: LockManager,
    name: string,
    wait: boolean,
    giveUp?: AbortSignal,
  ): Promise<HeldLock | undefined> {
    const granted = Promise.withResolvers<boolean>();
    const freed = Promise.withResolvers<undefined>();
    // A request that does not wait may have no signal.
    const waiting = wait && giveUp !== undefined ? { signal: giveUp } : { ifAvailable: !wait };
    const request = locks.request(name, { mode: 'exclusive', ...waiting }, (lock) => {
      granted.resolve(lock !== null);
      return lock === null ? undefined : freed.promise;
    });
    const ended = quietly(request, (error) => {
      if (giveUp?.aborted === true) {
        granted.resolve(false);
      } else {
        granted.reject(error);
      }
    });
    if (!(await granted.promise)) {
      return undefined;
    }
    return new HeldLock(() => {
      freed.resolve(undefined);
    }, ended);
  }

  /** False after its release, and after somebody else took it by force. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Let go; returns when the next one may have it. */
  async release(): Promise<void> {
    this.#release();
    await this.#ended;
  }
}

/** The end of a lock, whether it was released, taken away or never granted. */
async function quietly(request: Promise<unknown>, refuse: (error: unknown) => void): Promise<void> {
  try {
    await request;
  } catch (error) {
    refuse(error);
  }
}
