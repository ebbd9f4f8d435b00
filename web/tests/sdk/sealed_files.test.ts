/** Pieces of sealed files: in order, from where the server stands, and never for ever. */

import { beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { Layout } from '../../src/content/stream.ts';
import { fetchSealed, type Sealed, uploadSealed } from '../../src/sdk/sealed_files.ts';
import { BLOB_CHUNK_BYTES } from '../../src/wire/blobs.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { Player } from './players.ts';

const CONTENT_BYTES = 2.5 * BLOB_CHUNK_BYTES;
const LAYOUT = new Layout(CONTENT_BYTES);
const BLOB = new Uint8Array(32).fill(5);
const SEALED: Sealed = { blob: BLOB, digest: new Uint8Array(32), contentBytes: CONTENT_BYTES };
const BYTES = Uint8Array.from({ length: LAYOUT.sealedBytes }, (_, at) => (at * 7) & 255);

let delivery: Delivery;
let anna: Player;
const progress: number[] = [];

beforeEach(async () => {
  delivery = new Delivery();
  anna = await Player.join(delivery, 'anna');
  await anna.core.vault.write([anna.core.chunks.put(BLOB, 0, BYTES)]);
  progress.length = 0;
});

const upload = (demandWanted: () => void = () => undefined): Promise<void> =>
  uploadSealed(anna.core, SEALED, { demandWanted, progress: (done) => progress.push(done) });
const fetch = (demandWanted: () => void = () => undefined): Promise<Uint8Array> =>
  fetchSealed(anna.core, BLOB, LAYOUT, 0, demandWanted);
const stored = (): string => toHex(delivery.blobs.get(toHex(BLOB))!.bytes);

test('all of it goes up in pieces, and comes back', async () => {
  await upload();
  expect(stored()).toBe(toHex(BYTES));
  expect(progress.at(-1)).toBe(LAYOUT.sealedBytes);
  expect(progress).toHaveLength(Math.ceil(LAYOUT.sealedBytes / BLOB_CHUNK_BYTES));
  expect(toHex(await fetch())).toBe(toHex(BYTES));
});

test('it goes on wherever the server stands', async () => {
  for (const length of [1, BLOB_CHUNK_BYTES, LAYOUT.sealedBytes]) {
    const bytes = BYTES.slice(0, length);
    delivery.blobs.set(toHex(BLOB), { length: LAYOUT.sealedBytes, bytes });
    await upload();
    expect(stored()).toBe(toHex(BYTES));
  }
});

test('a server that never takes more is not believed', async () => {
  anna.line.answer('putBlobChunk', () => 0, 99);
  expect(await codeOf(upload())).toBe('upload_stuck');
});

test('who watches can call it off before each piece', async () => {
  let pieces = 0;
  const once = (): void => {
    pieces += 1;
    if (pieces === 2) {
      throw new Error('enough');
    }
  };
  await expect(upload(once)).rejects.toThrow('enough');
  expect(progress).toHaveLength(1);
  await upload();
  pieces = 0;
  await expect(fetch(once)).rejects.toThrow('enough');
});

test('a chunk that is gone is a sentence', async () => {
  await anna.core.vault.write(anna.core.chunks.remove(BLOB, 1));
  expect(await codeOf(upload())).toBe('file_gone');
});

test('a piece of another length is refused', async () => {
  await upload();
  anna.line.answer('getBlobChunk', (piece: Uint8Array) => piece.slice(1));
  expect(await codeOf(fetch())).not.toBe('');
});
