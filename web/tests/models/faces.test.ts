/** The addresses by which groups' pictures are shown. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { PICTURES, png } from '../content/pictures.ts';

let faceOf: (picture: Uint8Array) => string | undefined;
let made: Blob[] = [];
const revoked: string[] = [];

/** Each test begins with none. */
beforeEach(async () => {
  vi.resetModules();
  ({ faceOf } = await import('../../src/models/faces.ts'));
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    made.push(blob as Blob);
    return `blob:${made.length}-${Math.random()}`;
  });
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => {
    revoked.push(url);
  });
});

afterEach(() => {
  made = [];
  vi.restoreAllMocks();
});

test('a picture has one address, however often it is told', () => {
  const face = faceOf(png(96, 96));
  expect(face).toMatch(/^blob:/);
  expect(faceOf(png(96, 96))).toBe(face);
  expect(made).toHaveLength(1);
  expect(made[0]?.type).toBe('image/png');
});

test('each of the three kinds is shown as what it is', () => {
  for (const make of Object.values(PICTURES)) {
    faceOf(make(97, 97));
  }
  const types = made.map(({ type }) => type);
  expect(types).toEqual(['image/png', 'image/jpeg', 'image/webp', 'image/webp', 'image/webp']);
});

test.each([
  png(50_000, 50_000),
  png(96, 95),
  utf8('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  new Uint8Array(0),
])('what is no small square picture is not decoded', (picture) => {
  expect(faceOf(picture)).toBeUndefined();
  expect(made).toEqual([]);
});

test('the oldest of very many is given back', () => {
  const first = faceOf(png(1, 1));
  for (let side = 2; side <= 512; side += 1) {
    faceOf(png(side, side));
  }
  expect(revoked).toContain(first);
});
