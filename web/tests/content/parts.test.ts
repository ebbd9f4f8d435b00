/** The parts of a message and what they say when nothing is said. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import {
  Cardinality,
  Disposition,
  ExternalPart,
  leaves,
  MultiPart,
  NullPart,
  type Part,
  Semantics,
  SinglePart,
} from '../../src/content/parts.ts';

const WORDS = new SinglePart({ contentType: 'text/plain', content: utf8('x') });
const FILE = new ExternalPart({ contentType: 'image/png', url: 'https://x' });

test('leaves come in the order of part indices', () => {
  const inner = new MultiPart({
    semantics: Semantics.CHOOSE_ONE,
    parts: [FILE, new NullPart()],
  });
  const outer = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts: [WORDS, inner, WORDS] });
  expect(leaves(outer)).toEqual([WORDS, FILE, new NullPart(), WORDS]);
  expect(leaves(WORDS)).toEqual([WORDS]);
});

test('dispositions are those of the registry, in its order', () => {
  expect(Object.entries(Disposition)).toEqual([
    ['UNSPECIFIED', 0],
    ['RENDER', 1],
    ['REACTION', 2],
    ['PROFILE', 3],
    ['INLINE', 4],
    ['ICON', 5],
    ['ATTACHMENT', 6],
    ['SESSION', 7],
    ['PREVIEW', 8],
  ]);
});

test('what is not said has the draft’s own default', () => {
  expect(new NullPart()).toMatchObject({ disposition: Disposition.RENDER, language: '' });
  expect(WORDS).toMatchObject({ disposition: Disposition.RENDER, language: '' });
  expect(FILE).toMatchObject({
    disposition: Disposition.ATTACHMENT,
    language: '',
    expiresS: 0,
    sizeBytes: 0n,
    encryption: 0,
    hashAlgorithm: 0,
    description: '',
    filename: '',
  });
  for (const bytes of [FILE.key, FILE.nonce, FILE.authenticated, FILE.contentHash]) {
    expect(bytes).toHaveLength(0);
  }
});

test('what is said is kept', () => {
  expect(new NullPart({ disposition: 200, language: 'de' })).toMatchObject({
    disposition: 200,
    language: 'de',
  });
  const single = { contentType: 'a/b', content: utf8('x'), disposition: 0, language: 'en' };
  expect(new SinglePart(single)).toMatchObject(single);
  const external = { contentType: 'a/b', url: 'u', disposition: 0, sizeBytes: 7n, filename: 'f' };
  expect(new ExternalPart(external)).toMatchObject(external);
});

test('parts are told apart by their cardinality', () => {
  const multi = new MultiPart({ semantics: Semantics.SINGLE_UNIT, parts: [WORDS, FILE] });
  const parts: readonly Part[] = [new NullPart(), WORDS, FILE, multi];
  expect(parts.map(({ cardinality }) => cardinality)).toEqual([
    Cardinality.NULL,
    Cardinality.SINGLE,
    Cardinality.EXTERNAL,
    Cardinality.MULTI,
  ]);
});
