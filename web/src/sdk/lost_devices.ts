/**
 * Devices that a restored account has lost: they go as soon as this one can take their places.
 *
 * Who removes the only device of an account from a group removes the account. So this device is
 * listed beside the lost ones first, and takes them off the list when it has left key packages:
 * then whoever takes them out of a group can add it in the same Commit.
 */

import { lenientTextFrom, utf8 } from '../base/bytes.ts';
import { DeviceAddress } from '../base/ids.ts';
import { opaque, type Reader, vector } from '../mls/codec.ts';
import { LOST_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Vault } from '../vault/vault.ts';
import { Chore } from './chore.ts';
import type { Core } from './core.ts';
import { ServerRefused, TrustRefused, Unreachable } from './errors.ts';
import { type ListKeeper, removeOthers } from './own_devices.ts';

const LOOK_MS = 200;

/**
 * The row of those that have to go: as many as were known when the person said so. Whoever has come
 * onto the list since goes with them.
 */
export function lostSlot(vault: Vault): Slot<readonly DeviceAddress[]> {
  return new Slot(vault, LOST_SLOT, {
    toBytes: (devices) => vector(devices.map(({ uri }) => opaque(utf8(uri)))),
    read: (reader: Reader): readonly DeviceAddress[] =>
      reader.vector((item) => DeviceAddress.parseUri(lenientTextFrom(item.opaque()))),
  });
}

/** Removes them. */
export class LostDevices {
  readonly #core: Core;
  readonly #keeper: () => ListKeeper;
  readonly #slot: Slot<readonly DeviceAddress[]>;
  readonly #chore: Chore;

  constructor(core: Core, keeper: () => ListKeeper) {
    this.#core = core;
    this.#keeper = keeper;
    this.#slot = lostSlot(core.vault);
    this.#chore = new Chore(core, () => this.#run());
  }

  /** There is a connection: do it, if it was not done. */
  kick(): void {
    this.#chore.kick();
  }

  async #run(): Promise<void> {
    const { keyPackages, pause, server, vault } = this.#core;
    const lost = await this.#slot.get();
    if (lost === undefined) {
      return;
    }
    while ((await keyPackages.uploaded()) === 0) {
      if (this.#core.isClosed || !server.isOnline) {
        return;
      }
      await pause(LOOK_MS);
    }
    try {
      await removeOthers(this.#keeper(), lost);
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // goes on with the next connection
      }
      if (!(error instanceof ServerRefused || error instanceof TrustRefused)) {
        throw error;
      }
      await this.#core.report(undefined, undefined, error);
      return; // they are still there: once more with the next connection
    }
    await vault.write([this.#slot.remove()]);
  }
}
