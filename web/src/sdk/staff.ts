/** Devices of staff are good for a while: an owner's device renews them (spec/identity.md). */

import { Chore } from './chore.ts';
import type { Core } from './core.ts';
import { ServerRefused, TrustRefused, Unreachable } from './errors.ts';
import { type ListKeeper, renewStaff } from './own_devices.ts';

/** How often a device that stays connected looks. */
export const LOOK_MS = 24 * 3600 * 1000;

/** Renews them, with each connection and once a day. */
export class Staff {
  readonly #core: Core;
  readonly #keeper: () => ListKeeper;
  readonly #chore: Chore;
  #isLookingDaily = false;

  constructor(core: Core, keeper: () => ListKeeper) {
    this.#core = core;
    this.#keeper = keeper;
    this.#chore = new Chore(core, () => this.#renew());
  }

  /** There is a connection. */
  kick(): void {
    this.#chore.kick();
    if (!this.#isLookingDaily) {
      this.#isLookingDaily = true;
      this.#core.spawn(() => this.#everyDay());
    }
  }

  async #everyDay(): Promise<void> {
    while (!this.#core.isClosed) {
      await this.#core.pause(LOOK_MS);
      this.#chore.kick();
    }
  }

  async #renew(): Promise<void> {
    try {
      await renewStaff(this.#keeper());
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // with the next connection
      }
      if (!(error instanceof ServerRefused || error instanceof TrustRefused)) {
        throw error;
      }
      await this.#core.report(undefined, undefined, error);
    }
  }
}
