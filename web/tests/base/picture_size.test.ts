import { expect, test } from 'vitest';

import { fitted, pictureSize } from '../../src/base/picture_size.ts';

const bytes = (text: string, ...rest: readonly number[]): Uint8Array =>
  new Uint8Array([...Array.from(text, (one) => one.charCodeAt(0)), ...rest]);

test('of a PNG', () => {
  const png = bytes('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 0, 0, 0x10, 0, 0, 0, 0x02, 0x58);
  expect(pictureSize(png)).toEqual({ width: 4096, height: 600 });
});

test('of a GIF', () => {
  expect(pictureSize(bytes('GIF89a', 0x40, 0x01, 0xc8, 0))).toEqual({ width: 320, height: 200 });
});

test('of a JPEG, behind its metadata', () => {
  const exif = [0xff, 0xe1, 0, 6, 1, 2, 3, 4];
  const frame = [0xff, 0xc2, 0, 17, 8, 0x04, 0x38, 0x07, 0x80, 3];
  expect(pictureSize(bytes('\xff\xd8', ...exif, 0xff, ...frame))).toEqual({
    width: 1920,
    height: 1080,
  });
});

test('a table of a JPEG is no frame', () => {
  const table = [0xff, 0xc4, 0, 4, 1, 1];
  expect(pictureSize(bytes('\xff\xd8', ...table, 0xff, 0xc0, 0, 17, 8, 0, 5, 0, 6, 3))).toEqual({
    width: 6,
    height: 5,
  });
});

test('of the three kinds of WebP', () => {
  const riff = 'RIFF\0\0\0\0WEBP';
  const lossy = bytes(`${riff}VP8 `, 0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x02, 0xe0, 0x01);
  expect(pictureSize(lossy)).toEqual({ width: 640, height: 480 });
  const bits = (640 - 1) | ((480 - 1) << 14);
  const lossless = bytes(
    `${riff}VP8L`,
    ...[0, 0, 0, 0, 0x2f],
    ...[bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, (bits >> 24) & 255],
  );
  expect(pictureSize(lossless)).toEqual({ width: 640, height: 480 });
  const extended = bytes(`${riff}VP8X`, 10, 0, 0, 0, 0, 0, 0, 0, 0x7f, 2, 0, 0xdf, 1, 0);
  expect(pictureSize(extended)).toEqual({ width: 640, height: 480 });
});

test('what is cut off, or no picture, has no size', () => {
  const whole = bytes('\xff\xd8', 0xff, 0xe1, 0, 6, 1, 2, 3, 4, 0xff, 0xc0, 0, 17, 8, 0, 5, 0, 6);
  for (let end = 0; end < whole.length; end += 1) {
    expect(pictureSize(whole.subarray(0, end))).toBeUndefined();
  }
  expect(pictureSize(bytes('<svg width="1"/>'))).toBeUndefined();
  expect(pictureSize(bytes('RIFF\0\0\0\0WAVEfmt '))).toBeUndefined();
  expect(pictureSize(bytes('RIFF\0\0\0\0WEBPICCP', ...Array<number>(20).fill(0)))).toBeUndefined();
  expect(pictureSize(bytes('\x89PNG'))).toBeUndefined();
});

test('a bomb says how large it is, from a few bytes', () => {
  const png = bytes('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50);
  expect(pictureSize(png)).toEqual({ width: 50_000, height: 50_000 });
});

test('a picture is made to fit and never larger', () => {
  expect(fitted({ width: 4000, height: 3000 }, 2048)).toEqual({ width: 2048, height: 1536 });
  expect(fitted({ width: 30, height: 3000 }, 100)).toEqual({ width: 1, height: 100 });
  expect(fitted({ width: 20, height: 10 }, 100)).toEqual({ width: 20, height: 10 });
  expect(fitted({ width: 9000, height: 1 }, 100)).toEqual({ width: 100, height: 1 });
});

test('of an AVIF the largest of its pictures counts', () => {
  const box = (width: number, height: number): number[] => {
    const bytes = new Uint8Array(20);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 20);
    bytes.set(new TextEncoder().encode('ispe'), 4);
    view.setUint32(12, width);
    view.setUint32(16, height);
    return [...bytes];
  };
  const head = [0, 0, 0, 24, ...new TextEncoder().encode('ftypavif'), ...box(64, 48)];
  const whole = Uint8Array.from([...head, ...box(4000, 3000), ...box(320, 240)]);
  expect(pictureSize(whole)).toEqual({ width: 4000, height: 3000 });
  expect(pictureSize(whole.subarray(0, 12))).toBeUndefined();
});
