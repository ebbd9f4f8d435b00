/** A blob on its way to the server, piece by piece, from wherever the server stands. */

import { ServerMisbehaved } from './errors.ts';
import type { Server } from './server.ts';

/** Answers in a row that take an upload no further, after which the server is not believed. */
const STUCK = 4;

/** What goes up: its id, and size and digest of all of it. */
export interface Rising {
  readonly blob: Uint8Array;
  readonly sizeBytes: number;
  readonly digest: Uint8Array;
  /** A piece that begins at this offset, as large as may travel at once. */
  readonly piece: (offset: number) => Uint8Array | Promise<Uint8Array>;
}

/** Who watches a transfer: asked before each piece, told after it. */
export interface Watch {
  /** Throws to call it off. */
  readonly demandWanted: () => void;
  readonly progress: (doneBytes: number, totalBytes: number) => void;
}

const UNWATCHED: Watch = { demandWanted: () => undefined, progress: () => undefined };

/**
 * Until the server has all of it.
 *
 * Throws ServerRefused, ServerMisbehaved `upload_stuck`, Unreachable, what `piece` and the watch
 * throw.
 */
export async function uploadBlob(server: Server, rising: Rising, watch = UNWATCHED): Promise<void> {
  const { blob, digest, piece, sizeBytes } = rising;
  let offset = await server.beginBlob(blob, sizeBytes, digest);
  for (let stuck = 0; offset < sizeBytes;) {
    watch.demandWanted();
    const before = offset;
    offset = await server.putBlobChunk(blob, before, await piece(before));
    stuck = offset > before ? 0 : stuck + 1;
    if (offset > sizeBytes || stuck === STUCK) {
      throw new ServerMisbehaved(
        'The server does not take the file, and does not say why: try again later.',
        { code: 'upload_stuck' },
      );
    }
    watch.progress(offset, sizeBytes);
  }
}
