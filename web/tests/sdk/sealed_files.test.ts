/** Sealed files to the server and back, over answers that are lost, short or stuck. */

import { sha256 } from '@noble/hashes/sha2.js';
import { beforeEach, expect, test } from 'vitest';

import { ContentError } from '../../src/content/errors.ts';
import { Layout } from '../../src/content/stream.ts';
import { SdkError, ServerMisbehaved, Unreachable } from '../../src/sdk/errors.ts';
import { fetchSealed, type Sealed, uploadSealed } from '../../src/sdk/sealed_files.ts';
import type { Watch } from '../../src/sdk/uploading.ts';
import { Delivery } from './delivery.ts';
import { Player } from './players.ts';

const BLOB = new Uint8Array(32).fill(8);
const LAYOUT = new Layout(1024 * 1024 + 300_000);

let anna: Player;
let sealed: Sealed;
let chunks: Uint8Array[];
const quietly: Watch = { demandWanted: () => undefined, progress: () => undefined };

beforeEach(async () => {
  anna = await Player.join(new Delivery(), 'anna');
  chunks = Array.from({ length: LAYOUT.chunks }, (_, number) =>
    new Uint8Array(LAYOUT.sealedIn(number)).fill(number + 1),
  );
  await anna.core.vault.write(
    chunks.map((chunk, number) => anna.core.chunks.put(BLOB, number, chunk)),
  );
  const digest = sha256(Buffer.concat(chunks));
  sealed = { blob: BLOB, digest, contentBytes: LAYOUT.contentBytes };
});

test('it goes up piece by piece and comes down chunk by chunk', async () => {
  const progress: number[] = [];
  await uploadSealed(anna.core, sealed, {
    ...quietly,
    progress: (done, total) => {
      expect(total).toBe(LAYOUT.sealedBytes);
      progress.push(done);
    },
  });
  expect(progress).toEqual([...progress].sort((one, other) => one - other));
  expect(progress.at(-1)).toBe(LAYOUT.sealedBytes);
  for (const [number, chunk] of chunks.entries()) {
    expect(await fetchSealed(anna.core, BLOB, LAYOUT, number, () => undefined)).toEqual(chunk);
  }
});

test('it goes on where the server stands', async () => {
  let pieces = 0;
  const failing: Watch = {
    ...quietly,
    demandWanted: () => {
      pieces += 1;
      if (pieces === 4) {
        throw new Unreachable('Lost.');
      }
    },
  };
  await expect(uploadSealed(anna.core, sealed, failing)).rejects.toThrow(Unreachable);
  const before = anna.line.asked.filter((word) => word === 'putBlobChunk').length;
  await uploadSealed(anna.core, sealed, quietly);
  const after = anna.line.asked.filter((word) => word === 'putBlobChunk').length;
  expect([before, after > before]).toEqual([3, true]);
  const puts = Math.ceil(LAYOUT.sealedIn(0) / 131_072) + Math.ceil(LAYOUT.sealedIn(1) / 131_072);
  expect(after).toBe(puts); // none twice
});

test('a server that takes nothing is not asked for ever', async () => {
  anna.line.answer('putBlobChunk', () => 0, 100);
  await expect(uploadSealed(anna.core, sealed, quietly)).rejects.toThrow(ServerMisbehaved);
  anna.line.answer('putBlobChunk', () => 2 ** 40, 1);
  await expect(uploadSealed(anna.core, sealed, quietly)).rejects.toThrow(ServerMisbehaved);
});

test('a file that is not here any more says so', async () => {
  await anna.core.vault.write(anna.core.chunks.remove(BLOB, 1));
  await expect(uploadSealed(anna.core, sealed, quietly)).rejects.toThrow(SdkError);
});

test('a server that gives less than was asked for is not believed', async () => {
  await uploadSealed(anna.core, sealed, quietly);
  anna.line.answer('getBlobChunk', (piece: Uint8Array) => piece.slice(1));
  await expect(fetchSealed(anna.core, BLOB, LAYOUT, 0, () => undefined)).rejects.toThrow(
    ContentError,
  );
});

test('a lost connection is waited for', async () => {
  await uploadSealed(anna.core, sealed, quietly);
  anna.line.loseAnswers('getBlobChunk');
  const fetched = fetchSealed(anna.core, BLOB, LAYOUT, 1, () => undefined);
  await expect.poll(() => anna.line.isOnline).toBe(false);
  anna.line.connect();
  expect(await fetched).toEqual(chunks[1]);
});
