/** A history on its way from one device to a new one, over whatever happens to either. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { type ArchiveRef, newNotePlace, type NotePlace } from '../../src/sdk/archive_ref.ts';
import {
  Arrival,
  arrivingSlot,
  awaited,
  backedUp,
  HISTORY_TRANSFER,
  NOTE_PATIENCE_MS,
} from '../../src/sdk/arrival.ts';
import { Departures, PATIENCE_MS } from '../../src/sdk/departures.ts';
import { FAULT_PAUSE_MS } from '../../src/sdk/chore.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { chunksOf, written } from './archive.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let phone: Player;
let conversation: string;
let note: NotePlace;

beforeEach(async () => {
  [anna, ben, conversation] = await annaAndBen(new Delivery());
  phone = await anna.secondDevice();
  await quiet(anna, ben, phone);
  const departures = new Departures(anna.core);
  note = await departures.promise(phone.core.device);
  await phone.core.vault.write([
    await arrivingSlot(phone.core.vault).put(awaited(note, phone.clock.nowMs())),
  ]);
});

afterEach(async () => {
  await Promise.all([anna, ben, phone].map((player) => player.crash()));
});

const arrival = (): Arrival => new Arrival(phone.core, (told) => phone.told.push(told));

/** Let time pass on both until the phone waits for nothing. */
async function pass(...players: readonly Player[]): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    await quiet(...players);
    await Promise.all(players.map(({ timers }) => timers.pass(1_000)));
    if ((await arrivingSlot(phone.core.vault).get()) === undefined) {
      await quiet(...players);
      return;
    }
  }
}

const progress = (): number[] =>
  phone.told.flatMap((told) =>
    told.what === 'transfer' && told.transfer === HISTORY_TRANSFER
      ? [told.doneBytes / told.totalBytes]
      : [],
  );

