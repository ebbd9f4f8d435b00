/**
 * The history of another device, or of a backup, on its way into this one.
 *
 * Where it is said where it lies, and how far it was taken over, is in the vault: it goes on after
 * whatever happens. What arrives meanwhile by itself stays as it is.
 */

import { PlauschError, RemoteError } from '../base/errors.ts';
import { concat } from '../base/bytes.ts';
import { CodecError, optional, type Reader, u64, u8 } from '../mls/codec.ts';
import { StorageUnavailable } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { ARRIVING_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Vault } from '../vault/vault.ts';
import { ArchiveReading, type ArchiveOrigin } from './archive_reading.ts';
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
import { againAfterMs, Chore } from './chore.ts';
import type { Core } from './core.ts';
import { SdkError, ServerRefused, Unreachable } from './errors.ts';
import type { HistoryView, Told } from './protocol.ts';
import { fetchSealed } from './sealed_files.ts';

/** The name under which the page is told how far it is. */
export const HISTORY_TRANSFER = 'history';

/** How long the other device may take to say where the history is. */
export const NOTE_PATIENCE_MS = 24 * 3600 * 1000;

const SOON_MS = 2_000;
const LATER_MS = 60_000;
const SOON_FOR_MS = 10 * 60_000;

/** In the order of their numbers in the row. */
const ORIGINS: readonly ArchiveOrigin[] = ['device', 'backup', 'file'];
const FAILED = 0x80;

/**
 * What is on its way. `note`: where it is said where it is; `ref`: where it is, or what the file is
 * of which the person has to give it. Its blobs are dropped at the end if a device sent them here.
 * `isFailed`: it does not come by itself any more, and a person has to decide. As long as it is
 * there, what is on this device is not all, and nothing is backed up.
 */
export interface Arriving {
  readonly sinceMs: number;
  readonly note: NotePlace | undefined;
  readonly ref: ArchiveRef | undefined;
  readonly position: number;
  readonly records: number;
  readonly origin: ArchiveOrigin;
  readonly isFailed: boolean;
}

/** The row of what is on its way. */
export function arrivingSlot(vault: Vault): Slot<Arriving> {
  return new Slot(vault, ARRIVING_SLOT, { toBytes, read });
}

const BEGINNING = { position: 0, records: 0, isFailed: false } as const;

/** What a device that was just linked waits for. */
export function awaited(note: NotePlace, sinceMs: number): Arriving {
  return { sinceMs, note, ref: undefined, origin: 'device', ...BEGINNING };
}

/** What a device that was restored fetches, or is given as a file. */
export function backedUp(
  ref: ArchiveRef,
  sinceMs: number,
  origin: 'backup' | 'file' = 'backup',
): Arriving {
  return { sinceMs, note: undefined, ref, origin, ...BEGINNING };
}

function toBytes(arriving: Arriving): Uint8Array {
  const { isFailed, note, origin, position, records, ref, sinceMs } = arriving;
  return concat(
    u64(BigInt(sinceMs)),
    optional(note && placeBytes(note)),
    optional(ref && refBytes(ref)),
    u64(BigInt(position)),
    u64(BigInt(records)),
    u8(ORIGINS.indexOf(origin) | (isFailed ? FAILED : 0)),
  );
}

function read(reader: Reader): Arriving {
  const [sinceMs, note, ref] = [
    Number(reader.u64()),
    reader.optional(readPlace),
    reader.optional(readRef),
  ];
  const [position, records, end] = [Number(reader.u64()), Number(reader.u64()), reader.u8()];
  const origin = ORIGINS[end & ~FAILED];
  if (origin === undefined) {
    throw new CodecError('A history comes from somewhere unknown.');
  }
  return { sinceMs, note, ref, position, records, origin, isFailed: (end & FAILED) !== 0 };
}

/** Nothing that needs all of the history can be done yet. */
export function historyArriving(): SdkError {
  return new SdkError('The history is still on its way here: wait until it has arrived.', {
    code: 'history_arriving',
  });
}

/** Brings it in, as long as there is a connection. */
export class Arrival {
  readonly #core: Core;
  readonly #tell: (told: Told) => void;
  readonly #slot: Slot<Arriving>;
  readonly #chore: Chore;
  readonly #turns = new Turns();

  constructor(core: Core, tell: (told: Told) => void) {
    this.#core = core;
    this.#tell = tell;
    this.#slot = arrivingSlot(core.vault);
    this.#chore = new Chore(core, () => this.#run());
  }

  /** There is a connection: go on with what is on its way, if anything is. */
  kick(): void {
    this.#chore.kick();
  }

