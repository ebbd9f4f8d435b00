/** Transcript hashes beyond the vectors: everything counts. */

import { expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { suite } from '../../src/mls/suite.ts';
import { confirmedTranscriptHash, interimTranscriptHash } from '../../src/mls/transcript.ts';

const CRYPTO = suite(1);

test('everything counts', () => {
  const variants: [string, number, string, string][] = [
    ['interim', 1, 'content', 'signature'],
    ['other', 1, 'content', 'signature'],
    ['interim', 2, 'content', 'signature'],
    ['interim', 1, 'else', 'signature'],
    ['interim', 1, 'content', 'signaturE'],
  ];
  const hashes = variants.map(([interim, format, content, signature]) =>
    toHex(confirmedTranscriptHash(CRYPTO, utf8(interim), format, utf8(content), utf8(signature))),
  );
  expect(new Set(hashes).size).toBe(5);
});

test('by hand', () => {
  const confirmed = confirmedTranscriptHash(CRYPTO, utf8('i'), 1, utf8('c'), utf8('s'));
  expect(confirmed).toEqual(CRYPTO.hash(concat(utf8('i'), fromHex('0001'), utf8('c\x01s'))));
  const tag = utf8('tag');
  expect(interimTranscriptHash(CRYPTO, confirmed, tag)).toEqual(
    CRYPTO.hash(concat(confirmed, fromHex('03'), tag)),
  );
  const empty = new Uint8Array(0);
  expect(interimTranscriptHash(CRYPTO, empty, empty)).toEqual(CRYPTO.hash(fromHex('00')));
});
