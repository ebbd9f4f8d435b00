/**
 * The history of another device, or of a backup, on its way into this one.
 *
 * Where it is said where it lies, and how far it was taken over, is in the vault: it goes on after
 * whatever happens. What arrives meanwhile by itself stays as it is.
 */

import { PlauschError, RemoteError } from '../base/errors.ts';
import { concat } from '../base/bytes.ts';
import { Layout } from '../content/stream.ts';
import { optional, type Reader, u64, u8 } from '../mls/codec.ts';
import { StorageUnavailable } from '../platform/database.ts';
import { ARRIVING_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Vault } from '../vault/vault.ts';
import { ArchiveReading } from './archive_reading.ts';
import {
  type ArchiveRef,
  NOTE_LAYOUT,
  type NotePlace,
  openNote,
  placeBytes,
  readPlace,
  readRef,
  refBytes,
} from './archive_ref.ts';
import { type ArchiveSource, readArchive } from './archive_source.ts';
import type { Core } from './core.ts';
import { ServerRefused, Unreachable } from './errors.ts';
import type { Told } from './protocol.ts';
import { fetchSealed } from './sealed_files.ts';

/** The name under which the page is told how far it is. */
export const HISTORY_TRANSFER = 'history';

/** How long the other device may take to say where the history is. */
export const NOTE_PATIENCE_MS = 24 * 3600 * 1000;

const SOON_MS = 2_000;
const LATER_MS = 60_000;
const SOON_FOR_MS = 10 * 60_000;

/**
 * What is on its way. `note`: where it is said where it is; `ref`: where it is. Its blobs are dropped
 * at the end unless they are a backup's.
 */
export interface Arriving {
  readonly sinceMs: number;
  readonly note: NotePlace | undefined;
  readonly ref: ArchiveRef | undefined;
  readonly position: number;
  readonly records: number;
  readonly isBackup: boolean;
}

/** The row of what is on its way. */
export function arrivingSlot(vault: Vault): Slot<Arriving> {
  return new Slot(vault, ARRIVING_SLOT, { toBytes, read });
}

/** What a device that was just linked waits for. */
export function awaited(note: NotePlace, sinceMs: number): Arriving {
  return { sinceMs, note, ref: undefined, position: 0, records: 0, isBackup: false };
}

/** What a device that was restored fetches. */
export function backedUp(ref: ArchiveRef, sinceMs: number): Arriving {
  return { sinceMs, note: undefined, ref, position: 0, records: 0, isBackup: true };
}

function toBytes({ isBackup, note, position, records, ref, sinceMs }: Arriving): Uint8Array {
  return concat(
    u64(BigInt(sinceMs)),
    optional(note && placeBytes(note)),
    optional(ref && refBytes(ref)),
    u64(BigInt(position)),
    u64(BigInt(records)),
    u8(isBackup ? 1 : 0),
  );
}

function read(reader: Reader): Arriving {
  return {
    sinceMs: Number(reader.u64()),
    note: reader.optional(readPlace),
    ref: reader.optional(readRef),
    position: Number(reader.u64()),
    records: Number(reader.u64()),
    isBackup: reader.u8() === 1,
  };
}

/** Brings it in, as long as there is a connection. */
export class Arrival {
  readonly #core: Core;
  readonly #tell: (told: Told) => void;
  readonly #slot: Slot<Arriving>;
  #isRunning = false;

  constructor(core: Core, tell: (told: Told) => void) {
    this.#core = core;
    this.#tell = tell;
    this.#slot = arrivingSlot(core.vault);
  }

  /** There is a connection: go on with what is on its way, if anything is. */
  kick(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#core.spawn(async () => {
        try {
          await this.#core.patiently(() => this.#run());
        } finally {
          this.#isRunning = false;
        }
      });
    }
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const arriving = await this.#slot.get();
        if (arriving === undefined || this.#core.isClosed) {
          return;
        }
        if (arriving.ref !== undefined) {
          await this.#take(arriving, arriving.ref);
        } else if (!(await this.#ask(arriving))) {
          const isSoon = this.#core.clock.nowMs() - arriving.sinceMs < SOON_FOR_MS;
          await this.#core.pause(isSoon ? SOON_MS : LATER_MS);
        }
      }
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // goes on with the next connection
      }
      if (!(error instanceof PlauschError) || error instanceof StorageUnavailable) {
        throw error;
      }
      await this.#end(undefined, error);
    }
  }

  /** Ask where it is; false: it is not said yet. */
  async #ask(arriving: Arriving): Promise<boolean> {
    const { clock, subtle, vault } = this.#core;
    const { note, sinceMs } = arriving;
    let said: 'none' | ArchiveRef = 'none';
    try {
      if (note !== undefined) {
        const sealed = await fetchSealed(this.#core, note.blob, NOTE_LAYOUT, 0, () => undefined);
        said = await openNote(subtle, note, sealed);
      }
    } catch (error) {
      if (!(error instanceof ServerRefused) || error.code !== 'unknown_blob') {
        throw error;
      }
      if (clock.nowMs() - sinceMs < NOTE_PATIENCE_MS) {
        return false;
      }
    }
    if (said === 'none') {
      throw new RemoteError(
        'The other device has not brought its history along: link this device once more if it ' +
          'is wanted here.',
        { code: 'history_missing' },
      );
    }
    await vault.write([await this.#slot.put({ ...arriving, ref: said })]);
    return true;
  }

  async #take(arriving: Arriving, ref: ArchiveRef): Promise<void> {
    const core = this.#core;
    const reading = new ArchiveReading(core, arriving.records);
    const layout = new Layout(ref.contentBytes);
    this.#progress(arriving.position, ref.contentBytes);
    const source: ArchiveSource = {
      subtle: core.subtle,
      secret: ref.secret,
      contentBytes: ref.contentBytes,
      chunk: (_, number) => fetchSealed(core, ref.blob, layout, number, () => undefined),
      reached: async (position) => {
        await core.naming.take(reading.names);
        return [await this.#slot.put({ ...arriving, position, records: reading.records })];
      },
      progress: (done, total) => {
        this.#progress(done, total);
      },
    };
    if (arriving.position < ref.contentBytes) {
      await readArchive(source, core.address, reading, arriving.position);
    } // else this device ended after the last portion
    await reading.finish();
    await this.#end(arriving, undefined);
  }

  /** It is all here, or will never be. */
  async #end(arriving: Arriving | undefined, error: PlauschError | undefined): Promise<void> {
    const { server, vault } = this.#core;
    await vault.write([this.#slot.remove()]);
    this.#progress(1, 1);
    if (error !== undefined) {
      await this.#core.report(undefined, undefined, error);
    }
    this.#tell({ what: 'moved' });
    if (arriving !== undefined && !arriving.isBackup) {
      for (const one of [arriving.note, arriving.ref]) {
        if (one !== undefined) {
          await server.dropBlob(one.blob);
        }
      }
    }
  }

  #progress(doneBytes: number, totalBytes: number): void {
    this.#tell({ what: 'transfer', transfer: HISTORY_TRANSFER, doneBytes, totalBytes });
  }
}
