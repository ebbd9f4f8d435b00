/** Restoring as the page asks for it: by the recovery key alone, or with a backup file. */

import type { AccountOwn } from '../vault/account_own.ts';
import type { Vault } from '../vault/vault.ts';
import type { ArchiveRef } from './archive_ref.ts';
import { FILE_HEAD_BYTES, parseFileHead } from './backup_record.ts';
import type { World } from './device.ts';
import type { FoundBackupView, Restoring } from './protocol.ts';
import { deriveRecovery, parseRecoveryKey, type RecoverySecrets } from './recovery_key.ts';
import { findBackup, restore, type Wanted } from './restoring.ts';

/** What a person has entered. */
type Entered = Restoring & { readonly file?: Blob };

/** A restored account; `file`: its archive is in the file that was given. */
export interface Restored {
  readonly own: AccountOwn;
  readonly file: { readonly chunksAt: number; readonly ref: ArchiveRef } | undefined;
}

/** Looks for backups and restores them. */
export class Recoveries {
  readonly #world: World;
  readonly #serverUrl: string;

  constructor(world: World, serverUrl: string) {
    this.#world = world;
    this.#serverUrl = serverUrl;
  }

  /** Throws SdkError `bad_recovery_key`, as `findBackup`, BackupRefused for what is no file of ours. */
  async find(entered: Entered): Promise<FoundBackupView> {
    const { wanted } = await this.#wanted(entered);
    const { list, record } = await findBackup(wanted);
    wipe(wanted.secrets);
    return {
      address: record.account.toString(),
      madeAtMs: record.madeAtMs,
      devices: list.devices.length,
    };
  }

  /** Throws as `find`, and SdkError `vault_exists`, StorageUnavailable. */
  async restore(vault: Vault, entered: Entered & { readonly isAlone: boolean }): Promise<Restored> {
    const { chunksAt, wanted } = await this.#wanted(entered);
    const { found, own } = await restore(vault, wanted, entered.isAlone, this.#world.clock);
    wipe(wanted.secrets);
    const { archive: ref } = found.record;
    return { own, file: chunksAt === undefined ? undefined : { chunksAt, ref } };
  }

  async #wanted({
    file,
    name,
    passphrase = '',
    recoveryKey,
  }: Entered): Promise<{ readonly wanted: Wanted; readonly chunksAt: number | undefined }> {
    const key = parseRecoveryKey(recoveryKey);
    let head: readonly [record: Uint8Array, end: number] | undefined;
    if (file !== undefined) {
      const raw = await file.slice(0, FILE_HEAD_BYTES).arrayBuffer();
      head = parseFileHead(new Uint8Array(raw));
    }
    const secrets = await deriveRecovery(key, passphrase);
    key.fill(0);
    const { outside } = this.#world;
    const wanted = {
      ...{ outside, serverUrl: this.#serverUrl, name: name.trim().toLowerCase(), secrets },
      ...(head === undefined ? {} : { record: head[0] }),
    };
    return { wanted, chunksAt: head?.[1] };
  }
}

function wipe({ capability, sealing }: RecoverySecrets): void {
  [capability, sealing[0]].forEach((one) => one.fill(0));
}
