/** What a person calls the devices of this account; known on the devices that were told. */

import { concat, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { DeviceAddress } from '../base/ids.ts';
import { isPrintable } from '../content/printable.ts';
import { opaque, type Reader, vector } from '../mls/codec.ts';
import { Turns } from '../platform/turns.ts';
import { NAMES_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Vault } from '../vault/vault.ts';
import type { DeviceNames } from './archive_writing.ts';
import { NAME_CHARACTERS } from './pairing.ts';

type Pairs = readonly (readonly [uri: string, name: string])[];

/** Names by device. */
export class DeviceNaming {
  readonly #vault: Vault;
  readonly #slot: Slot<Pairs>;
  readonly #names = new Map<string, string>();
  readonly #turns = new Turns();

  constructor(vault: Vault) {
    this.#vault = vault;
    this.#slot = new Slot(vault, NAMES_SLOT, { toBytes, read });
  }

  /** Throws VaultDamaged, StorageUnavailable. */
  async load(): Promise<void> {
    for (const [uri, name] of (await this.#slot.get()) ?? []) {
      this.#names.set(uri, name);
    }
  }

  of(device: DeviceAddress): string {
    return this.#names.get(device.uri) ?? '';
  }

  /** All of them, for an archive. */
  all(): DeviceNames {
    return new Map(
      Array.from(this.#names, ([uri, name]) => [uri, [DeviceAddress.parseUri(uri), name] as const]),
    );
  }

  /** Call a device so, in one line that is seen; "": by no name. Throws StorageUnavailable. */
  async set(device: DeviceAddress, name: string): Promise<void> {
    await this.#change(() => {
      this.#call(device.uri, name);
    });
  }

  /** Names from another device, where there is none here. Throws StorageUnavailable. */
  async take(names: ReadonlyMap<string, string>): Promise<void> {
    const isNew = ([uri]: readonly [string, string]): boolean => !this.#names.has(uri);
    if (Array.from(names).some(isNew)) {
      await this.#change(() => {
        for (const [uri, name] of Array.from(names).filter(isNew)) {
          this.#call(uri, name);
        }
      });
    }
  }

  #call(uri: string, name: string): void {
    const called = cleaned(name);
    if (called === '') {
      this.#names.delete(uri);
    } else {
      this.#names.set(uri, called);
    }
  }

  async #change(step: () => void): Promise<void> {
    await this.#turns.run(async () => {
      step();
      await this.#vault.write([await this.#slot.put([...this.#names])]);
    });
  }
}

/** One line of what is seen, not too long: a name that the business's team takes, too. */
function cleaned(name: string): string {
  const line = name.replace(/\s+/gu, ' ').trim().slice(0, NAME_CHARACTERS);
  return Array.from(line).filter(isPrintable).join('').trim();
}

function toBytes(pairs: Pairs): Uint8Array {
  return vector(pairs.map(([uri, name]) => concat(opaque(utf8(uri)), opaque(utf8(name)))));
}

function read(reader: Reader): Pairs {
  return reader.vector(
    (item) => [lenientTextFrom(item.opaque()), lenientTextFrom(item.opaque())] as const,
  );
}
