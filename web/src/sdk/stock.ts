/**
 * Key packages in stock at the server, so that others can add this device while it is away.
 *
 * Private halves are in the vault before the public ones leave. Each is handed out once; when none
 * is left the last-resort one is, and that is replaced as soon as it was used, and before it is too
 * old to be used.
 *
 * How many the server holds it says at login. From then on this device counts along: each Welcome
 * used one, and one for a last resort says that no other was left.
 */

import { EMPTY } from '../base/bytes.ts';
import { KeyPackageBundle } from '../mls/group.ts';
import { MLS_128_X25519_AES128, MLS_256_XWING } from '../mls/suite.ts';
import { Turns } from '../platform/turns.ts';
import type { KeptKeyPackage } from '../vault/key_packages.ts';
import type { Core } from './core.ts';
import { ServerRefused, Unreachable } from './errors.ts';

/** How many one-time key packages are made at once, by cipher suite. */
export const STOCK: ReadonlyMap<number, number> = new Map([
  [MLS_256_XWING, 24],
  [MLS_128_X25519_AES128, 6],
]);

export const LOW_STOCK = 12;
export const LIFETIME_S = 60 * 24 * 3600;
const DAY_MS = 24 * 3600 * 1000;

/** A last-resort package of this age is replaced: who claims one has time to use it. */
export const RENEW_AFTER_MS = LIFETIME_S * 1000 - 14 * DAY_MS;

/** A vault that is slow to write gets them in small portions, so that messages come between. */
const PORTION = 6;

/** What the server holds of this device, counted along. */
export class Stock {
  readonly #core: Core;
  readonly #filling = new Turns();
  #countedOn = 0;
  #claimed = 0;
  #isLookingDaily = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * The server says at login how many it holds: fill up, and look after it from now on.
   *
   * Throws Unreachable, ServerRefused.
   */
  async counted(held: number): Promise<void> {
    const core = this.#core;
    await this.#filling.run(async () => {
      this.#claimed = (await core.keyPackages.uploaded()) - held;
      this.#countedOn = core.server.generation;
      await replenish(core, held);
    });
    if (!this.#isLookingDaily) {
      this.#isLookingDaily = true;
      core.spawn(() => this.#everyDay());
    }
  }

  /** Fill up, if this connection has seen a count; what the server refuses is noted. */
  async refill(): Promise<void> {
    const core = this.#core;
    try {
      await this.#filling.run(async () => {
        if (this.#countedOn === core.server.generation) {
          await replenish(core, await this.#held());
        }
      });
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // the next login counts anew
      }
      if (!(error instanceof ServerRefused)) {
        throw error;
      }
      await core.report(undefined, undefined, error);
    }
  }

  async #held(): Promise<number> {
    const fresh = await freshLastResorts(this.#core);
    if ([...STOCK.keys()].some((suite) => !fresh.has(suite))) {
      return 0;
    }
    return Math.max(0, (await this.#core.keyPackages.uploaded()) - this.#claimed);
  }

  async #everyDay(): Promise<void> {
    while (!this.#core.isClosed) {
      await this.#core.pause(DAY_MS);
      await this.#core.patiently(() => this.refill());
    }
  }
}

/**
 * Fill up what the server holds (`held` one-time packages). Throws Unreachable, ServerRefused.
 *
 * What was made but perhaps never arrived is uploaded first; the server passes over what it has.
 */
export async function replenish(core: Core, held: number): Promise<void> {
  const { keyPackages, vault } = core;
  const nowMs = core.clock.nowMs();
  await vault.write(await keyPackages.removeOld(nowMs - LIFETIME_S * 1000 - DAY_MS));
  const waiting = await keyPackages.waiting();
  for (const { bundle } of waiting) {
    bundle.fill(0); // only the public halves are wanted
  }
  const fresh = await freshLastResorts(core);
  for (const suite of STOCK.keys()) {
    if (!fresh.has(suite)) {
      await upload(core, [await made(core, suite, true)], true);
    }
  }
  const resorts = waiting.filter(({ isLastResort }) => isLastResort);
  for (const kept of resorts) {
    await upload(core, [kept], true);
  }
  const oneTime = waiting.filter(({ isLastResort }) => !isLastResort);
  if (oneTime.length > 0) {
    await upload(core, oneTime, false);
  }
  if (held + oneTime.length >= LOW_STOCK) {
    return;
  }
  for (const [suite, count] of STOCK) {
    for (let left = count; left > 0; left -= PORTION) {
      const portion: KeptKeyPackage[] = [];
      for (let index = 0; index < Math.min(PORTION, left); index += 1) {
        portion.push(await made(core, suite, false));
      }
      await upload(core, portion, false);
    }
  }
}

/** The suites with a last resort that was not used and is not about to be too old. */
async function freshLastResorts(core: Core): Promise<ReadonlySet<number>> {
  return core.keyPackages.freshLastResorts(core.clock.nowMs() - RENEW_AFTER_MS);
}

/** A new one, whose private half is in the vault and nowhere else. */
async function made(core: Core, suite: number, isLastResort: boolean): Promise<KeptKeyPackage> {
  const bundle = KeyPackageBundle.create(
    suite,
    core.credential,
    core.own.deviceKey.toBytes(),
    core.nowS,
    LIFETIME_S,
    { lastResort: isLastResort },
  );
  const kept = {
    ref: bundle.ref,
    suite,
    isLastResort,
    bundle: bundle.save(),
    message: bundle.message,
    isUploaded: false,
    isUsed: false,
    madeAtMs: core.clock.nowMs(),
  };
  try {
    await core.vault.write([await core.keyPackages.put(kept)]);
  } finally {
    bundle.erase();
    kept.bundle.fill(0);
  }
  return kept;
}

async function upload(
  core: Core,
  packages: readonly KeptKeyPackage[],
  asLastResort: boolean,
): Promise<void> {
  const messages = packages.map(({ message }) => message);
  if (asLastResort) {
    for (const message of messages) {
      await core.server.uploadKeyPackages([], message);
    }
  } else {
    await core.server.uploadKeyPackages(messages, EMPTY);
  }
  await core.vault.write(packages.map(({ ref }) => core.keyPackages.markUploaded(ref)));
}
