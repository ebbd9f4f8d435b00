/**
 * Pictures for everybody: what a file is and how large, and that it tells nothing besides.
 *
 * Photographs say in their metadata where and when they were taken, and by which camera. A picture
 * of a profile is public as it is, so that one with metadata is refused rather than changed.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { PICTURE_BYTES, PICTURE_PIXELS } from '../base/business.ts';
import { utf8 } from '../base/bytes.ts';
import { pictureSize } from '../base/picture_size.ts';
import { randomBytes } from '../base/random.ts';
import type { Picture } from '../identity/profile_body.ts';

import { BLOB_CHUNK_BYTES } from '../wire/blobs.ts';
import { SdkError } from './errors.ts';
import type { Server } from './server.ts';
import { uploadBlob } from './uploading.ts';

const BLOB_BYTES = 32;

const TELLING = [
  ...['Exif\0', 'eXIf', 'EXIF', 'http://ns.adobe.com/xap', 'XMP ', 'iTXt', 'tEXt'],
].map(utf8);

type ReadPicture = Pick<Picture, 'mediaType' | 'width' | 'height'>;

/** What these bytes are. Throws SdkError (`public_picture`, `picture_metadata`). */
export function readPicture(content: Uint8Array): ReadPicture {
  const mediaType = mediaTypeOf(content);
  const size = pictureSize(content);
  const isWithin =
    size !== undefined &&
    [size.width, size.height].every((side) => side >= 1 && side <= PICTURE_PIXELS);
  if (mediaType === undefined || !isWithin || content.length > PICTURE_BYTES) {
    throw new SdkError(
      'A public picture is a JPEG, PNG or WebP of up to 512 KiB and 4,096 pixels a side: make it ' +
        'smaller, or choose another one.',
      { code: 'public_picture' },
    );
  }
  if (TELLING.some((mark) => has(content, mark))) {
    throw new SdkError(
      'The picture has metadata, which can tell where and when it was taken: export it without.',
      { code: 'picture_metadata' },
    );
  }
  return { mediaType, ...size };
}

/**
 * The picture on the server, as it is: everybody may see it.
 *
 * Throws as `readPicture`; ServerRefused, ServerMisbehaved, Unreachable.
 */
export async function uploadPicture(server: Server, content: Uint8Array): Promise<Picture> {
  const read = readPicture(content);
  const blob = randomBytes(BLOB_BYTES);
  const digest = sha256(content);
  const piece = (offset: number) => content.slice(offset, offset + BLOB_CHUNK_BYTES);
  await uploadBlob(server, { blob, digest, sizeBytes: content.length, piece });
  return { blob, digest, sizeBytes: content.length, text: '', ...read };
}

function mediaTypeOf(content: Uint8Array): string | undefined {
  const begins = (mark: string, at = 0): boolean =>
    Array.from(mark).every((one, index) => content[at + index] === one.charCodeAt(0));
  if (begins('\x89PNG\r\n\x1a\n')) {
    return 'image/png';
  }
  if (begins('\xff\xd8')) {
    return 'image/jpeg';
  }
  return begins('RIFF') && begins('WEBP', 8) ? 'image/webp' : undefined;
}

function has(content: Uint8Array, mark: Uint8Array): boolean {
  const [first = 0] = mark;
  for (let at = content.indexOf(first); at >= 0; at = content.indexOf(first, at + 1)) {
    if (mark.every((one, index) => content[at + index] === one)) {
      return true;
    }
  }
  return false;
}
