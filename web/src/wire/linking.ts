/**
 * Frames for a device that has no account yet: pairing with one that has, and recovery
 * (spec/linking.md).
 *
 * A pairing is a meeting of two devices by a number that one of them shows as a code. The server
 * passes a few messages from each side to the other, in memory, and cannot read what matters in
 * them.
 */

import {
  BLOB_BYTES,
  BYTES,
  bytes,
  COUNT,
  DIGEST_BYTES,
  int,
  REQUEST_ID,
  SIGNATURE_BYTES,
  WORD,
} from './frame.ts';

/** Largest message of a pairing. */
export const PAIRING_MESSAGE_BYTES = 16 * 1024;

/** Messages of one side of a pairing. */
export const PAIRING_MESSAGES = 4;

/** Largest record of a backup: its secrets and where the rest lies, sealed. */
export const BACKUP_RECORD_BYTES = 8 * 1024;

/** The sides of a pairing. */
export const NEW_SIDE = 0;
export const EXISTING_SIDE = 1;

const PAIRING_BYTES = bytes(16, 16);
const NUMBER = int(1, PAIRING_MESSAGES);
const CONTENT = bytes(1, PAIRING_MESSAGE_BYTES);
const RECORD = bytes(1, BACKUP_RECORD_BYTES);
const LOOKUP_BYTES = bytes(0, 32);
const KEY_BYTES = bytes(32, 32);

export const LINKING_CLIENT_FRAMES = {
  /**
   * Take a side (0: the new device's, 1: the other's) of a pairing. Answer: `Done`.
   *
   * Whoever comes first begins the pairing. The side belongs to `token`, which its device chose:
   * with it the device comes back after a lost connection. Messages of the other side after number
   * `after` are pushed.
   */
  OpenPairing: {
    tag: 80,
    fields: {
      id: REQUEST_ID,
      pairing: PAIRING_BYTES,
      side: int(NEW_SIDE, EXISTING_SIDE),
      token: PAIRING_BYTES,
      after: COUNT,
    },
  },

  /** This side's message of that number, counted from 1. Answer: `Done`, also the second time. */
  SendPairing: { tag: 81, fields: { id: REQUEST_ID, number: NUMBER, message: CONTENT } },

  /** The server forgets the pairing, and the other side's connection ends. Answer: `Done`. */
  EndPairing: { tag: 83, fields: { id: REQUEST_ID } },

  /**
   * The account's backup, in place of the one before. Answer: `Done`.
   *
   * `lookup` is the SHA-256 of the capability by which it is fetched, `adoptionKey` the public key
   * that a device has to prove before it is adopted, `blob` a whole blob of this account that stays
   * for as long as the backup names it. `believed` is the lookup of the recovery key that counts,
   * as far as the device knows: where that one is neither this nor `lookup`, the answer is
   * `backup_moved`. Empty: a person has just made the recovery key of this backup.
   */
  KeepBackup: {
    tag: 84,
    fields: {
      id: REQUEST_ID,
      lookup: DIGEST_BYTES,
      adoptionKey: KEY_BYTES,
      record: RECORD,
      blob: BLOB_BYTES,
      believed: LOOKUP_BYTES,
    },
  },

  /**
   * The account has no backup any more, and no recovery key that counts. Answer: `Done`, also when
   * there was none.
   */
  DropBackup: { tag: 85, fields: { id: REQUEST_ID } },

  /** The account's backup, for whoever has its capability. Answer: `Backup`. */
  GetBackup: { tag: 86, fields: { id: REQUEST_ID, name: WORD, capability: KEY_BYTES } },

  /**
   * The account's next device list with one new device, which has no other one to publish it.
   *
   * `signature`: by the backup's adoption key, over the server's nonce (identity/adoption).
   * Answer: `Done`.
   */
  AdoptDevice: {
    tag: 88,
    fields: {
      id: REQUEST_ID,
      name: WORD,
      deviceList: BYTES,
      certificate: BYTES,
      signature: SIGNATURE_BYTES,
    },
  },
} as const;

export const LINKING_SERVER_FRAMES = {
  /** A message of the other side. */
  PairingMessage: { tag: 82, fields: { number: NUMBER, message: CONTENT } },

  /** A backup, when it was kept (server's clock), and the account as it is now. */
  Backup: {
    tag: 87,
    fields: { id: REQUEST_ID, keptAtMs: COUNT, record: RECORD, kind: WORD, deviceList: BYTES },
  },
} as const;
