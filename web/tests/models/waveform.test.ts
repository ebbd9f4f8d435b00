import { expect, test } from 'vitest';

import { loudness, waveform } from '../../src/models/waveform.ts';

test('silence is nothing, the loudest is 255', () => {
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(loudness(new Float32Array(64).fill(1))).toBe(255);
  expect(loudness(new Float32Array(64).fill(-1))).toBe(255);
  expect(loudness(new Float32Array(0))).toBe(0);
});

test('soft sounds are still seen', () => {
  const soft = loudness(new Float32Array(64).fill(0.04));
  expect(soft).toBe(51);
  expect(loudness(new Float32Array(64).fill(0.25))).toBeGreaterThan(soft);
});

test('a long note keeps the loudest of each stretch', () => {
  expect(waveform([1, 9, 2, 3, 8, 1], 3)).toEqual([9, 3, 8]);
});

test('a short one is drawn out', () => {
  expect(waveform([5, 7], 4)).toEqual([5, 5, 7, 7]);
  expect(waveform([3], 2)).toEqual([3, 3]);
});

test('nothing stays nothing', () => {
  expect(waveform([])).toEqual([]);
});

test('it has at most the bars that a message may carry', () => {
  expect(waveform(Array.from({ length: 36_000 }, (_, at) => at % 256))).toHaveLength(64);
});
