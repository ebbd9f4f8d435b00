/** Reading an archive from wherever its sealed chunks lie, up to its end. */

import { concat, EMPTY } from '../base/bytes.ts';
import type { AccountAddress } from '../base/ids.ts';
import { CHUNK_BYTES, Layout, openChunk, type StreamKey } from '../content/stream.ts';
import type { Write } from '../platform/database.ts';
import type { ArchiveReading } from './archive_reading.ts';
import { parseRecords, refused } from './archive_records.ts';

/** Records that go into one transaction. */
export const PORTION = 200;

/** Where an archive's chunks come from, and who is told how far it is. */
export interface ArchiveSource {
  readonly subtle: SubtleCrypto;
  readonly secret: StreamKey;
  readonly contentBytes: number;

  /** Sealed chunk `number`. */
  readonly chunk: (layout: Layout, number: number) => Promise<Uint8Array>;

  /** What is written beside a portion: the content up to `position` was taken over. */
  readonly reached: (position: number) => Promise<readonly Write[]>;
  readonly progress: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Take an archive over from `position` of its content on.
 *
 * Throws ArchiveRefused, ContentError (altered), StorageUnavailable, and what `chunk` throws.
 */
export async function readArchive(
  source: ArchiveSource,
  own: AccountAddress,
  reading: ArchiveReading,
  position: number,
): Promise<void> {
  const { chunk, contentBytes, progress, reached, secret, subtle } = source;
  const layout = new Layout(contentBytes);
  let at = position;
  let rest: Uint8Array = EMPTY;
  let number = Math.floor(at / CHUNK_BYTES);
  let skip = at % CHUNK_BYTES;
  for (; layout.contentIn(number) > 0; number += 1, skip = 0) {
    const content = await openChunk(subtle, secret, layout, number, await chunk(layout, number));
    rest = concat(rest, content.subarray(skip));
    for (;;) {
      const { records, taken } = parseRecords(rest, own, PORTION);
      if (records.length === 0) {
        break;
      }
      at += taken;
      const upTo = at;
      await reading.take(records, () => reached(upTo));
      rest = rest.subarray(taken);
      progress(at, contentBytes);
    }
  }
  if (!reading.isOver || rest.length > 0) {
    throw refused('a part of it is missing');
  }
}
