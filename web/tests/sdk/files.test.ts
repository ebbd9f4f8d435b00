/** Files: sealed, uploaded and fetched, through every interruption; nothing altered is believed. */

import { beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { CHUNK_BYTES } from '../../src/content/stream.ts';
import { FILE_LIMIT_BYTES } from '../../src/sdk/protocol.ts';
import { MessageId } from '../../src/base/ids.ts';
import { CHUNK, UPLOAD } from '../../src/vault/schema.ts';
import { BLOB_CHUNK_BYTES } from '../../src/wire/blobs.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, type Player, quiet, until } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const bytesOf = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);

function asked(file: Blob, transfer = 't', more: object = {}) {
  return { conversation: id, file, name: 'notes.txt', mediaType: 'text/plain', transfer, ...more };
}

async function send(length: number, transfer = 't', more: object = {}): Promise<string> {
  const file = new Blob([bytesOf(length)]);
  return (await anna.parts.files.send(anna.live(id), asked(file, transfer, more))).hex;
}

async function fetched(player: Player, message: string): Promise<Uint8Array> {
  const blob = await player.parts.files.fetch(MessageId.fromHex(message), 'f');
  return new Uint8Array(await blob.arrayBuffer());
}

const chunks = (player: Player): Promise<readonly unknown[]> => player.parts.vault.select(CHUNK);
const puts = (): number => anna.line.asked.filter((word) => word === 'putBlobChunk').length;
const seen = async (player: Player, message: string) =>
  (await player.said(id)).find((one) => one.id === message);

test.each([0, 1, 1024, 1025, BLOB_CHUNK_BYTES + 1, CHUNK_BYTES, CHUNK_BYTES + 1])(
  'a file of %i bytes arrives',
  async (length) => {
    const message = await send(length);
    await quiet(anna, ben);
    expect(await seen(ben, message)).toMatchObject({
      kind: 'file',
      attachment: { name: 'notes.txt', mediaType: 'text/plain', sizeBytes: length },
    });
    expect(toHex(await fetched(ben, message))).toBe(toHex(bytesOf(length)));
  },
);

test('what is said of a picture arrives with it', async () => {
  const preview = Uint8Array.of(0xff, 0xd8, 1);
  const more = { width: 30, height: 20, preview, text: 'look', mediaType: 'image/jpeg' };
  const message = await send(10, 't', more);
  await quiet(anna, ben);
  expect(await seen(ben, message)).toMatchObject({
    text: 'look',
    attachment: { width: 30, height: 20, preview },
  });
});

test('what the server sees is neither content nor name', async () => {
  await send(2_000);
  await quiet(anna, ben);
  const [blob] = [...delivery.blobs.values()];
  const shown = Buffer.from(blob!.bytes).toString('latin1');
  expect(shown).not.toContain(Buffer.from(bytesOf(100)).toString('latin1'));
  expect(shown).not.toContain('notes');
});

test('progress goes up to all, and a small file is not fetched by its sender', async () => {
  const message = await send(300_000);
  await quiet(anna, ben);
  const progress = anna.told.flatMap((told) => (told.what === 'transfer' ? [told] : []));
  const done = progress.map(({ doneBytes }) => doneBytes);
  expect(done).toEqual([...done].sort((one, other) => one - other));
  expect(done.at(-1)).toBe(progress[0]!.totalBytes);
  await fetched(anna, message);
  expect(anna.line.asked).not.toContain('getBlobChunk');
  await fetched(ben, message);
  const before = ben.line.asked.length;
  await fetched(ben, message);
  expect(ben.line.asked.length).toBe(before);
});

test('texts go ahead of a file that is being uploaded', async () => {
  const release = anna.line.hold('putBlobChunk');
  await send(500);
  await until(() => anna.line.held === 1);
  await anna.say(id, 'first');
  await until(async () => (await ben.texts(id)).includes('first'));
  release();
  await quiet(anna, ben);
  expect((await ben.said(id)).map(({ kind }) => kind)).toEqual(['text', 'text', 'file']);
});

test('an upload goes on after a lost connection where it was', async () => {
  anna.line.loseAnswers('putBlobChunk');
  const message = await send(4 * BLOB_CHUNK_BYTES);
  await until(() => !anna.line.isOnline);
  await quiet(anna);
  const before = puts();
  await anna.connect();
  await quiet(anna, ben);
  expect(puts() - before).toBeLessThan(5);
  expect(await fetched(ben, message)).toEqual(bytesOf(4 * BLOB_CHUNK_BYTES));
});

test('an upload goes on after a restart, and the message never goes before it', async () => {
  anna.line.before = (word) => {
    if (word === 'putBlobChunk' && puts() === 2) {
      anna.line.cut();
    }
  };
  const message = await send(4 * BLOB_CHUNK_BYTES);
  await until(() => !anna.line.isOnline);
  await quiet(anna);
  await anna.restart(false);
  anna.line.refuse('beginBlob', 'busy', { retryAfterMs: 1_000, fault: 'operator' });
  await anna.connect();
  expect(await seen(ben, message)).toBeUndefined();
  await anna.timers.pass(1_000);
  await quiet(anna, ben);
  expect(await fetched(ben, message)).toEqual(bytesOf(4 * BLOB_CHUNK_BYTES));
});

test('a file that is sent offline goes out afterwards', async () => {
  anna.line.cut();
  const message = await send(10);
  expect(await seen(anna, message)).toMatchObject({ state: 'waiting' });
  await anna.connect();
  await quiet(anna, ben);
  expect(await fetched(ben, message)).toEqual(bytesOf(10));
});

test('a server that forgot some of it is sent that again', async () => {
  anna.line.loseAnswers('putBlobChunk');
  const message = await send(3 * BLOB_CHUNK_BYTES);
  await until(() => !anna.line.isOnline);
  await quiet(anna);
  for (const blob of delivery.blobs.values()) {
    blob.bytes = blob.bytes.slice(0, 1_000);
  }
  await anna.connect();
  await quiet(anna, ben);
  expect(await fetched(ben, message)).toEqual(bytesOf(3 * BLOB_CHUNK_BYTES));
});

test('what is refused for good has failed with its reason, and leaves nothing behind', async () => {
  anna.line.refuse('beginBlob', 'quota_reached');
  const message = await send(10);
  await anna.say(id, 'goes on');
  await quiet(anna, ben);
  expect(await seen(anna, message)).toMatchObject({
    state: 'failed',
    failure: 'quota_reached',
  });
  expect(await ben.texts(id)).toEqual(['hello', 'goes on']);
  expect([await chunks(anna), await anna.parts.vault.select(UPLOAD)]).toEqual([[], []]);
  expect(await codeOf(anna.talk.retry({ conversation: id, message }))).toBe('file_gone');
});

test('a message that was refused after its upload can be said again', async () => {
  anna.line.refuse('append', 'too_large');
  const message = await send(10);
  await quiet(anna, ben);
  expect(await seen(anna, message)).toMatchObject({ state: 'failed' });
  await anna.talk.retry({ conversation: id, message });
  await quiet(anna, ben);
  expect(await fetched(ben, (await ben.said(id)).at(-1)!.id)).toEqual(bytesOf(10));
});

test.each([
  ['nothing more', (offset: number) => Math.min(offset, 5)],
  ['more than there is', () => 2 ** 40],
])('a server that says it has %s is not believed', async (_, lie) => {
  anna.line.answer('putBlobChunk', lie, 50);
  const message = await send(10);
  await quiet(anna);
  expect(await seen(anna, message)).toMatchObject({ state: 'failed' });
  expect(puts()).toBeLessThan(10);
});

test.each([true, false])('an upload is called off, online: %s', async (isOnline) => {
  const release = anna.line.hold('putBlobChunk');
  if (!isOnline) {
    anna.line.cut();
  }
  const message = await send(10, 'mine');
  await anna.say(id, 'last line');
  await (isOnline ? until(() => anna.line.held === 1) : quiet(anna));
  anna.events.length = 0;
  await anna.parts.files.cancel('mine');
  expect(anna.events).toContainEqual(
    expect.objectContaining({ what: 'hidden', message: MessageId.fromHex(message) }),
  );
  release();
  await quiet(anna);
  await anna.restart();
  await quiet(anna, ben);
  expect(await seen(anna, message)).toBeUndefined();
  expect(await ben.texts(id)).toEqual(['hello', 'last line']);
  expect([await chunks(anna), anna.core.held.size]).toEqual([[], 0]);
});

test('calling off what was never begun, or is over, does nothing', async () => {
  const message = await send(10, 'done');
  await quiet(anna, ben);
  await anna.parts.files.cancel('unknown');
  await anna.parts.files.cancel('done');
  expect(await seen(anna, message)).toMatchObject({ state: 'delivered' });
});

test('a download is called off', async () => {
  const message = await send(10);
  await quiet(anna, ben);
  const release = ben.line.hold('getBlobChunk');
  const fetching = codeOf(ben.parts.files.fetch(MessageId.fromHex(message), 'mine'));
  await until(() => ben.line.held === 1);
  await ben.parts.files.cancel('mine');
  release();
  expect(['transfer_cancelled', '']).toContain(await fetching);
  expect(await codeOf(ben.parts.files.fetch(MessageId.fromHex(message), 'mine'))).toBe(
    'transfer_cancelled',
  );
});

test('a download goes on after a lost connection', async () => {
  const message = await send(3 * BLOB_CHUNK_BYTES);
  await quiet(anna, ben);
  ben.line.loseAnswers('getBlobChunk');
  const fetching = fetched(ben, message);
  await until(() => !ben.line.isOnline);
  await ben.connect();
  expect(await fetching).toEqual(bytesOf(3 * BLOB_CHUNK_BYTES));
});

test('who finds no connection is told', async () => {
  const message = await send(10);
  await quiet(anna, ben);
  ben.line.cut();
  expect(await codeOf(fetched(ben, message))).toBe('unreachable');
});

test.each([
  ['a byte', (bytes: Uint8Array) => bytes.with(5, bytes[5]! ^ 1)],
  ['its length', (bytes: Uint8Array) => bytes.slice(0, -1)],
  ['everything', (bytes: Uint8Array) => bytes.map(() => 0)],
])('a blob of which the server changed %s is refused', async (_, change) => {
  const message = await send(10);
  await quiet(anna, ben);
  for (const blob of delivery.blobs.values()) {
    blob.bytes = (change as (bytes: Uint8Array) => Uint8Array)(blob.bytes);
  }
  expect(await codeOf(fetched(ben, message))).not.toBe('');
  expect(await chunks(ben)).toEqual([]);
});

test('chunks in another order are refused', async () => {
  const message = await send(2 * CHUNK_BYTES);
  await quiet(anna, ben);
  const sealed = CHUNK_BYTES + 16;
  for (const blob of delivery.blobs.values()) {
    const { bytes } = blob;
    blob.bytes = Uint8Array.from([...bytes.slice(sealed), ...bytes.slice(0, sealed)]);
  }
  expect(await codeOf(fetched(ben, message))).not.toBe('');
});

test('a file that has left the server, and a message without one, are a sentence', async () => {
  const message = await send(10);
  await quiet(anna, ben);
  delivery.blobs.clear();
  expect(await codeOf(fetched(ben, message))).toBe('unknown_blob');
  const hello = (await ben.said(id))[0]!.id;
  expect(await codeOf(fetched(ben, hello))).toBe('unknown_message');
  expect(await codeOf(fetched(ben, 'f'.repeat(64)))).toBe('unknown_message');
});

test('what cannot be sent leaves nothing', async () => {
  const tooLarge = { size: FILE_LIMIT_BYTES + 1 } as Blob;
  expect(await codeOf(anna.parts.files.send(anna.live(id), asked(tooLarge)))).toBe(
    'file_too_large',
  );
  expect(await codeOf(send(10, 't', { text: 'x'.repeat(300_000) }))).not.toBe('');
  expect(await codeOf(send(10, 't', { width: -1, height: 3 }))).not.toBe('');
  failPut(1);
  expect(await codeOf(send(10))).toBe('storage_full');
  expect([await chunks(anna), await anna.texts(id)]).toEqual([[], ['hello']]);
  await anna.rooms.leave({ conversation: id });
  expect(await codeOf(send(10))).toBe('not_participant');
});

test('a file whose conversation was left meanwhile is given up', async () => {
  const other = await groupOf('Team', anna, ben);
  const release = anna.line.hold('putBlobChunk');
  const file = new Blob([bytesOf(10)]);
  const message = await anna.parts.files.send(anna.live(other), {
    ...asked(file),
    conversation: other,
  });
  await until(() => anna.line.held === 1);
  await anna.rooms.leave({ conversation: other });
  release();
  await quiet(anna, ben);
  expect((await anna.said(other)).find((one) => one.id === message.hex)?.state).toBe('failed');
});

test('sealed bytes that are gone are a problem and stop nothing else', async () => {
  anna.line.cut();
  await send(10);
  const [row] = (await chunks(anna)) as { blob: Uint8Array; number: number }[];
  await anna.parts.vault.write([{ store: CHUNK, remove: [row!.blob, 0] }]);
  await anna.say(id, 'goes on');
  await anna.connect();
  await quiet(anna, ben);
  expect(anna.problems()).toEqual(['file_gone']);
  expect(await ben.texts(id)).toEqual(['hello', 'goes on']);
});
