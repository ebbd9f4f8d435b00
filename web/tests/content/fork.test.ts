/** The mark of an epoch, and the fork that it tells of. */

import { expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import type { Value } from '../../src/content/cbor.ts';
import { EPOCH_MARK, EpochMark, isFork, markOf, withMark } from '../../src/content/fork.ts';
import { decode, MimiContent, NullPart } from '../../src/content/mimi.ts';
import { textMessage } from '../../src/content/text.ts';
import { codeOf, SALT } from './samples.ts';

const HERE = utf8('h'.repeat(32));
const THERE = utf8('t'.repeat(32));
const EXTENSIONS = new Map([[7, 'x']]);

test('a mark travels in the message and leaves the rest alone', () => {
  const plain = textMessage('x', { salt: SALT }).withExtensions(EXTENSIONS);
  const mark = EpochMark.of(7n, HERE);
  const content = decode(withMark(plain, mark).encode());
  expect(markOf(content)).toEqual(mark);
  expect(content.part).toEqual(plain.part);
  expect(content.extensions.get(7)).toBe('x');
  expect(markOf(plain)).toBeNull();
  expect(plain.extensions).toEqual(EXTENSIONS);
});

test('a second mark takes the place of the first', () => {
  const once = withMark(textMessage('x', { salt: SALT }), EpochMark.of(1n, HERE));
  const twice = withMark(once, EpochMark.of(2n, HERE));
  expect(markOf(twice)?.epoch).toBe(2n);
  expect(twice.extensions.size).toBe(1);
});

test('a mark is no secret and names its branch', () => {
  const mark = EpochMark.of(7n, HERE);
  expect(toHex(mark.digest)).not.toContain(toHex(HERE).slice(0, 8));
  expect(mark.equals(EpochMark.of(7n, HERE))).toBe(true);
  expect(mark.equals(EpochMark.of(7n, THERE))).toBe(false);
  expect(mark.equals(EpochMark.of(8n, HERE))).toBe(false);
});

test('another branch of a known epoch is a fork', () => {
  const known = new Map([
    [6n, THERE],
    [7n, HERE],
  ]);
  expect(isFork(EpochMark.of(7n, HERE), known)).toBe(false);
  expect(isFork(EpochMark.of(7n, THERE), known)).toBe(true);
  expect(isFork(EpochMark.of(8n, THERE), known)).toBe(false);
});

test.each([0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n])('the epoch %s', (epoch) => {
  const mark = EpochMark.of(epoch, HERE);
  const content = withMark(textMessage('x', { salt: SALT }), mark);
  expect(markOf(decode(content.encode()))).toEqual(mark);
});

test('an epoch beyond 64 bits is not sent', () => {
  const content = withMark(textMessage('x', { salt: SALT }), EpochMark.of(2n ** 64n, HERE));
  expect(codeOf(() => content.encode())).toBe('bad_cbor');
});

const DIGEST = new Uint8Array(16);

test.each<[string, Value]>([
  ['null', null],
  ['a number', 7],
  ['nothing', []],
  ['an epoch alone', [7]],
  ['three', [7, DIGEST, 1]],
  ['an epoch before the first', [-1, DIGEST]],
  ['a short digest', [7, new Uint8Array(15)]],
  ['a digest as text', [7, 'x'.repeat(16)]],
  ['an epoch as bool', [true, DIGEST]],
  ['an epoch as text', ['7', DIGEST]],
])('a malformed mark is refused: %s', (_, value) => {
  const extensions = new Map([[EPOCH_MARK, value]]);
  const content = new MimiContent({ salt: SALT, part: new NullPart(), extensions });
  expect(codeOf(() => markOf(content))).toBe('bad_content');
});
