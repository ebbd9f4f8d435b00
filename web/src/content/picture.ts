/**
 * A conversation's picture: small, square, and known to be one before anybody decodes it.
 *
 * What a picture claims about itself is read from its first bytes: WebP, JPEG or PNG, nothing else.
 */

import { ContentError } from './errors.ts';

export const MAX_PICTURE_BYTES = 12_288;
export const MAX_SIDE_PIXELS = 512;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8];

/** What looks like frames of a JPEG and is none: DHT, JPG, DAC. */
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);

/** Width and height in pixels of a picture. */
export type Sides = readonly [width: number, height: number];

/** Width and height in pixels of a picture that may be shown. Throws ContentError. */
export function checkPicture(raw: Uint8Array): Sides {
  if (raw.length > MAX_PICTURE_BYTES) {
    throw new ContentError(
      `A conversation's picture has ${MAX_PICTURE_BYTES} bytes at most, not ${raw.length}.`,
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const sides = pngSides(raw, view) ?? webpSides(raw, view) ?? jpegSides(raw, view);
  if (sides === undefined) {
    throw new ContentError("A conversation's picture is a WebP, a JPEG or a PNG; this is none.");
  }
  const [width, height] = sides;
  if (width !== height || width < 1 || width > MAX_SIDE_PIXELS) {
    throw new ContentError(
      `A conversation's picture is a square of 1 to ${MAX_SIDE_PIXELS} pixels, not ` +
        `${width} x ${height}.`,
    );
  }
  return sides;
}

function begins(raw: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, at) => raw[at] === byte);
}

function word(raw: Uint8Array, at: number): string {
  return String.fromCharCode(...raw.subarray(at, at + 4));
}

function pngSides(raw: Uint8Array, view: DataView): Sides | undefined {
  return raw.length >= 24 && begins(raw, PNG) && word(raw, 12) === 'IHDR'
    ? [view.getUint32(16), view.getUint32(20)]
    : undefined;
}

function webpSides(raw: Uint8Array, view: DataView): Sides | undefined {
  if (raw.length < 30 || word(raw, 0) !== 'RIFF' || word(raw, 8) !== 'WEBP') {
    return undefined;
  }
  const triple = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (word(raw, 12)) {
    case 'VP8 ':
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8X':
      return [triple(24) + 1, triple(27) + 1];
    default:
      return undefined;
  }
}

function jpegSides(raw: Uint8Array, view: DataView): Sides | undefined {
  if (!begins(raw, JPEG)) {
    return undefined;
  }
  for (let at = 2; at + 9 <= raw.length && raw[at] === 0xff;) {
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker)) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return undefined;
}
