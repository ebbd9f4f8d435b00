/** spec/vectors/cards.json is what this language writes, reads and refuses. */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { decodeCard, encodeCard } from '../../src/content/cards.ts';
import * as cbor from '../../src/content/cbor.ts';
import { codeOf } from '../content/samples.ts';
import { specVectors } from './spec.ts';

type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

interface Cases {
  readonly cards: readonly { readonly name: string; readonly json: Json; readonly hex: string }[];
  readonly refused: readonly { readonly name: string; readonly hex: string }[];
}

const CASES = specVectors('cards') as Cases;

function valueOf(json: Json): cbor.Value {
  if (typeof json === 'string' || typeof json === 'number') {
    return json;
  }
  return Array.isArray(json)
    ? json.map(valueOf)
    : new Map(Object.entries(json).map(([key, value]) => [key, valueOf(value)]));
}

test('there is an example of every kind', () => {
  const kinds = CASES.cards.map(({ hex }) => decodeCard(fromHex(hex)).kind);
  expect([...new Set(kinds)].sort()).toEqual([
    'booking',
    'bookingRequest',
    'cancelRequest',
    'choices',
    'choose',
    'slotOffer',
  ]);
});

test.each(CASES.cards)('$name has the published bytes', ({ json, hex }) => {
  expect(toHex(cbor.encode(valueOf(json)))).toBe(hex);
  expect(toHex(encodeCard(decodeCard(fromHex(hex))))).toBe(hex);
});

test.each(CASES.refused)('refused: $name', ({ hex }) => {
  expect(codeOf(() => decodeCard(fromHex(hex)))).not.toBe('none');
});
