/**
 * Backups: what this device remembers, sealed for a recovery key that it does not keep, to the
 * server and to a file.
 *
 * A new backup is whole on the server before the record names it, and only then the old one goes.
 * Once a recovery key is set up, one is made each day on which something has changed.
 */

import { concat, EMPTY } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import { Layout } from '../content/stream.ts';
import { opaque, optional, type Reader, u64 } from '../mls/codec.ts';
import { StorageUnavailable } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { RECOVERY_SLOT } from '../vault/schema.ts';
import { Slot } from '../vault/slots.ts';
import type { Vault } from '../vault/vault.ts';
import { type Arrival, historyArriving } from './arrival.ts';
import { type ArchiveRef, type NotePlace, placeBytes, readPlace } from './archive_ref.ts';
import { dropArchive, newArchivePlace, writeArchive } from './archive_writing.ts';
import { fileHead, sealRecord } from './backup_record.ts';
import type { Core } from './core.ts';
import { SdkError, ServerRefused, Unreachable } from './errors.ts';
import { identityOf } from './own_devices.ts';
import type { BackupView, Told } from './protocol.ts';
import { deriveRecovery, newRecoveryKey, recoveryOf, recoveryText, wipe } from './recovery_key.ts';
import { readRecovery, type Recovery, recoveryBytes } from './recovery_settings.ts';
import { uploadSealed } from './sealed_files.ts';

/** The name under which the page is told how far it is. */
export const BACKUP_TRANSFER = 'backup';

export const DAY_MS = 24 * 3600 * 1000;
const LOOK_MS = 3600 * 1000;

/**
 * The newest backup: its archive's blob (empty: another device has it), when it was made, how many
 * messages there were.
 */
interface Made {
  readonly blob: Uint8Array;
  readonly atMs: number;
  readonly position: number;
}

/**
 * `spool`: an archive that is being written. `tried`: the lookup of a newer recovery key that nobody
 * was shown, because it is not known whether the server has heard of it.
 */
export interface BackupState {
  readonly recovery: Recovery;
  readonly made: Made | undefined;
  readonly spool: NotePlace | undefined;
  readonly tried: Uint8Array | undefined;
}

/** The row of what a device keeps of backups. */
export function backupSlot(vault: Vault): Slot<BackupState> {
  return new Slot(vault, RECOVERY_SLOT, { toBytes, read });
}

function toBytes({ made, recovery, spool, tried }: BackupState): Uint8Array {
  return concat(
    recoveryBytes(recovery),
    optional(made && concat(opaque(made.blob), u64(BigInt(made.atMs)), u64(BigInt(made.position)))),
    optional(spool && placeBytes(spool)),
    optional(tried && opaque(tried)),
  );
}

function read(reader: Reader): BackupState {
  return {
    recovery: readRecovery(reader),
    made: reader.optional((item) => ({
      blob: item.opaque(),
      atMs: Number(item.u64()),
      position: Number(item.u64()),
    })),
    spool: reader.optional(readPlace),
    tried: reader.optional((item) => item.opaque()),
  };
}

/**
 * What a device keeps that has just been linked or restored: it makes its own in a day. The archive
 * that there is, it has not made, and does not drop: the server keeps it for a while.
 */
export function takenOver(recovery: Recovery, atMs: number): BackupState {
  return { recovery, made: { blob: EMPTY, atMs, position: 0 }, spool: undefined, tried: undefined };
}

/** This device's backups. */
export class Backups {
  readonly #core: Core;
  readonly #tell: (told: Told) => void;
  readonly #slot: Slot<BackupState>;
  readonly #history: Pick<Arrival, 'view'>;
  readonly #turns = new Turns();
  #trustVersion: number;
  #isLookingDaily = false;

  constructor(core: Core, tell: (told: Told) => void, history: Pick<Arrival, 'view'>) {
    this.#core = core;
    this.#tell = tell;
    this.#slot = backupSlot(core.vault);
    this.#history = history;
    this.#trustVersion = core.trust.version;
  }

