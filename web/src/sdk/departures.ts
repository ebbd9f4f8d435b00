/**
 * This device's history on its way to devices that were linked by it.
 *
 * What is promised to a new device is in the vault before the device is told where to look. The
 * archive is made when the new device is in this account's conversations, or a while later: what is
 * said from then on, it reads itself.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { concat, equalBytes, lenientTextFrom, utf8 } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import { DeviceAddress } from '../base/ids.ts';
import { opaque, optional, type Reader, vector } from '../mls/codec.ts';
import { StorageUnavailable } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { DEPARTING_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import {
  type ArchiveRef,
  newNotePlace,
  type Note,
  NOTE_LAYOUT,
  type NotePlace,
  placeBytes,
  readPlace,
  readRef,
  refBytes,
  sealNote,
} from './archive_ref.ts';
import { dropArchive, newArchivePlace, writeArchive } from './archive_writing.ts';
import { againAfterMs, Chore } from './chore.ts';
import type { Core } from './core.ts';
import { SdkError, Unreachable } from './errors.ts';
import { uploadSealed } from './sealed_files.ts';

/** How long the new device is given to come into the conversations. */
export const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

/** `spool`: under which name and key the archive is being written; `ref`: it is, wholly. */
interface Departing {
  readonly device: DeviceAddress;
  readonly note: NotePlace;
  readonly spool: NotePlace | undefined;
  readonly ref: ArchiveRef | undefined;
}

/** All that is owed to new devices. */
export class Departures {
  readonly #core: Core;
  readonly #slot: Slot<readonly Departing[]>;
  readonly #turns = new Turns();
  readonly #chore: Chore;
  #progress: (doneBytes: number, totalBytes: number) => void = () => undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#slot = new Slot(core.vault, DEPARTING_SLOT, { toBytes, read });
    this.#chore = new Chore(core, () => this.#run());
  }

  /** Where a new device will find out where the history is. Throws StorageUnavailable. */
  async promise(device: DeviceAddress): Promise<NotePlace> {
    const note = newNotePlace();
    await this.#change((all) => [
      ...all.filter((one) => !one.device.equals(device)),
      { device, note, spool: undefined, ref: undefined },
    ]);
    return note;
  }

  /** There is a connection: go on. `progress` is told of uploads from now on. */
  kick(progress?: (doneBytes: number, totalBytes: number) => void): void {
    this.#progress = progress ?? this.#progress;
    this.#chore.kick();
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = (await this.#slot.get()) ?? [];
      if (next === undefined || this.#core.isClosed) {
        return;
      }
      try {
        await this.#send(next);
      } catch (error) {
        if (error instanceof Unreachable) {
          return; // goes on with the next connection
        }
        if (!(error instanceof PlauschError) || error instanceof StorageUnavailable) {
          throw error;
        }
        const afterMs = againAfterMs(error);
        if (afterMs === undefined) {
          await this.#giveUp(next, error);
        } else {
          await this.#core.pause(afterMs);
        }
      }
    }
  }

  async #send(departing: Departing): Promise<void> {
    const core = this.#core;
    if (
      !core.trust
        .deviceList(core.address)
        .addresses()
        .some((one) => one.equals(departing.device))
    ) {
      await this.#forget(departing); // it was removed again
      return;
    }
    const ref = departing.ref ?? (await this.#written(departing));
    await uploadSealed(core, ref, {
      demandWanted: () => undefined,
      progress: (done, total) => {
        this.#progress(done, total);
      },
    });
    await this.#say(departing.note, ref);
    await dropArchive(core, ref.blob);
    await this.#forget(departing);
  }

  async #written(departing: Departing): Promise<ArchiveRef> {
    const core = this.#core;
    if (departing.spool !== undefined) {
      await dropArchive(core, departing.spool.blob); // this device ended while it wrote it
    }
    await this.#untilAdded(departing.device);
    const spool = newArchivePlace();
    await this.#replace({ ...departing, spool });
    const ref = await writeArchive(core, spool, this.#core.naming.all());
    await this.#replace({ ...departing, spool, ref });
    return ref;
  }

  /** Until the device is in every open conversation of this one, at most for a while. */
  async #untilAdded(device: DeviceAddress): Promise<void> {
    const { lives, pause } = this.#core;
    const isMissing = (): boolean =>
      [...lives.values()].some(
        ({ kept }) => kept.state === 'open' && !kept.members.some((one) => one.equals(device)),
      );
    for (let waitedMs = 0; isMissing() && waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
      await pause(LOOK_MS);
    }
  }

  /** The note's only chunk goes the way of every sealed file. */
  async #say(place: NotePlace, note: Note): Promise<void> {
    const { chunks, subtle, vault } = this.#core;
    const sealed = await sealNote(subtle, place, note);
    await vault.write([chunks.put(place.blob, 0, sealed)]);
    const { contentBytes } = NOTE_LAYOUT;
    await uploadSealed(
      this.#core,
      { blob: place.blob, digest: sha256(sealed), contentBytes },
      { demandWanted: () => undefined, progress: () => undefined },
    );
    await vault.write(chunks.remove(place.blob, 1));
  }

  /** It cannot be sent: the new device is told so, if it can be. */
  async #giveUp(departing: Departing, error: PlauschError): Promise<void> {
    const core = this.#core;
    const now = (await this.#slot.get())?.find(({ device }) => device.equals(departing.device));
    await this.#forget(departing);
    for (const place of [now?.spool, now?.ref]) {
      if (place !== undefined) {
        await dropArchive(core, place.blob);
      }
    }
    const failed = new SdkError(
      `This device's history could not be brought to the new one: ${error.message}`,
      { code: 'history_unsent', cause: error },
    );
    await core.report(undefined, undefined, failed);
    if (now?.ref === undefined) {
      try {
        await this.#say(departing.note, 'none'); // a note is sealed once only
      } catch (refusal) {
        if (!(refusal instanceof PlauschError)) {
          throw refusal;
        }
      }
    }
  }

  async #replace(departing: Departing): Promise<void> {
    await this.#change((all) => all.map((one) => (isSame(one, departing) ? departing : one)));
  }

  async #forget(departing: Departing): Promise<void> {
    await this.#change((all) => all.filter((one) => !isSame(one, departing)));
  }

  async #change(step: (all: readonly Departing[]) => readonly Departing[]): Promise<void> {
    await this.#turns.run(async () => {
      const all = step((await this.#slot.get()) ?? []);
      await this.#core.vault.write([await this.#slot.put(all)]);
    });
  }
}

function isSame(one: Departing, other: Departing): boolean {
  return equalBytes(one.note.blob, other.note.blob);
}

function toBytes(all: readonly Departing[]): Uint8Array {
  return vector(
    all.map(({ device, note, ref, spool }) =>
      concat(
        opaque(utf8(device.uri)),
        placeBytes(note),
        optional(spool && placeBytes(spool)),
        optional(ref && refBytes(ref)),
      ),
    ),
  );
}

function read(reader: Reader): readonly Departing[] {
  return reader.vector((item) => ({
    device: DeviceAddress.parseUri(lenientTextFrom(item.opaque())),
    note: readPlace(item),
    spool: item.optional(readPlace),
    ref: item.optional(readRef),
  }));
}
