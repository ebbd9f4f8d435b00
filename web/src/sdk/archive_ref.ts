/** Where an archive lies on the server, and what opens it; and the note that says so. */

import { concat, EMPTY } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { BLOB_ID_BYTES } from '../content/attachment.ts';
import { ContentError } from '../content/errors.ts';
import { altered, Layout, openChunk, sealChunk, StreamKey } from '../content/stream.ts';
import { CodecError, opaque, parseWhole, type Reader, u64, u8 } from '../mls/codec.ts';

/** Content of the largest archive: sealed and filled up it is no larger than the largest file. */
export const ARCHIVE_LIMIT_BYTES = 96 * 1024 * 1024;

/** The record at its end comes on top. */
const END_BYTES = 1024;

const DIGEST_BYTES = 32;

/** A note is filled up to this many bytes: its length says nothing. */
const NOTE_BYTES = 512;

/** A sealed file: its blob, its key, its SHA-256 as it travels, the bytes of its content. */
export interface ArchiveRef {
  readonly blob: Uint8Array;
  readonly secret: StreamKey;
  readonly digest: Uint8Array;
  readonly contentBytes: number;
}

/**
 * Where a note will lie that says where an archive is. Both devices know it before there is an
 * archive; its key seals one note only.
 */
export interface NotePlace {
  readonly blob: Uint8Array;
  readonly secret: StreamKey;
}

/** What a note says: where the archive is, or that there will be none. */
export type Note = ArchiveRef | 'none';

/** The layout of every note. */
export const NOTE_LAYOUT = new Layout(NOTE_BYTES);

/** A place that nobody else can name. */
export function newNotePlace(): NotePlace {
  return { blob: randomBytes(BLOB_ID_BYTES), secret: StreamKey.new(randomBytes) };
}

export function refBytes({ blob, secret, digest, contentBytes }: ArchiveRef): Uint8Array {
  return concat(placeBytes({ blob, secret }), opaque(digest), u64(BigInt(contentBytes)));
}

/** Throws CodecError, ContentError. A larger one than there may be would be fetched for days. */
export function readRef(reader: Reader): ArchiveRef {
  const place = readPlace(reader);
  const digest = reader.opaque();
  const contentBytes = Number(reader.u64());
  if (digest.length !== DIGEST_BYTES || contentBytes > ARCHIVE_LIMIT_BYTES + END_BYTES) {
    throw new CodecError(`There is no archive of ${contentBytes} bytes.`);
  }
  return { ...place, digest, contentBytes };
}

export function placeBytes({ blob, secret }: NotePlace): Uint8Array {
  return concat(opaque(blob), opaque(secret.key), opaque(secret.prefix));
}

/** Throws CodecError, ContentError. */
export function readPlace(reader: Reader): NotePlace {
  const blob = reader.opaque();
  if (blob.length !== BLOB_ID_BYTES) {
    throw new CodecError(`The id of a file has ${BLOB_ID_BYTES} bytes, not ${blob.length}.`);
  }
  return { blob, secret: new StreamKey(reader.opaque(), reader.opaque()) };
}

/** A note, sealed: the only chunk of its blob. */
export async function sealNote(
  subtle: SubtleCrypto,
  { secret }: NotePlace,
  note: Note,
): Promise<Uint8Array> {
  const said = note === 'none' ? EMPTY : refBytes(note);
  const content = new Uint8Array(NOTE_BYTES);
  content.set(concat(u8(note === 'none' ? 0 : 1), opaque(said)));
  return sealChunk(subtle, secret, NOTE_LAYOUT, 0, content);
}

/** What a note says. Throws ContentError when it is not the one that was sealed there. */
export async function openNote(
  subtle: SubtleCrypto,
  { secret }: NotePlace,
  sealed: Uint8Array,
): Promise<Note> {
  const content = await openChunk(subtle, secret, NOTE_LAYOUT, 0, sealed);
  try {
    return parseWhole((reader): Note => {
      const isThere = reader.u8() === 1;
      const said = reader.opaque();
      reader.fixed(reader.remaining);
      return isThere ? parseWhole(readRef, said) : 'none';
    }, content);
  } catch (error) {
    throw error instanceof CodecError || error instanceof ContentError ? altered(error) : error;
  }
}