describe('from the device that linked it', () => {
  test('it comes, and its blobs are gone afterwards', async () => {
    new Departures(anna.core).kick();
    arrival().kick();
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(anna.delivery.blobs.size).toBe(0);
    expect(progress().at(-1)).toBe(1);
    expect(phone.told.at(-1)).toEqual({ what: 'moved' });
    expect(phone.problems()).toEqual([]);
    expect(await anna.core.vault.select('chunk')).toEqual([]);
  });

  test('the new device may ask long before it is there', async () => {
    arrival().kick();
    await quiet(phone);
    await phone.timers.pass(60_000);
    expect(phone.core.messages.lastPosition).toBe(0);
    new Departures(anna.core).kick();
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
  });

  test('it waits for the new device to be in the conversations, at most for a while', async () => {
    anna.delivery.device(phone.core.device.uri).packages.splice(0);
    anna.delivery.device(phone.core.device.uri).lastResorts.clear();
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(1_000);
    const isIn = anna.live(conversation).kept.members.some((one) => one.equals(phone.core.device));
    if (!isIn) {
      expect(anna.delivery.blobs.size).toBe(0);
      await anna.timers.pass(PATIENCE_MS);
    }
    await quiet(anna);
    expect(anna.delivery.blobs.size).toBe(2);
  });

  test.each([1, 2, 3, 4, 5])(
    'the new device may be killed at its write number %i',
    async (count) => {
      new Departures(anna.core).kick();
      await quiet(anna);
      await anna.timers.pass(PATIENCE_MS + 1_000);
      await quiet(anna);
      const isDead = phone.dieAtWrite(count, count % 2 === 0);
      arrival().kick();
      for (let turn = 0; turn < 20 && !isDead(); turn += 1) {
        await quiet(anna);
        await phone.timers.pass(1_000);
      }
      await phone.restart();
      arrival().kick();
      await pass(anna, phone);
      expect(await phone.texts(conversation)).toEqual(['hello']);
      expect(phone.problems()).toEqual([]);
    },
  );

  test.each([3, 4, 5, 6])(
    'interrupted after write number %i, nothing is left undone',
    async (count) => {
      await ben.say(conversation, 'for later');
      await quiet(anna, ben);
      await anna.core.naming.set(phone.core.device, 'my phone');
      new Departures(anna.core).kick();
      await quiet(anna);
      await anna.timers.pass(PATIENCE_MS + 1_000);
      await quiet(anna);
      const isDead = phone.dieAtWrite(count, true);
      arrival().kick();
      for (let turn = 0; turn < 20 && !isDead(); turn += 1) {
        await quiet(anna);
        await phone.timers.pass(1_000);
      }
      await phone.restart();
      arrival().kick();
      await pass(anna, phone);
      expect(phone.live(conversation).kept.last?.text).toBe('for later');
      expect(phone.core.naming.of(phone.core.device)).toBe('my phone');
      expect(anna.delivery.blobs.size).toBe(0);
    },
  );

  test('after a lost connection it goes on with the next one', async () => {
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(PATIENCE_MS + 1_000);
    await quiet(anna);
    phone.line.loseAnswers('getBlobChunk');
    arrival().kick();
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    await phone.connect();
    arrival().kick();
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
  });

  test('a full disk is waited for', async () => {
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(PATIENCE_MS + 1_000);
    await quiet(anna);
    failPut(1);
    arrival().kick();
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(phone.problems()).toEqual(['storage_full']);
  });

  test('a note that never comes is given up, in a sentence', async () => {
    arrival().kick();
    await quiet(phone);
    phone.clock.atMs += NOTE_PATIENCE_MS;
    await pass(phone);
    expect(phone.problems()).toEqual(['history_missing']);
    expect(await arrival().view()).toBe('failed');
  });

  test('a server that is busy or broken does not end it', async () => {
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(PATIENCE_MS + 1_000);
    await quiet(anna);
    phone.line.refuse('getBlobChunk', 'rate_limited', { retryAfterMs: 5_000 });
    arrival().kick();
    await quiet(phone);
    expect(await arrival().view()).toBe('arriving');
    phone.line.refuse('getBlobChunk', 'storage_unavailable', { fault: 'operator' });
    await phone.timers.pass(5_000);
    await quiet(phone);
    await phone.timers.pass(FAULT_PAUSE_MS);
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(phone.problems()).toEqual([]);
  });

  test('what has failed is tried again when the person says so', async () => {
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(PATIENCE_MS + 1_000);
    await quiet(anna);
    phone.line.refuse('getBlobChunk', 'bad_request');
    const arriving = arrival();
    arriving.kick();
    await quiet(phone);
    expect([await arriving.view(), phone.problems()]).toEqual(['failed', ['bad_request']]);
    arriving.kick(); // not by itself
    await quiet(phone);
    expect(await phone.texts(conversation)).toEqual([]);
    await arriving.again();
    await pass(anna, phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(await arriving.view()).toBeUndefined();
  });

  test('a person may do without what does not come, but not while it may', async () => {
    const arriving = arrival();
    expect(await codeOf(arriving.forgo())).toBe('history_arriving');
    phone.line.refuse('getBlobChunk', 'bad_request');
    arriving.kick();
    await quiet(phone);
    await arriving.forgo();
    expect(await arriving.view()).toBeUndefined();
  });

  test('an archive that the server exchanged is refused, in a sentence', async () => {
    new Departures(anna.core).kick();
    await quiet(anna);
    await anna.timers.pass(PATIENCE_MS + 1_000);
    await quiet(anna);
    for (const stored of anna.delivery.blobs.values()) {
      stored.bytes = stored.bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    }
    arrival().kick();
    await pass(anna, phone);
    expect(phone.problems()).toEqual(['bad_attachment']);
    expect(await phone.texts(conversation)).toEqual([]);
  });
});

test('that of a backup stays on the server', async () => {
  new Departures(anna.core).kick();
  await quiet(anna);
  await anna.timers.pass(PATIENCE_MS + 1_000);
  await quiet(anna);
  arrival().kick();
  await pass(anna, phone);
  const slot = arrivingSlot(phone.core.vault);
  const ref = { ...note, digest: new Uint8Array(32), contentBytes: 0 };
  await phone.core.vault.write([await slot.put(backedUp(ref, 7))]);
  expect(await slot.get()).toEqual({
    ...{ sinceMs: 7, note: undefined, ref, position: 0, records: 0 },
    ...{ origin: 'backup', isFailed: false },
  });
});

describe('from a backup', () => {
  /** What anna remembers lies on the server, and the phone is about to fetch it. */
  async function onServer(): Promise<ArchiveRef> {
    const ref = await written(anna);
    const chunks = await chunksOf(anna, ref);
    const bytes = Uint8Array.from(Buffer.concat(chunks));
    anna.delivery.blobs.set(toHex(ref.blob), { length: bytes.length, bytes });
    return ref;
  }

  async function awaits(ref: ArchiveRef, origin: 'backup' | 'file'): Promise<void> {
    const slot = arrivingSlot(phone.core.vault);
    await phone.core.vault.write([await slot.put(backedUp(ref, 7, origin))]);
  }

  test('it stays on the server, also when it comes', async () => {
    const ref = await onServer();
    await awaits(ref, 'backup');
    arrival().kick();
    await pass(phone);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(anna.delivery.blobs.has(toHex(ref.blob))).toBe(true);
  });

  test('it stays there when it cannot be read, and the person is asked', async () => {
    const ref = await onServer();
    await awaits({ ...ref, secret: newNotePlace().secret }, 'backup');
    arrival().kick();
    await quiet(phone);
    expect([await arrival().view(), phone.problems()]).toEqual(['failed', ['bad_attachment']]);
    expect(anna.delivery.blobs.has(toHex(ref.blob))).toBe(true);
    expect((await arrivingSlot(phone.core.vault).get())?.isFailed).toBe(true);
  });

  test('from a file it comes when the file is given, also the second time', async () => {
    const ref = await written(anna);
    const chunks = await chunksOf(anna, ref);
    const file = new Blob(['head', ...chunks.map((chunk) => chunk.slice())]);
    await awaits(ref, 'file');
    const arriving = arrival();
    arriving.kick(); // nothing can be fetched
    await quiet(phone);
    expect([await arriving.view(), phone.line.asked.includes('getBlobChunk')]).toEqual([
      'file',
      false,
    ]);
    const cut = new Blob(['head', chunks[0]!.slice(0, 40)]);
    expect(await codeOf(arriving.takeFile(cut, 4))).toBe('bad_attachment');
    expect(await arriving.view()).toBe('file');
    await arriving.takeFile(file, 4);
    expect(await phone.texts(conversation)).toEqual(['hello']);
    expect(await arriving.view()).toBeUndefined();
    expect(await codeOf(arriving.takeFile(file, 4))).toBe('no_history_awaited');
  });

  test('interrupted, it goes on where it was', async () => {
    const ref = await written(anna);
    const chunks = await chunksOf(anna, ref);
    const file = new Blob(chunks.map((chunk) => chunk.slice()));
    await awaits(ref, 'file');
    const isDead = phone.dieAtWrite(2, true);
    void arrival()
      .takeFile(file, 0)
      .catch(() => undefined);
    await expect.poll(isDead).toBe(true);
    await phone.restart();
    expect(await arrival().view()).toBe('file');
    await arrival().takeFile(file, 0);
    expect(await phone.texts(conversation)).toEqual(['hello']);
  });
});
