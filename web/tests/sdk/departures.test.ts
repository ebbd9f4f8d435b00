/** What a device owes to those that it has linked: its history, once, whatever happens to it. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openNote, type NotePlace, NOTE_LAYOUT } from '../../src/sdk/archive_ref.ts';
import { Departures, PATIENCE_MS } from '../../src/sdk/departures.ts';
import { fetchSealed } from '../../src/sdk/sealed_files.ts';
import { failPut } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let phone: Player;
let note: NotePlace;

beforeEach(async () => {
  [anna, ben] = await annaAndBen(new Delivery());
  phone = await anna.secondDevice();
  await quiet(anna, ben, phone);
  note = await new Departures(anna.core).promise(phone.core.device);
});

afterEach(async () => {
  await Promise.all([anna, ben, phone].map((player) => player.crash()));
});

async function depart(): Promise<void> {
  new Departures(anna.core).kick();
  await quiet(anna);
  await anna.timers.pass(PATIENCE_MS + 1_000);
  await quiet(anna);
}

async function said(): Promise<unknown> {
  const sealed = await fetchSealed(phone.core, note.blob, NOTE_LAYOUT, 0, () => undefined);
  return openNote(crypto.subtle, note, sealed);
}

test('the archive is on the server before the note says where', async () => {
  await depart();
  const words = anna.line.asked.filter((word) => word === 'beginBlob');
  expect(words).toHaveLength(2);
  expect(await said()).toMatchObject({ contentBytes: expect.any(Number) as number });
  expect(anna.problems()).toEqual([]);
});

test('what is owed is owed once', async () => {
  await depart();
  const { size } = anna.delivery.blobs;
  await depart();
  expect(anna.delivery.blobs.size).toBe(size);
});

test('a device that was linked a second time has a new promise, and the old one is void', async () => {
  const again = await new Departures(anna.core).promise(phone.core.device);
  expect(again.blob).not.toEqual(note.blob);
  await depart();
  expect(anna.delivery.blobs.size).toBe(2);
  note = again;
  expect(await said()).not.toBe('none');
});

test('a device that was removed again gets nothing', async () => {
  await anna.publish([]);
  await depart();
  expect(anna.delivery.blobs.size).toBe(0);
});

test.each([1, 2, 3, 4, 5, 6])(
  'it may be killed at write number %i, and nothing is left lying about',
  async (count) => {
    const isDead = anna.dieAtWrite(count, count % 2 === 0);
    new Departures(anna.core).kick();
    for (let turn = 0; turn < 80 && !isDead(); turn += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      await anna.timers.pass(1_000);
    }
    await anna.restart();
    await depart();
    expect(await said()).not.toBe('none');
    expect(await anna.core.vault.select('chunk')).toEqual([]);
  },
);

test('what the server refuses for good is said on both devices', async () => {
  anna.line.refuse('beginBlob', 'quota_exceeded', {}, 1);
  await depart();
  expect(anna.problems()).toEqual(['history_unsent']);
  expect(await anna.core.vault.select('chunk')).toEqual([]);
});

test('what it refuses for a while is tried again', async () => {
  anna.line.refuse('beginBlob', 'rate_limited', { retryAfterMs: 5_000 });
  await depart();
  await anna.timers.pass(10_000);
  await quiet(anna);
  expect(await said()).not.toBe('none');
  expect(anna.problems()).toEqual([]);
});

test('a full disk is waited for', async () => {
  failPut(2);
  await depart();
  expect(anna.problems()).toEqual(['storage_full']);
  await anna.timers.pass(PATIENCE_MS + 1_000);
  await quiet(anna);
  expect(await said()).not.toBe('none');
  expect(await anna.core.vault.select('chunk')).toEqual([]);
});

test('after a lost connection it goes on with the next one', async () => {
  anna.line.loseAnswers('putBlobChunk');
  await depart();
  await anna.connect();
  await depart();
  expect(await said()).not.toBe('none');
});

test('the page is told how far it is', async () => {
  const told: number[] = [];
  new Departures(anna.core).kick((done, total) => told.push(done / total));
  await quiet(anna);
  await anna.timers.pass(PATIENCE_MS + 1_000);
  await quiet(anna);
  expect(told.at(-1)).toBe(1);
});