  /** What a linked device is told of it. Throws VaultDamaged, StorageUnavailable. */
  async recovery(): Promise<Recovery | undefined> {
    return (await this.#slot.get())?.recovery;
  }

  async view(): Promise<BackupView> {
    const state = await this.#slot.get();
    const history = await this.#history.view();
    const madeAtMs = state?.made?.atMs;
    return {
      isSetUp: state !== undefined,
      ...(madeAtMs === undefined ? {} : { madeAtMs }),
      ...(history === undefined ? {} : { history }),
    };
  }

  /**
   * A new recovery key, shown once, and the first backup for it; the one before is worth nothing
   * from then on.
   *
   * Throws as `backUp`; then the key before, if there was one, still counts.
   */
  async setUp(passphrase: string): Promise<string> {
    identityOf(this.#core.own);
    const key = newRecoveryKey();
    try {
      const secrets = await deriveRecovery(key, passphrase);
      const recovery = recoveryOf(secrets);
      wipe(secrets);
      await this.#turns.run(async () => {
        const before = await this.#slot.get();
        const { lookup: tried } = recovery;
        await this.#backUp({ recovery, made: before?.made, spool: before?.spool, tried }, true);
      });
      return recoveryText(key);
    } finally {
      key.fill(0);
    }
  }

  /** No more backups; the server forgets the one it has. Throws Unreachable, ServerRefused. */
  async stop(): Promise<void> {
    identityOf(this.#core.own);
    await this.#turns.run(async () => {
      const { server, vault } = this.#core;
      const state = await this.#slot.get();
      await server.dropBackup();
      await vault.write([this.#slot.remove()]);
      if (state !== undefined) {
        await this.#dropOld(state);
      }
    });
  }

  /**
   * Throws SdkError `no_recovery_key`, `history_incomplete`, `history_arriving`, Unreachable,
   * ServerRefused, StorageUnavailable. Refused as `backup_moved`, this device makes no more.
   */
  async backUp(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#backUp(await this.#demand());
    });
  }

  /**
   * The same as a file. Throws SdkError `no_recovery_key`, `history_incomplete`, `history_arriving`,
   * StorageUnavailable.
   */
  async file(): Promise<Blob> {
    return this.#turns.run(async () => {
      const state = await this.#demand();
      await this.#demandWhole();
      const { chunks } = this.#core;
      const ref = await this.#written(state);
      const parts: BlobPart[] = [fileHead(this.#record(state, ref)).slice()];
      for (let number = 0; number < new Layout(ref.contentBytes).chunks; number += 1) {
        const chunk = await chunks.get(ref.blob, number);
        parts.push(new Blob([(chunk ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer>]));
      }
      const file = new Blob(parts, { type: 'application/octet-stream' });
      await this.#unspooled({ ...state, spool: undefined }, ref.blob);
      return file;
    });
  }

  /** There is a connection: a backup is made when it is due, and from now on every day. */
  kick(): void {
    if (!this.#isLookingDaily) {
      this.#isLookingDaily = true;
      this.#core.spawn(() => this.#everyDay());
    }
  }

  async #everyDay(): Promise<void> {
    while (!this.#core.isClosed) {
      await this.#core.patiently(() => this.#ifDue());
      await this.#core.pause(LOOK_MS);
    }
  }

  async #ifDue(): Promise<void> {
    const { clock, messages, server, trust } = this.#core;
    const state = await this.#slot.get();
    if (state === undefined || !server.isOnline) {
      return;
    }
    const { made, spool } = state;
    const hasChanged =
      messages.lastPosition !== made?.position || trust.version !== this.#trustVersion;
    const isDue = hasChanged && clock.nowMs() - (made?.atMs ?? 0) >= DAY_MS;
    // One that was interrupted may have left a key behind that nobody has seen.
    if ((!isDue && spool === undefined) || (await this.#history.view()) !== undefined) {
      return;
    }
    try {
      await this.backUp();
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // in an hour
      }
      if (!(error instanceof PlauschError) || error instanceof StorageUnavailable) {
        throw error;
      }
      await this.#core.report(undefined, undefined, error);
    }
  }

  async #demand(): Promise<BackupState> {
    const state = await this.#slot.get();
    if (state === undefined) {
      throw new SdkError('There is no recovery key on this device yet: make one first.', {
        code: 'no_recovery_key',
      });
    }
    return state;
  }

  /** `isNew`: its recovery key was made just now. */
  async #backUp(state: BackupState, isNew = false): Promise<void> {
    const core = this.#core;
    const { clock, messages, server, trust, vault } = core;
    await this.#demandWhole();
    await server.waitOnline();
    const [atMs, position, version] = [clock.nowMs(), messages.lastPosition, trust.version];
    const isKept = (await this.#slot.get()) !== undefined;
    const ref = await this.#written(state, isKept);
    try {
      await uploadSealed(core, ref, {
        demandWanted: () => undefined,
        progress: (doneBytes, totalBytes) => {
          this.#tell({ what: 'transfer', transfer: BACKUP_TRANSFER, doneBytes, totalBytes });
        },
      });
      const believed = isNew ? EMPTY : (state.tried ?? state.recovery.lookup);
      await server.keepBackup(state.recovery, this.#record(state, ref), ref.blob, believed);
    } catch (error) {
      await dropArchive(core, ref.blob);
      if (error instanceof ServerRefused && error.code === 'backup_moved') {
        await vault.write([this.#slot.remove()]); // its key counts no more: the person is told
      }
      throw error;
    }
    const made = { blob: ref.blob, atMs, position };
    const kept = { ...state, made, spool: undefined, tried: undefined };
    await vault.write([await this.#slot.put(kept)]);
    this.#trustVersion = version;
    await dropArchive(core, ref.blob);
    await this.#dropOld(state);
  }

  /** Not before all of the history is here: the backup that there is may hold more. */
  async #demandWhole(): Promise<void> {
    const history = await this.#history.view();
    if (history === 'arriving') {
      throw historyArriving();
    }
    if (history !== undefined) {
      throw new SdkError(
        'Not all of the history has come here: fetch it, or decide to do without it, before it is ' +
          'backed up.',
        { code: 'history_incomplete' },
      );
    }
  }

  async #dropOld({ made }: BackupState): Promise<void> {
    if (made !== undefined && made.blob.length > 0) {
      await this.#core.server.dropBlob(made.blob);
    }
  }

  /** `isKept`: there is a row in which it can be noted that an archive is being written. */
  async #written(state: BackupState, isKept = true): Promise<ArchiveRef> {
    const core = this.#core;
    if (state.spool !== undefined) {
      await dropArchive(core, state.spool.blob); // this device ended while it wrote it
    }
    const spool = newArchivePlace();
    if (isKept) {
      const { recovery, made } = await this.#demand();
      const { tried } = state;
      await core.vault.write([await this.#slot.put({ recovery, made, spool, tried })]);
    }
    return writeArchive(core, spool, this.#core.naming.all());
  }

  async #unspooled(state: BackupState, blob: Uint8Array): Promise<void> {
    await dropArchive(this.#core, blob);
    await this.#core.vault.write([await this.#slot.put(state)]);
  }

  #record({ recovery }: BackupState, archive: ArchiveRef): Uint8Array {
    const { address, clock, own, trust } = this.#core;
    const list = trust.deviceList(address);
    return sealRecord(recovery.sealingKey, {
      account: address,
      identity: identityOf(own),
      madeAtMs: clock.nowMs(),
      listSeq: list.seq,
      listDigest: list.digest(),
      archive,
    });
  }
}
