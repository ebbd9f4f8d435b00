/** What a device does for the others of its account, and against losing all of them. */

import { HISTORY_TRANSFER, Arrival } from './arrival.ts';
import { ArchiveReading } from './archive_reading.ts';
import type { ArchiveRef } from './archive_ref.ts';
import { readArchive } from './archive_source.ts';
import { Backups } from './backups.ts';
import type { Core } from './core.ts';
import { Departures } from './departures.ts';
import type { Device } from './device.ts';
import type { Giver } from './linking.ts';
import { LostDevices } from './lost_devices.ts';
import { addDevice } from './own_devices.ts';
import type { Told } from './protocol.ts';
import type { Rooms } from './rooms.ts';

/** Linking, the history's way from device to device, and backups, of one running device. */
export class AccountDevices {
  readonly backups: Backups;
  readonly #core: Core;
  readonly #rooms: Rooms;
  readonly #arrival: Arrival;
  readonly #departures: Departures;
  readonly #lost: LostDevices;
  readonly #tell: (told: Told) => void;

  constructor({ core }: Device, rooms: Rooms, tell: (told: Told) => void) {
    this.#core = core;
    this.#rooms = rooms;
    this.#tell = tell;
    this.#arrival = new Arrival(core, tell);
    this.#departures = new Departures(core);
    this.#lost = new LostDevices(core, () => rooms.keeper());
    this.backups = new Backups(core, tell);
  }

  /** There is a connection: whatever was begun goes on. */
  kick(): void {
    this.#lost.kick();
    this.#arrival.kick();
    this.#departures.kick((doneBytes, totalBytes) => {
      this.#tell({ what: 'transfer', transfer: HISTORY_TRANSFER, doneBytes, totalBytes });
    });
    this.backups.kick();
  }

  /** What another device can be given. Throws VaultDamaged, StorageUnavailable. */
  async giver(): Promise<Giver> {
    const core = this.#core;
    return {
      own: core.own,
      recovery: await this.backups.recovery(),
      enrol: (deviceKey) => addDevice(this.#rooms.keeper(), deviceKey),
      note: async ({ device }, name) => {
        await core.naming.set(device, name);
        return this.#departures.promise(device);
      },
    };
  }

  /** The other device has its keys: the history follows. */
  linked(): void {
    this.#departures.kick();
  }

  /** A device was removed: what it knew of backups is worth nothing any more. */
  removed(): void {
    const { backups } = this;
    this.#core.spawn(async () => {
      if ((await backups.recovery()) !== undefined) {
        await backups.backUp();
      }
    });
  }

  /**
   * The archive in a backup file, of which `chunksAt` says where its chunks begin. It is not gone on
   * with after an interruption; taken once more, it adds what is missing.
   *
   * Throws ArchiveRefused, ContentError, StorageUnavailable.
   */
  async takeFile(file: Blob, chunksAt: number, ref: ArchiveRef): Promise<void> {
    const core = this.#core;
    const reading = new ArchiveReading(core);
    await readArchive(
      {
        subtle: core.subtle,
        secret: ref.secret,
        contentBytes: ref.contentBytes,
        chunk: async (layout, number) => {
          const start = chunksAt + layout.sealedBefore(number);
          const part = file.slice(start, start + layout.sealedIn(number));
          return new Uint8Array(await part.arrayBuffer());
        },
        reached: () => Promise.resolve([]),
        progress: (doneBytes, totalBytes) => {
          this.#tell({ what: 'transfer', transfer: HISTORY_TRANSFER, doneBytes, totalBytes });
        },
      },
      core.address,
      reading,
      0,
    );
    await reading.finish();
    await core.naming.take(reading.names);
    this.#tell({ what: 'moved' });
  }
}
