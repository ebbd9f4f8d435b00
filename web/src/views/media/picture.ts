/**
 * A picture as it is sent: scaled and drawn anew, so that nothing of its metadata (where, when, by
 * which device) goes along, with a tiny preview. Only its first bytes are read before it is known
 * to be of a size that can be decoded.
 */
import { PICTURE_BYTES } from '../../base/business.ts';
import { fromHex } from '../../base/bytes.ts';
import { LocalError } from '../../base/errors.ts';
import {
  fitted,
  HEAD_BYTES,
  LONGEST_HEAD_BYTES,
  MAX_PIXELS,
  type PictureSize,
  pictureSize,
} from '../../base/picture_size.ts';
import type { Outgoing } from '../../sdk/protocol.ts';

const EDGE_PX = 2048;
const PREVIEW_EDGE_PX = 24;
const QUALITY = 0.84;
/** Animations would stand still if they were drawn; they go as they are. */
const DRAWN: ReadonlySet<string> = new Set(
  ['jpeg', 'png', 'webp', 'avif', 'heic', 'heif'].map((name) => `image/${name}`),
);

/** Each is tried until the picture is small enough. */
const QUALITIES = [QUALITY, 0.7, 0.5, 0.3];

const FACE_PX = 192;
/** What a group's picture may have (content/picture.ts). */
const FACE_BYTES = 12_288;

/** The picture has more pixels than may be decoded. */
export class PictureBomb extends LocalError {
  static override readonly code: string = 'picture_bomb';
}

/** What to send for a file that the person chose. Throws PictureBomb. */
export async function outgoing(file: File): Promise<Outgoing> {
  const mediaType = file.type === '' ? 'application/octet-stream' : file.type;
  const plain: Outgoing = { file, name: file.name, mediaType };
  if (!file.type.startsWith('image/')) {
    return plain;
  }
  const size = (await sizeWithin(file, HEAD_BYTES)) ?? (await sizeWithin(file, LONGEST_HEAD_BYTES));
  if (size !== undefined && size.width * size.height > MAX_PIXELS) {
    throw new PictureBomb(
      'The picture has too many pixels: make it smaller, or send it as a file.',
    );
  }
  if (!DRAWN.has(file.type) || size === undefined) {
    return size === undefined ? plain : { ...plain, ...size };
  }
  try {
    return await drawn(file);
  } catch {
    // The browser cannot decode it: then it is a file like others.
    return plain;
  }
}

/** It is no picture, or none that can be made small enough. */
export class PictureUnusable extends LocalError {
  static override readonly code: string = 'picture_unusable';
}

/**
 * A group's picture: the middle of what the person chose, square and small, drawn anew so that
 * nothing of its metadata goes along. Throws PictureBomb, PictureUnusable.
 */
export async function facePicture(file: Blob): Promise<Uint8Array> {
  const face = await made(file, FACE_BYTES, square);
  return new Uint8Array(await face.arrayBuffer());
}

const PUBLIC_EDGE_PX = 1600;

/**
 * A picture for everybody: drawn anew, so that nothing of its metadata goes along, and small enough.
 * Throws PictureBomb, PictureUnusable.
 */
export async function publicPicture(file: Blob): Promise<Blob> {
  return made(file, PICTURE_BYTES, (bitmap, quality) =>
    painted(bitmap, fitted(bitmap, PUBLIC_EDGE_PX), 'image/jpeg', quality),
  );
}

/** As good as it can be drawn in so many bytes. */
async function made(
  file: Blob,
  mostBytes: number,
  draw: (bitmap: ImageBitmap, quality: number) => Promise<Blob>,
): Promise<Blob> {
  const bitmap = await safeBitmap(file);
  try {
    for (const quality of QUALITIES) {
      const drawn = await draw(bitmap, quality);
      if (drawn.size <= mostBytes) {
        return drawn;
      }
    }
  } finally {
    bitmap.close();
  }
  throw new PictureUnusable('This picture cannot be made small enough: choose another one.');
}

async function safeBitmap(file: Blob): Promise<ImageBitmap> {
  const size = (await sizeWithin(file, HEAD_BYTES)) ?? (await sizeWithin(file, LONGEST_HEAD_BYTES));
  if (size !== undefined && size.width * size.height > MAX_PIXELS) {
    throw new PictureBomb('The picture has too many pixels: choose a smaller one.');
  }
  const bitmap =
    size === undefined
      ? undefined
      : await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => undefined);
  if (bitmap === undefined) {
    throw new PictureUnusable('This is no picture that the browser can read: choose another one.');
  }
  return bitmap;
}

async function square(bitmap: ImageBitmap, quality: number): Promise<Blob> {
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  const canvas = new OffscreenCanvas(FACE_PX, FACE_PX);
  const context = canvas.getContext('2d');
  if (context === null) {
    throw new LocalError('This browser cannot draw pictures.');
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, left, top, side, side, 0, 0, FACE_PX, FACE_PX);
  return canvas.convertToBlob({ type: 'image/webp', quality });
}

async function sizeWithin(file: Blob, headBytes: number): Promise<PictureSize | undefined> {
  return pictureSize(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()));
}

/**
 * The address by which a received picture is shown; whoever asks revokes it. Undefined: it has more
 * pixels than may be decoded, or is of no known kind. What its sender says of its size is no proof.
 */
export async function shownBy(file: Blob): Promise<string | undefined> {
  const size = (await sizeWithin(file, HEAD_BYTES)) ?? (await sizeWithin(file, LONGEST_HEAD_BYTES));
  const isSafe = size !== undefined && size.width * size.height <= MAX_PIXELS;
  return isSafe ? URL.createObjectURL(file) : undefined;
}

/**
 * The address by which a public picture is shown, as `shownBy`. Undefined also without a network,
 * and when the server gives another picture than the one of this digest (hex), which was signed.
 */
export async function publicAddress(name: string, digest: string): Promise<string | undefined> {
  const integrity = `sha256-${btoa(String.fromCharCode(...fromHex(digest)))}`;
  try {
    const answer = await fetch(`/v1/pictures/${name}/${digest}`, { integrity });
    return answer.ok ? await shownBy(await answer.blob()) : undefined;
  } catch {
    return undefined;
  }
}

async function drawn(file: File): Promise<Outgoing> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const hasAlpha = file.type === 'image/png' || file.type === 'image/webp';
    const mediaType = hasAlpha ? 'image/webp' : 'image/jpeg';
    const size = fitted(bitmap, EDGE_PX);
    const sent = await painted(bitmap, size, mediaType);
    const preview = await painted(bitmap, fitted(bitmap, PREVIEW_EDGE_PX), 'image/jpeg');
    const ending = mediaType === 'image/jpeg' ? 'jpg' : 'webp';
    return {
      file: sent,
      name: `${file.name.replace(/\.[A-Za-z0-9]{1,5}$/, '')}.${ending}`,
      mediaType: sent.type,
      ...size,
      preview: new Uint8Array(await preview.arrayBuffer()),
    };
  } finally {
    bitmap.close();
  }
}

async function painted(
  bitmap: ImageBitmap,
  { width, height }: { readonly width: number; readonly height: number },
  type: string,
  quality = QUALITY,
): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) {
    throw new LocalError('This browser cannot draw pictures: send it as a file.');
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas.convertToBlob({ type, quality });
}
