/** First bytes of pictures, with the sizes that they claim. */

import { concat, utf8 } from '../../src/base/bytes.ts';

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const little = (number: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => (number >>> (8 * at)) & 0xff);
const big = (number: number, count: number): Uint8Array => little(number, count).reverse();

type Make = (width: number, height: number) => Uint8Array;

export const png: Make = (width, height) =>
  concat(
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]),
    utf8('IHDR'),
    big(width, 4),
    big(height, 4),
    zeros(40),
  );

export const JPEG = (width: number, height: number, before = zeros(0)): Uint8Array =>
  concat(
    new Uint8Array([0xff, 0xd8]),
    before,
    new Uint8Array([0xff, 0xc0, 0, 11, 8]),
    big(height, 2),
    big(width, 2),
    zeros(20),
  );

const webp = (...parts: readonly Uint8Array[]): Uint8Array =>
  concat(utf8('RIFF'), zeros(4), utf8('WEBP'), ...parts, zeros(20));

export const PICTURES: Readonly<Record<string, Make>> = {
  png,
  jpeg: (width, height) => JPEG(width, height),
  lossy: (width, height) => webp(utf8('VP8 '), zeros(10), little(width, 2), little(height, 2)),
  lossless: (width, height) =>
    webp(utf8('VP8L'), zeros(5), little((width - 1) | ((height - 1) << 14), 4)),
  extended: (width, height) =>
    webp(utf8('VP8X'), zeros(8), little(width - 1, 3), little(height - 1, 3)),
};
