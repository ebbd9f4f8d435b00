/** Backups: a key that is shown once, an archive that is replaced when the next one is whole. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { Arrival, arrivingSlot, awaited } from '../../src/sdk/arrival.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import { openRecord, parseFileHead } from '../../src/sdk/backup_record.ts';
import { Backups, backupSlot, DAY_MS, takenOver } from '../../src/sdk/backups.ts';
import { deriveRecovery, isOf, parseRecoveryKey } from '../../src/sdk/recovery_key.ts';
import type { Recovery } from '../../src/sdk/recovery_settings.ts';
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
  backups = backupsOf(anna);
});

afterEach(async () => {
  await Promise.all([anna.crash(), ben.crash()]);
});

const backupsOf = (player: Player): Backups =>
  new Backups(
    player.core,
    (told) => player.told.push(told),
    new Arrival(player.core, () => undefined),
  );
const kept = () => delivery.backups.get('anna');
/** Another device of anna's, which goes on with her backups. */
async function linked(recovery: Recovery): Promise<Player> {
  const phone = await anna.secondDevice();
  const { core } = phone;
  const { vault } = core;
  core.own = { ...core.own, identity: anna.core.own.identity };
  await vault.write([await backupSlot(vault).put(takenOver(recovery, phone.clock.nowMs()))]);
  return phone;
}
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

test('nothing is backed up before the history is here, or a person does without it', async () => {
  await backups.setUp('');
  const before = kept();
  const slot = arrivingSlot(anna.core.vault);
  const arriving = awaited(newNotePlace(), 0);
  for (const [state, code, view] of [
    [arriving, 'history_arriving', 'arriving'],
    [{ ...arriving, isFailed: true }, 'history_incomplete', 'failed'],
    [{ ...arriving, origin: 'file' }, 'history_incomplete', 'file'],
  ] as const) {
    await anna.core.vault.write([await slot.put(state)]);
    expect((await backups.view()).history).toBe(view);
    for (const step of [backups.backUp(), backups.file(), backups.setUp('')]) {
      expect(await codeOf(step)).toBe(code);
    }
  }
  anna.clock.atMs += 2 * DAY_MS;
  await anna.say(conversation, 'something new');
  await quiet(anna, ben);
  backups.kick();
  await quiet(anna);
  expect(kept()).toBe(before);
  await new Arrival(anna.core, () => undefined).forgo();
  await backups.backUp();
  expect(kept()).not.toBe(before);
});

test('an archive that this device did not make is not dropped by it', async () => {
  await backups.setUp('');
  const { blob } = kept()!;
  const phone = await linked((await backups.recovery())!);
  await backupsOf(phone).backUp();
  expect(kept()!.blob).not.toEqual(blob);
  expect(delivery.blobs.has(toHex(blob))).toBe(true);
  await phone.crash();
});

test('a key that another device has replaced does not come back, and that is told', async () => {
  await backups.setUp('');
  const phone = await linked((await backups.recovery())!);
  const theirs = backupsOf(phone);
  await backups.setUp('');
  const { recovery } = kept()!;
  phone.clock.atMs += 2 * DAY_MS;
  await anna.say(conversation, 'something new');
  await quiet(anna, ben, phone);
  theirs.kick();
  await quiet(phone);
  expect(phone.problems()).toEqual(['backup_moved']);
  expect([kept()!.recovery, (await theirs.view()).isSetUp]).toEqual([recovery, false]);
  expect((await phone.core.vault.select('chunk')).length).toBe(0);
  expect(await codeOf(theirs.backUp())).toBe('no_recovery_key');
  await phone.crash();
});

test('backups that another device has turned off stay off', async () => {
  await backups.setUp('');
  const phone = await linked((await backups.recovery())!);
  await backups.stop();
  const theirs = backupsOf(phone);
  expect(await codeOf(theirs.backUp())).toBe('backup_moved');
  expect([kept(), (await theirs.view()).isSetUp]).toEqual([undefined, false]);
  await theirs.setUp(''); // a person may
  expect(kept()).toBeDefined();
  await phone.crash();
});

test('a set-up whose answer was lost leaves the key that the person has', async () => {
  await backups.setUp('');
  const { recovery } = kept()!;
  anna.line.loseAnswers('keepBackup');
  await codeOf(backups.setUp(''));
  expect(kept()!.recovery).not.toEqual(recovery);
  await anna.connect();
  await backups.backUp();
  expect(kept()!.recovery).toEqual(recovery);
  expect((await backupSlot(anna.core.vault).get())?.tried).toBeUndefined();
});

test.each([1, 2, 3, 4])(
  'killed at write number %i, the next one is whole and nothing lies about',
  async (count) => {
    await backups.setUp('');
    const isDead = anna.dieAtWrite(count, count % 2 === 0);
    void backups.backUp();
    await expect.poll(isDead).toBe(true);
    await anna.restart();
    const again = backupsOf(anna);
    await again.backUp();
    expect(delivery.blobs.has(toHex(kept()!.blob))).toBe(true);
    expect(await spooled()).toBe(0);
  },
);

test('a linked device goes on with the backups of the account, tomorrow', async () => {
  await backups.setUp('');
  const recovery = (await backups.recovery())!;
  const phone = await linked(recovery);
  const theirs = backupsOf(phone);
  expect((await theirs.view()).isSetUp).toBe(true);
  theirs.kick();
  await quiet(phone);
  expect(phone.line.asked).not.toContain('keepBackup');
  await phone.crash();
});
