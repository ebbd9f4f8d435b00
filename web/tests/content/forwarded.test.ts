import { expect, test } from 'vitest';

import { FACTS } from '../../src/content/attachment.ts';
import { EPOCH_MARK, EpochMark, withMark } from '../../src/content/fork.ts';
import { FORWARDED, forwarded, isForwarded } from '../../src/content/forwarded.ts';
import { decode, MimiContent, ROOM_URI, SENDER_URI } from '../../src/content/mimi.ts';
import { readableText, textMessage } from '../../src/content/text.ts';

const SALT = new Uint8Array(16).fill(1);
const OTHER_SALT = new Uint8Array(16).fill(2);

test('it is the same content, marked, also after its way', () => {
  const first = textMessage('Come at eight.', { salt: SALT });
  const passedOn = decode(forwarded(first, { salt: OTHER_SALT }).encode());
  expect(readableText(passedOn)).toBe('Come at eight.');
  expect(isForwarded(passedOn)).toBe(true);
  expect(isForwarded(first)).toBe(false);
  expect(passedOn.salt).toEqual(OTHER_SALT);
});

test('what was about the first message alone stays behind', () => {
  const facts = [new Map([['width', 3]])];
  const { part } = textMessage('x', { salt: SALT });
  const extensions = new Map<number, string | typeof facts>([
    [SENDER_URI, 'mimi://localhost/u/anna'],
    [ROOM_URI, 'mimi://localhost/r/1'],
    [FACTS, facts],
  ]);
  const said = new MimiContent({ salt: SALT, part, extensions, expires: null });
  const marked = withMark(said, new EpochMark(3n, new Uint8Array(16)));
  const passedOn = forwarded(marked, { salt: OTHER_SALT });
  expect([...passedOn.extensions.keys()].sort()).toEqual([FACTS, FORWARDED].sort());
  expect(passedOn.extensions.has(EPOCH_MARK)).toBe(false);
  expect([passedOn.inReplyTo, passedOn.replaces, passedOn.expires]).toEqual([null, null, null]);
});

test('anything but true is no mark', () => {
  const { part } = textMessage('x', { salt: SALT });
  for (const value of [false, 1, 'true']) {
    const extensions = new Map([[FORWARDED, value]]);
    expect(isForwarded(new MimiContent({ salt: SALT, part, extensions }))).toBe(false);
  }
});
