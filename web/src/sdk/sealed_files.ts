/** Sealed files on their way to the server and from it, piece by piece. */

import { altered, Layout } from '../content/stream.ts';
import { BLOB_CHUNK_BYTES } from '../wire/blobs.ts';
import type { Core } from './core.ts';
import { SdkError, Unreachable } from './errors.ts';
import { uploadBlob, type Watch } from './uploading.ts';

/** A sealed file whose chunks are in the vault. */
export interface Sealed {
  readonly blob: Uint8Array;
  readonly digest: Uint8Array;
  readonly contentBytes: number;
}

/**
 * Until the server has all of it.
 *
 * Throws ServerRefused, ServerMisbehaved, Unreachable, SdkError `file_gone`, what the watch throws.
 */
export async function uploadSealed(core: Core, sealed: Sealed, watch: Watch): Promise<void> {
  const { blob, contentBytes, digest } = sealed;
  const layout = new Layout(contentBytes);
  const piece = (offset: number) => stretch(core, blob, layout, offset);
  await uploadBlob(core.server, { blob, digest, sizeBytes: layout.sealedBytes, piece }, watch);
}

/** The sealed bytes from an offset on, up to the end of their chunk. */
async function stretch(
  core: Core,
  blob: Uint8Array,
  layout: Layout,
  offset: number,
): Promise<Uint8Array> {
  const number = Math.floor(offset / layout.sealedBefore(1));
  const chunk = await core.chunks.get(blob, number);
  if (chunk === undefined) {
    throw new SdkError('The file is not on this device any more: send it again.', {
      code: 'file_gone',
    });
  }
  const start = offset - layout.sealedBefore(number);
  return chunk.slice(start, start + BLOB_CHUNK_BYTES);
}

/**
 * One sealed chunk from the server; after a lost connection it goes on where it was.
 *
 * Throws ServerRefused, Unreachable, ContentError, what `demandWanted` throws.
 */
export async function fetchSealed(
  core: Core,
  blob: Uint8Array,
  layout: Layout,
  number: number,
  demandWanted: () => void,
): Promise<Uint8Array> {
  const { server } = core;
  const wanted = layout.sealedIn(number);
  const sealed = new Uint8Array(wanted);
  for (let have = 0; have < wanted;) {
    demandWanted();
    const limit = Math.min(BLOB_CHUNK_BYTES, wanted - have);
    let piece: Uint8Array;
    try {
      piece = await server.getBlobChunk(blob, layout.sealedBefore(number) + have, limit);
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        throw error;
      }
      await server.waitOnline();
      continue;
    }
    if (piece.length !== limit) {
      throw altered();
    }
    sealed.set(piece, have);
    have += piece.length;
  }
  return sealed;
}
