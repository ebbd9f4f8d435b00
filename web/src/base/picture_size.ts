/** Width and height from a picture's first bytes, so that a pixel bomb is never decoded. */

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** As many pixels as the largest pictures of telephones have, with room. */
export const MAX_PIXELS = 120_000_000;

/** A JPEG keeps its size behind its metadata, which seldom has more. */
export const HEAD_BYTES = 256 * 1024;

/** And never should: read when the size is not in the first bytes. */
export const LONGEST_HEAD_BYTES = 16 * 1024 * 1024;

const ISPE = 'ispe';

/** Of PNG, JPEG, GIF, WebP, AVIF or HEIC; undefined for anything else. `head`: the first bytes. */
export function pictureSize(head: Uint8Array): PictureSize | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    if (starts(head, '\x89PNG')) {
      return { width: view.getUint32(16), height: view.getUint32(20) };
    }
    if (starts(head, 'GIF8')) {
      return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    }
    if (starts(head, '\xff\xd8')) {
      return jpegSize(view);
    }
    if (starts(head, 'RIFF') && starts(head.subarray(8), 'WEBP')) {
      return webpSize(head, view);
    }
    if (starts(head.subarray(4), 'ftyp')) {
      return boxedSize(head, view);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
  }
  return undefined;
}

/** The frame header is behind any number of other segments (ITU T.81, B.1.1). */
function jpegSize(view: DataView): PictureSize | undefined {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame =
      marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Lossy, lossless and extended files each keep it elsewhere (RFC 9649). */
function webpSize(head: Uint8Array, view: DataView): PictureSize | undefined {
  const chunk = head.subarray(12);
  if (starts(chunk, 'VP8 ')) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (starts(chunk, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (starts(chunk, 'VP8X')) {
    return { width: 1 + triple(view, 24), height: 1 + triple(view, 27) };
  }
  return undefined;
}

/**
 * Every picture in such a file has a box `ispe` with its size (ISO/IEC 23008-12, 6.5.3): tiles,
 * previews and the whole, of which the largest counts.
 */
function boxedSize(head: Uint8Array, view: DataView): PictureSize | undefined {
  let found: PictureSize | undefined;
  const first = ISPE.charCodeAt(0);
  for (let at = head.indexOf(first); at >= 0; at = head.indexOf(first, at + 1)) {
    if (starts(head.subarray(at), ISPE)) {
      const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
      if (found === undefined || size.width * size.height > found.width * found.height) {
        found = size;
      }
    }
  }
  return found;
}

function triple(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

function starts(bytes: Uint8Array, text: string): boolean {
  return (
    bytes.length >= text.length &&
    Array.from(text).every((character, at) => bytes[at] === character.charCodeAt(0))
  );
}

/** The size within a square of `edge`, not larger than it is. */
export function fitted({ width, height }: PictureSize, edge: number): PictureSize {
  const scale = Math.min(1, edge / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}
