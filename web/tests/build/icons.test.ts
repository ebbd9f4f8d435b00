import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { logo, pngOf, svgOf } from '../../build/icons.ts';

const ICONS = join(import.meta.dirname, '../../public/icons');

/** The pixels of a PNG of ours: one chunk, no filters. */
function pixels(png: Buffer): {
  readonly edge: number;
  readonly at: (x: number, y: number) => number[];
} {
  const edge = png.readUInt32BE(16);
  const length = png.readUInt32BE(33);
  const rows = inflateSync(png.subarray(41, 41 + length));
  return {
    edge,
    at: (x, y) => [...rows.subarray(y * (edge * 4 + 1) + 1 + x * 4).subarray(0, 4)],
  };
}

test('the files are what the program draws', () => {
  expect(readFileSync(join(ICONS, 'icon.svg'), 'utf8')).toBe(svgOf(logo(false)));
  expect(readFileSync(join(ICONS, 'icon-192.png')).equals(pngOf(logo(false), 192))).toBe(true);
});

test('corners are clear, the ground is clay, the bubbles are light', () => {
  const { edge, at } = pixels(pngOf(logo(false), 64));
  expect(edge).toBe(64);
  expect(at(0, 0)[3]).toBe(0);
  expect(at(32, 4)).toEqual([0xa8, 0x43, 0x1b, 255]);
  expect(at(24, 35)).toEqual([0xff, 0xf8, 0xf2, 255]);
  expect(at(48, 22)).toEqual([0xf3, 0xb8, 0x95, 255]);
});

test('for a mask it goes to the edge, and what matters stays in the middle', () => {
  const { at } = pixels(pngOf(logo(true), 64));
  expect(at(0, 0)).toEqual([0xa8, 0x43, 0x1b, 255]);
  for (const [x, y] of [
    [6, 32],
    [58, 32],
    [32, 6],
    [32, 58],
  ] as const) {
    expect(at(x, y)).toEqual([0xa8, 0x43, 0x1b, 255]);
  }
});

test('edges are smooth', () => {
  const { at } = pixels(pngOf(logo(false), 64));
  const alphas = new Set(Array.from({ length: 16 }, (_, x) => at(x, 2)[3] ?? 0));
  expect([...alphas].some((alpha) => alpha > 0 && alpha < 255)).toBe(true);
});
