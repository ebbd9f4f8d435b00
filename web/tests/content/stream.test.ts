/** Files in chunks: what is sealed opens, in its place and whole, and nothing else does. */

import { describe, expect, test } from 'vitest';

import { concatAll, equalBytes } from '../../src/base/bytes.ts';
import { randomBytes } from '../../src/base/random.ts';
import { ContentError } from '../../src/content/errors.ts';
import {
  altered,
  CHUNK_BYTES,
  Layout,
  MAX_FILE_BYTES,
  openChunk,
  padded,
  sealChunk,
  StreamKey,
  TAG_BYTES,
} from '../../src/content/stream.ts';
import { forAll } from '../mls/random.ts';

const { subtle } = globalThis.crypto;
const SECRET = StreamKey.new(randomBytes);
const SMALL = 64;

async function sealed(content: Uint8Array, layout: Layout): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (let number = 0; number < layout.chunks; number += 1) {
    const begin = number * layout.chunkBytes;
    const piece = content.subarray(begin, begin + layout.contentIn(number));
    chunks.push(await sealChunk(subtle, SECRET, layout, number, piece));
  }
  return chunks;
}

async function opened(chunks: readonly Uint8Array[], layout: Layout): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const [number, chunk] of chunks.entries()) {
    pieces.push(await openChunk(subtle, SECRET, layout, number, chunk));
  }
  return concatAll(pieces);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(ContentError);
    return (error as ContentError).code;
  }
  return 'none';
}

test.each([0, 1, 63, 64, 65, 1023, 1024, 1025, 5000])('%i bytes come back', async (length) => {
  const content = randomBytes(length);
  const layout = new Layout(length, SMALL);
  const chunks = await sealed(content, layout);
  expect(chunks.map((chunk) => chunk.length)).toEqual(
    chunks.map((_, number) => layout.sealedIn(number)),
  );
  const whole = concatAll(chunks);
  expect(whole).toHaveLength(layout.sealedBytes);
  for (const [number, chunk] of chunks.entries()) {
    const begin = layout.sealedBefore(number);
    expect(whole.subarray(begin, begin + chunk.length)).toEqual(chunk);
  }
  expect(equalBytes(await opened(chunks, layout), content)).toBe(true);
});

test('a true chunk and a bit', async () => {
  const content = randomBytes(CHUNK_BYTES + 1);
  const layout = new Layout(content.length);
  const chunks = await sealed(content, layout);
  expect(chunks).toHaveLength(2);
  expect(equalBytes(await opened(chunks, layout), content)).toBe(true);
});

describe('what is not as it was sealed does not open', () => {
  const layout = new Layout(3000, 1024);
  const content = randomBytes(3000);

  test('a flipped bit anywhere', async () => {
    const [chunk] = await sealed(content, layout);
    for (const at of [0, 500, 1023, 1024, 1039]) {
      const changed = chunk!.slice();
      changed[at]! ^= 1;
      expect(await refusal(openChunk(subtle, SECRET, layout, 0, changed))).toBe('bad_attachment');
    }
  });

  test('another place, another file, another key', async () => {
    const [first, second, last] = await sealed(content, layout);
    const other = StreamKey.new(randomBytes);
    const shorter = new Layout(2048, 1024);
    const prefixed = new StreamKey(SECRET.key, other.prefix);
    for (const [secret, claimed, number, chunk] of [
      [SECRET, layout, 1, first],
      [SECRET, layout, 0, second],
      [SECRET, layout, 0, last],
      [other, layout, 0, first],
      [prefixed, layout, 0, first],
      [SECRET, shorter, 1, second],
    ] as const) {
      const work = openChunk(subtle, secret, claimed, number, chunk!);
      expect(await refusal(work)).toBe('bad_attachment');
    }
  });

  test('what is cut or prolonged', async () => {
    const [first] = await sealed(content, layout);
    for (const changed of [
      new Uint8Array(0),
      new Uint8Array(TAG_BYTES),
      first!.subarray(0, -1),
      concatAll([first!, new Uint8Array(1)]),
      new Uint8Array(layout.sealedIn(0)),
    ]) {
      const work = openChunk(subtle, SECRET, layout, 0, changed);
      expect(await refusal(work)).toBe('bad_attachment');
    }
  });

  test('padding that is not zero', async () => {
    const longer = new Layout(1000, 1024);
    const [chunk] = await sealed(randomBytes(1000).fill(7), longer);
    const claimed = new Layout(999, 1024);
    expect(claimed.sealedBytes).toBe(longer.sealedBytes);
    expect(await refusal(openChunk(subtle, SECRET, claimed, 0, chunk!))).toBe('bad_attachment');
  });
});

test('a file that changes while it is read is not sealed', async () => {
  const layout = new Layout(10, SMALL);
  for (const length of [9, 11, 0]) {
    const work = sealChunk(subtle, SECRET, layout, 0, new Uint8Array(length));
    expect(await refusal(work)).toBe('file_changed');
  }
});

test('a key has its length', () => {
  for (const [key, prefix] of [
    [31, 7],
    [33, 7],
    [32, 6],
    [32, 12],
    [0, 0],
  ] as const) {
    expect(() => new StreamKey(new Uint8Array(key), new Uint8Array(prefix))).toThrow(ContentError);
  }
  expect(equalBytes(SECRET.key, StreamKey.new(randomBytes).key)).toBe(false);
});

test.each([-1, 0.5, NaN, MAX_FILE_BYTES + 1, Infinity])('%d bytes are no file', (length) => {
  expect(() => new Layout(length)).toThrow(ContentError);
});

test('the largest file has fewer chunks than a nonce can number', () => {
  const layout = new Layout(MAX_FILE_BYTES);
  expect(layout.chunks).toBe(2 ** 19);
  expect(layout.sealedBytes).toBe(2 ** 39 + 2 ** 19 * TAG_BYTES);
  expect(layout.contentIn(2 ** 19 - 1)).toBe(CHUNK_BYTES);
  expect(layout.contentIn(2 ** 19)).toBe(0);
});

test('padding is never less, at most an eighth more, and few lengths remain', () => {
  const lengths = new Set<number>();
  forAll(2000, (chance) => {
    const length = chance.integer(0, 2 ** chance.integer(0, 30)) * chance.pick([1, 512]);
    const filled = padded(length);
    expect(filled).toBeGreaterThanOrEqual(length);
    expect(filled).toBeLessThanOrEqual(Math.max(1024, length * 1.12));
    expect(padded(filled)).toBe(filled);
  });
  for (let length = 0; length <= 1_000_000; length += 97) {
    lengths.add(padded(length));
  }
  expect(lengths.size).toBeLessThan(250);
});

test('what was altered is told in a sentence, with its cause', () => {
  const cause = new Error('x');
  expect(altered(cause)).toMatchObject({ code: 'bad_attachment', cause });
  expect(altered().message).toMatch(/fetch it again/);
});
