/**
 * A picture as it is sent: scaled and drawn anew, so that nothing of its metadata (where, when, by
 * which device) goes along, with a tiny preview. Only its first bytes are read before it is known
 * to be of a size that can be decoded.
 */
import { LocalError } from '../../base/errors.ts';
import {
  fitted,
  HEAD_BYTES,
  LONGEST_HEAD_BYTES,
  MAX_PIXELS,
  type PictureSize,
  pictureSize,
} from '../../models/picture_size.ts';
import type { Outgoing } from '../../sdk/protocol.ts';

const EDGE_PX = 2048;
const PREVIEW_EDGE_PX = 24;
const QUALITY = 0.84;
/** Animations would stand still if they were drawn; they go as they are. */
const DRAWN: ReadonlySet<string> = new Set(
  ['jpeg', 'png', 'webp', 'avif', 'heic', 'heif'].map((name) => `image/${name}`),
);

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
): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) {
    throw new LocalError('This browser cannot draw pictures: send it as a file.');
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas.convertToBlob({ type, quality: QUALITY });
}
