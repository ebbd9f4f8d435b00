/** Backups: a key that is shown once, an archive that is replaced when the next one is whole. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { type PlauschError } from '../../src/base/errors.ts';
import { arrivingSlot, awaited } from '../../src/sdk/arrival.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import { openRecord, parseFileHead } from '../../src/sdk/backup_record.ts';
import { Backups, backupSlot, DAY_MS, takenOver } from '../../src/sdk/backups.ts';
import { deriveRecovery, isOf, parseRecoveryKey } from '../../src/sdk/recovery_key.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let conversation: string;
let backups: Backups;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, conversation] = await annaAndBen(delivery);
  backups = new Backups(anna.core, (told) => anna.told.push(told));
});

afterEach(async () => {
  await Promise.all([anna.crash(), ben.crash()]);
});

const kept = () => delivery.backups.get('anna');
const spooled = async (): Promise<number> => (await anna.core.vault.select('chunk')).length;

test('the key that is shown opens what the server keeps; the device keeps no such thing', async () => {
  expect(await backups.view()).toEqual({ isSetUp: false });
  const text = await backups.setUp('');
  const secrets = await deriveRecovery(parseRecoveryKey(text), '');
  expect(isOf(secrets, kept()!.recovery)).toBe(true);
  const record = openRecord(secrets.sealing[0], anna.core.address, kept()!.record);
  expect(record.identity.toBytes()).toEqual(anna.core.own.identity!.toBytes());
  expect(record.archive.blob).toEqual(kept()!.blob);
  expect(await backups.view()).toEqual({ isSetUp: true, madeAtMs: anna.clock.nowMs() });
  expect(await spooled()).toBe(0);
  const state = JSON.stringify(await backupSlot(anna.core.vault).get());
  for (const secret of [secrets.capability, secrets.adoption.toBytes(), secrets.sealing[0]]) {
    expect(state).not.toContain([...secret].join(','));
  }
});

test('a new backup replaces the one before, which goes only then', async () => {
  await backups.setUp('');
  const before = kept()!.blob;
  await anna.say(conversation, 'something new');
  await quiet(anna, ben);
  anna.line.refuse('keepBackup', 'rate_limited', { retryAfterMs: 1 });
  expect(await codeOf(backups.backUp())).toBe('rate_limited');
  expect([kept()!.blob, delivery.blobs.has(toHex(before))]).toEqual([before, true]);
  expect(await spooled()).toBe(0);
  await backups.backUp();
  expect(kept()!.blob).not.toEqual(before);
  expect(delivery.blobs.has(toHex(before))).toBe(false);
  expect(delivery.blobs.has(toHex(kept()!.blob))).toBe(true);
});

test('a second key takes the place of the first, but not if it fails', async () => {
  await backups.setUp('');
  const first = kept()!.recovery;
  anna.line.refuse('beginBlob', 'quota_exceeded');
  expect(await codeOf(backups.setUp('with words'))).toBe('quota_exceeded');
  expect((await backupSlot(anna.core.vault).get())?.recovery).toEqual(first);
  const text = await backups.setUp('with words');
  expect(kept()!.recovery).not.toEqual(first);
  const secrets = await deriveRecovery(parseRecoveryKey(text), 'with words');
  expect(isOf(secrets, kept()!.recovery)).toBe(true);
  expect(isOf(await deriveRecovery(parseRecoveryKey(text), ''), kept()!.recovery)).toBe(false);
});

test('a file is the same backup: a record, and an archive behind it', async () => {
  expect(await codeOf(backups.file())).toBe('no_recovery_key');
  const text = await backups.setUp('');
  const raw = new Uint8Array(await (await backups.file()).arrayBuffer());
  const [record, end] = parseFileHead(raw);
  const { sealing } = await deriveRecovery(parseRecoveryKey(text), '');
  const { archive } = openRecord(sealing[0], anna.core.address, record);
  expect(raw.length - end).toBeGreaterThan(archive.contentBytes);
  expect(archive.blob).not.toEqual(kept()!.blob);
  expect(await spooled()).toBe(0);
});

test('turned off, the server has nothing any more', async () => {
  await backups.setUp('');
  await backups.stop();
  expect([kept(), delivery.blobs.size, (await backups.view()).isSetUp]).toEqual([
    undefined,
    0,
    false,
  ]);
  expect(await codeOf(backups.backUp())).toBe('no_recovery_key');
});

test('it is made once a day, and only when something has changed', async () => {
  await backups.setUp('');
  const made = (): number => anna.line.asked.filter((word) => word === 'keepBackup').length;
  backups.kick();
  backups.kick();
  await quiet(anna);
  expect(made()).toBe(1);
  anna.clock.atMs += DAY_MS;
  await anna.timers.pass(3_700_000);
  await quiet(anna);
  expect(made()).toBe(1);
  await anna.say(conversation, 'something new');
  await quiet(anna, ben);
  await anna.timers.pass(3_700_000);
  await quiet(anna);
  expect(made()).toBe(2);
  await anna.say(conversation, 'and more');
  await quiet(anna, ben);
  await anna.timers.pass(3_700_000);
  await quiet(anna);
  expect(made()).toBe(2); // tomorrow
});

test('nothing is backed up before the history is here', async () => {
  await backups.setUp('');
  await anna.core.vault.write([
    await arrivingSlot(anna.core.vault).put(awaited(newNotePlace(), 0)),
  ]);
  const error = await backups.backUp().catch((one: unknown) => one);
  expect((error as PlauschError).code).toBe('history_arriving');
});

test.each([1, 2, 3, 4])(
  'killed at write number %i, the next one is whole and nothing lies about',
  async (count) => {
    await backups.setUp('');
    const isDead = anna.dieAtWrite(count, count % 2 === 0);
    void backups.backUp();
    await expect.poll(isDead).toBe(true);
    await anna.restart();
    const again = new Backups(anna.core, () => undefined);
    await again.backUp();
    expect(delivery.blobs.has(toHex(kept()!.blob))).toBe(true);
    expect(await spooled()).toBe(0);
  },
);

test('a linked device goes on with the backups of the account, tomorrow', async () => {
  await backups.setUp('');
  const recovery = (await backups.recovery())!;
  const phone = await anna.secondDevice();
  const { vault } = phone.core;
  await vault.write([await backupSlot(vault).put(takenOver(recovery, phone.clock.nowMs()))]);
  const theirs = new Backups(phone.core, () => undefined);
  expect((await theirs.view()).isSetUp).toBe(true);
  theirs.kick();
  await quiet(phone);
  expect(phone.line.asked).not.toContain('keepBackup');
  await phone.crash();
});
