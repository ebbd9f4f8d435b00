/** What a conversation's picture claims of itself, before anybody decodes it. */

import { describe, expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { ContentError } from '../../src/content/errors.ts';
import { checkPicture, MAX_PICTURE_BYTES } from '../../src/content/picture.ts';
import { JPEG, PICTURES, png } from './pictures.ts';

describe.each(Object.entries(PICTURES))('%s', (_, make) => {
  test('says its size', () => {
    expect(checkPicture(make(96, 96))).toEqual([96, 96]);
    expect(checkPicture(make(512, 512))).toEqual([512, 512]);
  });

  test.each([
    [96, 95],
    [513, 513],
    [16_000, 16_000],
  ])('is no bomb and of no other shape: %i x %i', (width, height) => {
    expect(() => checkPicture(make(width, height))).toThrow('square');
  });
});

test('a picture without pixels, and one with far too many', () => {
  expect(() => checkPicture(png(0, 0))).toThrow('square');
  expect(() => checkPicture(png(50_000, 50_000))).toThrow('square');
});

test('a JPEG keeps its size behind its other segments', () => {
  const segment = concat(new Uint8Array([0xff, 0xe1, 0, 16]), new Uint8Array(14));
  expect(checkPicture(JPEG(64, 64, segment))).toEqual([64, 64]);
});

test.each([
  new Uint8Array(0),
  utf8("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
  concat(utf8('GIF89a'), new Uint8Array(60)),
  concat(utf8('\0\0\0\x1cftypavif'), new Uint8Array(60)),
  png(96, 96).subarray(0, 20),
  concat(new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, 0]), new Uint8Array(60)),
  concat(new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff]), new Uint8Array(20)),
  concat(utf8('RIFF\0\0\0\0WEBPALPH'), new Uint8Array(40)),
  concat(utf8('RIFF\0\0\0\0WAVE'), new Uint8Array(60)),
])('what is none of the three is refused', (raw) => {
  expect(() => checkPicture(raw)).toThrow('this is none');
});

test('a large one is refused whatever it is', () => {
  const head = png(96, 96);
  const most = concat(head, new Uint8Array(MAX_PICTURE_BYTES - head.length));
  expect(checkPicture(most)).toEqual([96, 96]);
  expect(() => checkPicture(concat(most, new Uint8Array(1)))).toThrow(ContentError);
});
