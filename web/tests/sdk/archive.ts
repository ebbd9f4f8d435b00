/** An archive from one device into another, for tests. */

import { openChunk, Layout } from '../../src/content/stream.ts';
import { ArchiveReading } from '../../src/sdk/archive_reading.ts';
import type { ArchiveRef } from '../../src/sdk/archive_ref.ts';
import { readArchive } from '../../src/sdk/archive_source.ts';
import { newArchivePlace, writeArchive } from '../../src/sdk/archive_writing.ts';
import type { Player } from './players.ts';

const NO_NAMES = new Map();

/** What a device remembers, sealed into its vault. */
export async function written(from: Player, limitBytes?: number): Promise<ArchiveRef> {
  const place = newArchivePlace();
  return writeArchive(
    from.core,
    place,
    NO_NAMES,
    ...(limitBytes === undefined ? [] : [limitBytes]),
  );
}

/** The sealed chunks of an archive in a vault. */
export async function chunksOf(from: Player, ref: ArchiveRef): Promise<Uint8Array[]> {
  const layout = new Layout(ref.contentBytes);
  const chunks: Uint8Array[] = [];
  for (let number = 0; number < layout.chunks; number += 1) {
    chunks.push((await from.core.chunks.get(ref.blob, number))!);
  }
  return chunks;
}

/** All that is in an archive, without its seal. */
export async function contentOf(from: Player, ref: ArchiveRef): Promise<Uint8Array> {
  const layout = new Layout(ref.contentBytes);
  const parts: Uint8Array[] = [];
  for (const [number, sealed] of (await chunksOf(from, ref)).entries()) {
    parts.push(await openChunk(crypto.subtle, ref.secret, layout, number, sealed));
  }
  return Buffer.concat(parts);
}

/** Take an archive over. */
export async function taken(
  into: Player,
  from: Player,
  ref: ArchiveRef,
  reading = new ArchiveReading(into.core),
): Promise<ArchiveReading> {
  const chunks = await chunksOf(from, ref);
  const { contentBytes, secret } = ref;
  await readArchive(
    {
      ...{ subtle: crypto.subtle, secret, contentBytes },
      chunk: (_, number) => Promise.resolve(chunks[number]!),
      reached: () => Promise.resolve([]),
      progress: () => undefined,
    },
    into.core.address,
    reading,
    0,
  );
  await reading.finish();
  return reading;
}
