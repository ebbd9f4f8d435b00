/** A backup's record: for whoever has the recovery key, and only if the server's list fits. */

import { expect, test } from 'vitest';

import { concat } from '../../src/base/bytes.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import {
  type BackupRecord,
  BackupRefused,
  checkList,
  FILE_HEAD_BYTES,
  fileHead,
  openRecord,
  parseFileHead,
  sealRecord,
} from '../../src/sdk/backup_record.ts';
import { makeHpkeKeys } from '../../src/sdk/pairing.ts';
import { BACKUP_RECORD_BYTES } from '../../src/wire/linking.ts';
import { DOMAIN, Person, SECOND } from './identities.ts';

const anna = new Person('anna');
anna.addDevice(SECOND);
const LIST = parseDeviceList(anna.list);
const [privateKey, publicKey] = makeHpkeKeys();
const RECORD: BackupRecord = {
  account: anna.address,
  identity: anna.identity,
  madeAtMs: 1_800_000_000_000,
  listSeq: LIST.seq,
  listDigest: LIST.digest(),
  archive: { ...newNotePlace(), digest: new Uint8Array(32).fill(1), contentBytes: 999 },
};
const SEALED = sealRecord(publicKey, RECORD);

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    expect(error).toBeInstanceOf(BackupRefused);
    expect((error as BackupRefused).message).toMatch(/\.$/);
    return (error as BackupRefused).code;
  }
  return '';
}

test('it comes back as it was, and is small enough for the server', () => {
  const { identity, ...rest } = openRecord(privateKey, anna.address, SEALED);
  const { identity: sealed, ...expected } = RECORD;
  expect(rest).toEqual(expected);
  expect(identity.toBytes()).toEqual(sealed.toBytes());
  expect(SEALED.length).toBeLessThan(BACKUP_RECORD_BYTES);
  expect(Buffer.from(SEALED).includes(Buffer.from(anna.identity.toBytes()))).toBe(false);
});

test('another key, another account, or an altered one opens nothing', () => {
  const [other] = makeHpkeKeys();
  const cem = new AccountAddress('cem', DOMAIN);
  expect(codeOf(() => openRecord(other, anna.address, SEALED))).toBe('bad_backup');
  expect(codeOf(() => openRecord(privateKey, cem, SEALED))).toBe('bad_backup');
  for (const at of [5, 1200, SEALED.length - 1]) {
    const altered = SEALED.slice();
    altered[at]! ^= 1;
    expect(codeOf(() => openRecord(privateKey, anna.address, altered))).toBe('bad_backup');
  }
  for (const raw of [new Uint8Array(0), SEALED.slice(0, -1), concat(SEALED, Uint8Array.of(0))]) {
    expect(codeOf(() => openRecord(privateKey, anna.address, raw))).toBe('bad_backup');
  }
});

test('the newest list or a later one fits', () => {
  checkList(RECORD, LIST);
  anna.addDevice('f'.repeat(16));
  checkList(RECORD, parseDeviceList(anna.list));
  anna.addDevice('e'.repeat(16));
  checkList(RECORD, parseDeviceList(anna.list));
});

test('an older list, another history and another key are refused', () => {
  const check = (raw: Uint8Array) => () => {
    checkList(RECORD, parseDeviceList(raw));
  };
  expect(codeOf(check(anna.lists[0]!))).toBe('device_list_rollback');
  const before = new Person('anna', 'person', anna.identity);
  before.addDevice('a'.repeat(16));
  expect(codeOf(check(before.list))).toBe('device_list_fork');
  before.addDevice('b'.repeat(16));
  expect(codeOf(check(before.list))).toBe('device_list_fork');
  expect(codeOf(check(anna.impostor().list))).toBe('identity_key_changed');
  expect(codeOf(check(new Person('cem').list))).toBe('identity_key_changed');
});

test('a file begins with the record, then come the chunks', () => {
  const head = fileHead(SEALED);
  const [record, end] = parseFileHead(concat(head, new Uint8Array(100)));
  expect([record, end]).toEqual([SEALED, head.length]);
  expect(head.length).toBeLessThan(FILE_HEAD_BYTES);
});

test('a file that is something else says so', () => {
  const head = fileHead(SEALED);
  for (const raw of [
    new Uint8Array(0),
    new Uint8Array(5000),
    head.slice(0, -1),
    concat(Uint8Array.of(80), head),
    Buffer.from('%PDF-1.7 something'),
  ]) {
    expect(codeOf(() => parseFileHead(raw))).toBe('no_backup_file');
  }
});
