/** Reading an archive chunk by chunk: from anywhere in it, up to its end and no further. */

import { expect, test } from 'vitest';

import { ContentError } from '../../src/content/errors.ts';
import { ArchiveReading } from '../../src/sdk/archive_reading.ts';
import { ArchiveRefused } from '../../src/sdk/archive_records.ts';
import type { ArchiveRef } from '../../src/sdk/archive_ref.ts';
import { type ArchiveSource, PORTION, readArchive } from '../../src/sdk/archive_source.ts';
import { chunksOf, written } from './archive.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player } from './players.ts';

interface Scene {
  readonly anna: Player;
  readonly phone: Player;
  readonly ref: ArchiveRef;
  readonly chunks: Uint8Array[];
  readonly conversation: string;
}

async function scene(): Promise<Scene> {
  const [anna, , conversation] = await annaAndBen(new Delivery());
  const phone = await anna.secondDevice('e'.repeat(16), false);
  const ref = await written(anna);
  return { anna, phone, ref, chunks: await chunksOf(anna, ref), conversation };
}

function sourceOf({ ref, chunks }: Scene, more: Partial<ArchiveSource> = {}): ArchiveSource {
  const { contentBytes, secret } = ref;
  return {
    ...{ subtle: crypto.subtle, secret, contentBytes },
    chunk: (_, number) => Promise.resolve(chunks[number]!),
    reached: () => Promise.resolve([]),
    progress: () => undefined,
    ...more,
  };
}

test('positions grow up to the whole, and so does the progress', async () => {
  const made = await scene();
  const [positions, progress]: [number[], number[]] = [[], []];
  const source = sourceOf(made, {
    reached: (position) => {
      positions.push(position);
      return Promise.resolve([]);
    },
    progress: (done, total) => {
      expect(total).toBe(made.ref.contentBytes);
      progress.push(done);
    },
  });
  const reading = new ArchiveReading(made.phone.core);
  await readArchive(source, made.phone.core.address, reading, 0);
  expect(positions.at(-1)).toBe(made.ref.contentBytes);
  expect(progress).toEqual(positions);
  expect(PORTION).toBeGreaterThan(10);
});

test('it goes on at any position that was reached', async () => {
  const made = await scene();
  const { phone, ref } = made;
  let position = 0;
  let records = 0;
  for (let pieces = 0; position < ref.contentBytes && pieces < 100; pieces += 1) {
    const reading = new ArchiveReading(phone.core, records);
    const failing = sourceOf(made, {
      reached: (upTo) => {
        [position, records] = [upTo, reading.records];
        return Promise.resolve([]);
      },
      progress: () => {
        throw new Error('killed');
      },
    });
    await expect(readArchive(failing, phone.core.address, reading, position)).rejects.toThrow(
      'killed',
    );
  }
  expect(position).toBe(ref.contentBytes);
  expect(await phone.texts(made.conversation)).toEqual(['hello']);
});

test('one that was altered, exchanged or cut does not open', async () => {
  const made = await scene();
  const { phone, chunks } = made;
  const altered = chunks[0]!.slice();
  altered[50]! ^= 1;
  for (const chunk of [altered, chunks[0]!.slice(1), new Uint8Array(chunks[0]!.length)]) {
    const source = sourceOf(made, { chunk: () => Promise.resolve(chunk) });
    const reading = new ArchiveReading(phone.core);
    await expect(readArchive(source, phone.core.address, reading, 0)).rejects.toThrow(ContentError);
  }
  expect(phone.rooms.conversations()).toEqual([]);
});

test('one without an end is refused', async () => {
  const made = await scene();
  const { phone } = made;
  const reading = new ArchiveReading(phone.core);
  const source = sourceOf(made);
  Object.defineProperty(reading, 'isOver', { get: () => false });
  await expect(readArchive(source, phone.core.address, reading, 0)).rejects.toThrow(ArchiveRefused);
});
