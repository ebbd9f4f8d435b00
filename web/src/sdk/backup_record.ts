/**
 * A backup's record: who the account is, and where its archive lies, sealed to the recovery key; and
 * a backup as a file, which is the record and the archive in a row.
 */

import { concat, equalBytes, textFrom, utf8 } from '../base/bytes.ts';
import { AccountAddress, NameRefused } from '../base/ids.ts';
import { ContentError } from '../content/errors.ts';
import type { DeviceList } from '../identity/device_list.ts';
import { KEY_BYTES, SigningKey } from '../identity/keys.ts';
import { CodecError, opaque, parseWhole, Reader, u64, u8 } from '../mls/codec.ts';
import { DecryptionFailed, KeyRefused } from '../mls/errors.ts';
import { MLS_256_XWING, suite } from '../mls/suite.ts';
import { RemoteError } from '../base/errors.ts';
import { BACKUP_RECORD_BYTES } from '../wire/linking.ts';
import { type ArchiveRef, readRef, refBytes } from './archive_ref.ts';

const VERSION = 1;
const HPKE_LABEL = 'Plausch backup';
const DIGEST_BYTES = 32;
const MAGIC = utf8('Plausch backup\n');

/** Bytes at the beginning of a backup file in which its record ends. */
export const FILE_HEAD_BYTES = MAGIC.length + 4 + BACKUP_RECORD_BYTES;

/** The backup was altered, is another account's, or says what the server contradicts. */
export class BackupRefused extends RemoteError {
  static override readonly code: string = 'bad_backup';
}

/** What a record says. `listSeq` and `listDigest`: the newest device list when it was made. */
export interface BackupRecord {
  readonly account: AccountAddress;
  readonly identity: SigningKey;
  readonly madeAtMs: number;
  readonly listSeq: number;
  readonly listDigest: Uint8Array;
  readonly archive: ArchiveRef;
}

/** A record, sealed for whoever has the recovery key. */
export function sealRecord(sealingKey: Uint8Array, record: BackupRecord): Uint8Array {
  const { account, archive, identity, listDigest, listSeq, madeAtMs } = record;
  const secret = identity.toBytes();
  const plaintext = concat(
    u8(VERSION),
    opaque(utf8(account.uri)),
    opaque(secret),
    u64(BigInt(madeAtMs)),
    u64(BigInt(listSeq)),
    opaque(listDigest),
    opaque(refBytes(archive)),
  );
  const crypto = suite(MLS_256_XWING);
  const [kemOutput, ciphertext] = crypto.encryptWithLabel(
    sealingKey,
    HPKE_LABEL,
    utf8(account.uri),
    plaintext,
  );
  [secret, plaintext].forEach((one) => one.fill(0));
  return concat(opaque(kemOutput), opaque(ciphertext));
}

/** Throws BackupRefused when it is not what was sealed for this account and key. */
export function openRecord(
  privateKey: Uint8Array,
  account: AccountAddress,
  sealed: Uint8Array,
): BackupRecord {
  try {
    const [kemOutput, ciphertext] = parseWhole(
      (reader) => [reader.opaque(), reader.opaque()] as const,
      sealed,
    );
    const plaintext = suite(MLS_256_XWING).decryptWithLabel(
      privateKey,
      HPKE_LABEL,
      utf8(account.uri),
      kemOutput,
      ciphertext,
    );
    const record = parseWhole(readRecord, plaintext);
    plaintext.fill(0);
    if (!record.account.equals(account)) {
      throw altered();
    }
    return record;
  } catch (error) {
    if (
      error instanceof CodecError ||
      error instanceof ContentError ||
      error instanceof DecryptionFailed ||
      error instanceof KeyRefused ||
      error instanceof NameRefused ||
      error instanceof TypeError
    ) {
      throw altered(error);
    }
    throw error;
  }
}

function readRecord(reader: Reader): BackupRecord {
  if (reader.u8() !== VERSION) {
    throw new BackupRefused(
      'This backup was made by a newer Plausch: reload the page, and try again.',
      { code: 'backup_version' },
    );
  }
  const account = AccountAddress.parseUri(textFrom(reader.opaque()));
  const secret = reader.opaque();
  if (secret.length !== KEY_BYTES) {
    throw altered();
  }
  const identity = SigningKey.fromBytes(secret);
  secret.fill(0);
  const [madeAtMs, listSeq] = [Number(reader.u64()), Number(reader.u64())];
  const listDigest = reader.opaque();
  if (listDigest.length !== DIGEST_BYTES) {
    throw altered();
  }
  return {
    account,
    identity,
    madeAtMs,
    listSeq,
    listDigest,
    archive: parseWhole(readRef, reader.opaque()),
  };
}

/**
 * Throws BackupRefused unless the list that the server shows is the account's, and not older than
 * the backup.
 */
export function checkList(record: BackupRecord, list: DeviceList): void {
  const isAccounts =
    list.account.equals(record.account) && equalBytes(list.identityKey, record.identity.public);
  if (!isAccounts) {
    throw new BackupRefused(
      'The server shows another identity key for this account than the one in the backup: nothing ' +
        'was restored; do not trust this server.',
      { code: 'identity_key_changed' },
    );
  }
  const isOlder = list.seq < record.listSeq;
  const isOther = list.seq === record.listSeq && !equalBytes(list.digest(), record.listDigest);
  const isFork = list.seq === record.listSeq + 1 && !equalBytes(list.previous, record.listDigest);
  if (isOlder || isOther || isFork) {
    throw new BackupRefused(
      'The server shows an older or another list of this account’s devices than the backup knows: ' +
        'nothing was restored; do not trust this server.',
      { code: isOlder ? 'device_list_rollback' : 'device_list_fork' },
    );
  }
}

/** How a backup file begins: then the sealed chunks of its archive follow. */
export function fileHead(record: Uint8Array): Uint8Array {
  return concat(MAGIC, opaque(record));
}

/** The record of a backup file, and where its chunks begin. Throws BackupRefused. */
export function parseFileHead(raw: Uint8Array): readonly [record: Uint8Array, end: number] {
  try {
    const reader = new Reader(raw);
    if (!equalBytes(reader.fixed(MAGIC.length), MAGIC)) {
      throw noFile();
    }
    return [reader.opaque(BACKUP_RECORD_BYTES), reader.position];
  } catch (error) {
    throw error instanceof CodecError ? noFile(error) : error;
  }
}

function noFile(cause?: unknown): BackupRefused {
  return new BackupRefused('This file is no backup of Plausch, or only a part of one.', {
    code: 'no_backup_file',
    cause,
  });
}

function altered(cause?: unknown): BackupRefused {
  return new BackupRefused(
    'This backup was altered, or made for another account or recovery key: nothing was restored.',
    { cause },
  );
}