  /** How it stands; undefined when nothing is on its way. Throws VaultDamaged. */
  async view(): Promise<HistoryView | undefined> {
    const arriving = await this.#slot.get();
    if (arriving?.origin === 'file') {
      return 'file';
    }
    return arriving && (arriving.isFailed ? 'failed' : 'arriving');
  }

  /** Try again what has failed. */
  async again(): Promise<void> {
    await this.#turns.run(async () => {
      const arriving = await this.#slot.get();
      if (arriving?.isFailed === true) {
        const { clock, vault } = this.#core;
        const sinceMs = clock.nowMs();
        await vault.write([await this.#slot.put({ ...arriving, sinceMs, isFailed: false })]);
      }
    });
    this.kick();
  }

  /**
   * A person does without what has not come: this device's own backups begin. Throws SdkError
   * `history_arriving` while it still may come.
   */
  async forgo(): Promise<void> {
    await this.#turns.run(async () => {
      if ((await this.view()) === 'arriving') {
        throw historyArriving();
      }
      await this.#core.vault.write([this.#slot.remove()]);
    });
  }

  /**
   * The archive in a backup file, of which `chunksAt` says where its chunks begin; from where it was
   * interrupted, if it was.
   *
   * Throws SdkError `no_history_awaited`, ArchiveRefused, ContentError, StorageUnavailable.
   */
  async takeFile(file: Blob, chunksAt: number): Promise<void> {
    await this.#turns.run(async () => {
      const arriving = await this.#slot.get();
      if (arriving?.ref === undefined || arriving.origin !== 'file') {
        throw new SdkError('No history is awaited from a file here: restore with the file first.', {
          code: 'no_history_awaited',
        });
      }
      await this.#take(arriving, arriving.ref, async (layout, number) => {
        const start = chunksAt + layout.sealedBefore(number);
        const part = file.slice(start, start + layout.sealedIn(number));
        return new Uint8Array(await part.arrayBuffer());
      });
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const arriving = await this.#slot.get();
      const isWaiting = arriving === undefined || arriving.isFailed || arriving.origin === 'file';
      if (isWaiting || this.#core.isClosed) {
        return;
      }
      const afterMs = await this.#step(arriving);
      if (afterMs < 0) {
        return;
      }
      await this.#core.pause(afterMs);
    }
  }

  /** One step; in how many ms the next one is due, below 0 when not before the next connection. */
  async #step(arriving: Arriving): Promise<number> {
    try {
      if (arriving.ref !== undefined) {
        const { blob } = arriving.ref;
        await this.#take(arriving, arriving.ref, (layout, number) =>
          fetchSealed(this.#core, blob, layout, number, () => undefined),
        );
        return 0;
      }
      if (await this.#ask(arriving)) {
        return 0;
      }
      return this.#core.clock.nowMs() - arriving.sinceMs < SOON_FOR_MS ? SOON_MS : LATER_MS;
    } catch (error) {
      if (error instanceof Unreachable) {
        return -1; // goes on with the next connection
      }
      if (!(error instanceof PlauschError) || error instanceof StorageUnavailable) {
        throw error;
      }
      const afterMs = againAfterMs(error);
      if (afterMs === undefined) {
        await this.#fail(error);
      }
      return afterMs ?? -1;
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

  async #take(arriving: Arriving, ref: ArchiveRef, chunk: ArchiveSource['chunk']): Promise<void> {
    const core = this.#core;
    const reading = new ArchiveReading(core, arriving.records, arriving.origin);
    this.#progress(arriving.position, ref.contentBytes);
    const source: ArchiveSource = {
      subtle: core.subtle,
      secret: ref.secret,
      contentBytes: ref.contentBytes,
      chunk,
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
    await this.#end(arriving);
  }

  /** It is all here. */
  async #end({ note, origin, ref }: Arriving): Promise<void> {
    const { server, vault } = this.#core;
    await vault.write([this.#slot.remove()]);
    this.#progress(1, 1);
    this.#tell({ what: 'moved' });
    for (const one of origin === 'device' ? [note, ref] : []) {
      if (one !== undefined) {
        await server.dropBlob(one.blob);
      }
    }
  }

  /** It does not come by itself: that is told, and the person decides. */
  async #fail(error: PlauschError): Promise<void> {
    await this.#turns.run(async () => {
      const arriving = await this.#slot.get();
      if (arriving !== undefined) {
        await this.#core.vault.write([await this.#slot.put({ ...arriving, isFailed: true })]);
      }
    });
    this.#progress(1, 1);
    await this.#core.report(undefined, undefined, error);
    this.#tell({ what: 'moved' });
  }

  #progress(doneBytes: number, totalBytes: number): void {
    this.#tell({ what: 'transfer', transfer: HISTORY_TRANSFER, doneBytes, totalBytes });
  }
}
