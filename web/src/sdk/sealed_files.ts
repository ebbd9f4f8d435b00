/** Sealed files on their way to the server and from it, piece by piece. */

import { altered, Layout } from '../content/stream.ts';
import { BLOB_CHUNK_BYTES } from '../wire/blobs.ts';
import type { Core } from './core.ts';
import { SdkError, ServerMisbehaved, Unreachable } from './errors.ts';

/** Answers in a row that take an upload no further, after which the server is not believed. */
const STUCK = 4;

/** A sealed file whose chunks are in the vault. */
export interface Sealed {
  readonly blob: Uint8Array;
  readonly digest: Uint8Array;
  readonly contentBytes: number;
}

/** Who watches a transfer: asked before each piece, told after it. */
export interface Watch {
  /** Throws to call it off. */
  readonly demandWanted: () => void;
  readonly progress: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Until the server has all of it, from wherever it stands.
 *
 * Throws ServerRefused, ServerMisbehaved, Unreachable, SdkError `file_gone`, what the watch throws.
 */
export async function uploadSealed(core: Core, sealed: Sealed, watch: Watch): Promise<void> {
  const { server } = core;
  const { blob, digest, contentBytes } = sealed;
  const layout = new Layout(contentBytes);
  const totalBytes = layout.sealedBytes;
  let offset = await server.beginBlob(blob, totalBytes, digest);
  for (let stuck = 0; offset < totalBytes;) {
    watch.demandWanted();
    const before = offset;
    offset = await server.putBlobChunk(blob, before, await stretch(core, blob, layout, before));
    stuck = offset > before ? 0 : stuck + 1;
    if (offset > totalBytes || stuck === STUCK) {
      throw new ServerMisbehaved(
        'The server does not take the file, and does not say why: try again later.',
        { code: 'upload_stuck' },
      );
    }
    watch.progress(offset, totalBytes);
  }
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
