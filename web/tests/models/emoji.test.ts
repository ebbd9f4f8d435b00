import { expect, test } from 'vitest';

import { type Emoji, foundEmoji, grouped } from '../../src/models/emoji.ts';

const ALL: readonly Emoji[] = [
  { sign: '🍞', label: 'Brot', tags: ['backen', 'laib'], group: 4 },
  { sign: '😀', label: 'grinsendes Gesicht', tags: ['gesicht', 'lachen'], group: 0 },
  { sign: '🥖', label: 'Baguette', tags: ['brot', 'französisch'], group: 4 },
  { sign: '🥪', label: 'Sandwich mit Brot', tags: [], group: 4 },
  { sign: '🍞‍', label: 'Brotkorb', tags: [], group: 4 },
];

test('the groups come in their order with their first sign', () => {
  expect(grouped(ALL).map(({ number, sign, emoji }) => [number, sign, emoji.length])).toEqual([
    [0, '😀', 1],
    [4, '🍞', 4],
  ]);
});

test('whole words come before beginnings, beginnings before what is inside', () => {
  expect(foundEmoji(ALL, ' BROT ').map(({ label }) => label)).toEqual([
    'Brot',
    'Baguette',
    'Brotkorb',
    'Sandwich mit Brot',
  ]);
});

test('a tag is found by its beginning', () => {
  expect(foundEmoji(ALL, 'lach').map(({ sign }) => sign)).toEqual(['😀']);
});

test('nothing is found for nonsense, and never too much', () => {
  expect(foundEmoji(ALL, 'xyzzy')).toEqual([]);
  const many = Array.from({ length: 500 }, (_, at) => ({
    sign: String(at),
    label: `Brot ${at}`,
    tags: [],
    group: 0,
  }));
  expect(foundEmoji(many, 'brot')).toHaveLength(80);
});
