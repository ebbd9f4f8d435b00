/**
 * Frames that carry blobs: encrypted files, opaque to the server, in chunks (spec/wire.md).
 *
 * `blob` is 32 random bytes that the uploading device chose. It is a capability: whoever knows it
 * and has an account on this server may read.
 */

import { BLOB_BYTES, bytes, DIGEST_BYTES, int, REQUEST_ID } from './frame.ts';

/** Most bytes of a blob in one frame. */
export const BLOB_CHUNK_BYTES = 128 * 1024;

/** Largest length on the wire; what a server accepts is its own limit, and less. */
export const MAX_BLOB_BYTES = 2 ** 40;

const LENGTH = int(1, MAX_BLOB_BYTES);
const OFFSET = int(0, MAX_BLOB_BYTES);

export const BLOB_CLIENT_FRAMES = {
  /**
   * Begin an upload, or ask where it stands: the same question. Answer: `BlobStands`.
   *
   * `length` bytes will follow whose SHA-256 is `digest`. Repeating it with the same length and
   * digest changes nothing, however far the upload is.
   */
  BeginBlob: {
    tag: 70,
    fields: { id: REQUEST_ID, blob: BLOB_BYTES, length: LENGTH, digest: DIGEST_BYTES },
  },

  /**
   * The next bytes of an upload of this account. Answer: `BlobStands`.
   *
   * A chunk that does not begin where the blob stands is passed over; the answer says where to go
   * on, so that a repeated or reordered chunk does no harm.
   */
  PutBlobChunk: {
    tag: 72,
    fields: {
      id: REQUEST_ID,
      blob: BLOB_BYTES,
      offset: OFFSET,
      chunk: bytes(1, BLOB_CHUNK_BYTES),
    },
  },

  /** Up to `limit` bytes of a whole blob from `offset` on. Answer: `BlobChunk`. */
  GetBlobChunk: {
    tag: 73,
    fields: { id: REQUEST_ID, blob: BLOB_BYTES, offset: OFFSET, limit: int(1, BLOB_CHUNK_BYTES) },
  },

  /** This account's blob is no longer needed, whole or not. Answer: `Done`, also when it is gone. */
  DropBlob: { tag: 75, fields: { id: REQUEST_ID, blob: BLOB_BYTES } },
} as const;

export const BLOB_SERVER_FRAMES = {
  /**
   * The server has the first `offset` bytes. At `length` the blob is whole, verified and on disk;
   * before, a server that is restarted may come back with less.
   */
  BlobStands: { tag: 71, fields: { id: REQUEST_ID, offset: OFFSET, length: LENGTH } },

  /** A stretch of a blob: `limit` bytes, fewer only at its end. `length` is the whole blob's. */
  BlobChunk: {
    tag: 74,
    fields: { id: REQUEST_ID, length: LENGTH, chunk: bytes(0, BLOB_CHUNK_BYTES) },
  },
} as const;
