/** Restoring as the page asks for it: by the recovery key alone, or with a backup file. */

import type { AccountOwn } from '../vault/account_own.ts';
import type { Vault } from '../vault/vault.ts';
import { FILE_HEAD_BYTES, parseFileHead } from './backup_record.ts';
import type { World } from './device.ts';
import type { FoundBackupView, Restoring } from './protocol.ts';
import { deriveRecovery, parseRecoveryKey, wipe } from './recovery_key.ts';
import { findBackup, restore, type Wanted } from './restoring.ts';

/** What a person has entered. */
type Entered = Restoring & { readonly file?: Blob };

/** A restored account; `chunksAt`: where its archive begins in the file that was given, if one was. */
export interface Restored {
  readonly own: AccountOwn;
  readonly chunksAt: number | undefined;
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
    try {
      const { list, record } = await findBackup(wanted);
      return {
        address: record.account.toString(),
        madeAtMs: record.madeAtMs,
        devices: list.devices.length,
      };
    } finally {
      wipe(wanted.secrets);
    }
  }

  /** Throws as `find`, and SdkError `vault_exists`, StorageUnavailable. */
  async restore(vault: Vault, entered: Entered & { readonly isAlone: boolean }): Promise<Restored> {
    const { chunksAt, wanted } = await this.#wanted(entered);
    try {
      const { own } = await restore(vault, wanted, entered.isAlone, this.#world.clock);
      return { own, chunksAt };
    } finally {
      wipe(wanted.secrets);
    }
  }

  async #wanted({
    file,
    name,
    passphrase = '',
    recoveryKey,
  }: Entered): Promise<{ readonly wanted: Wanted; readonly chunksAt: number | undefined }> {
    const key = parseRecoveryKey(recoveryKey);
    const head = file && (await fileHeadOf(file));
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

/** The record at the beginning of a backup file, and where its chunks begin. Throws BackupRefused. */
export async function fileHeadOf(file: Blob): Promise<readonly [record: Uint8Array, end: number]> {
  const raw = await file.slice(0, FILE_HEAD_BYTES).arrayBuffer();
  return parseFileHead(new Uint8Array(raw));
}
