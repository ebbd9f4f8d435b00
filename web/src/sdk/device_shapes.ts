/** What the page is told of this account's devices and backups. */

/** `name`: what it was called here, "" when nobody has said. */
export interface DeviceView {
  readonly device: string;
  readonly name: string;
  readonly isThis: boolean;
  readonly isStaff?: boolean;
  readonly listedAtMs: number;
}

/**
 * A history that is not here yet: it comes by itself, it does not any more, or it is in a backup
 * file that has to be given once more.
 */
export type HistoryView = 'arriving' | 'failed' | 'file';

/**
 * Backups of this account; `madeAtMs`: when this device made its newest one. None is made as long as
 * there is a `history` to wait for.
 */
export interface BackupView {
  readonly isSetUp: boolean;
  readonly madeAtMs?: number;
  readonly history?: HistoryView;
}

/** A backup that was found: of whom, from when, and how many devices the account has now. */
export interface FoundBackupView {
  readonly address: string;
  readonly madeAtMs: number;
  readonly devices: number;
}

/** What restores an account. `isAlone`: its other devices are lost and go. */
export interface Restoring {
  readonly name: string;
  readonly recoveryKey: string;
  readonly passphrase?: string;
}
