/** Message ids depend on everything they should. */

import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { concat, toHex, utf8 } from '../../src/base/bytes.ts';
import { messageId } from '../../src/content/message_id.ts';
import { textMessage } from '../../src/content/text.ts';
import { codeOf, SALT } from './samples.ts';

const RAW = textMessage('guten Tag', { salt: SALT }).encode();
const ANNA = 'mimi://example.org/u/anna';
const ROOM = 'mimi://example.org/r/00';

test('the id is the hash of sender, room, content and salt', () => {
  const preimage = concat(
    Uint8Array.of(0, ANNA.length),
    utf8(ANNA),
    Uint8Array.of(0, ROOM.length),
    utf8(ROOM),
    RAW,
    SALT,
  );
  const digest = createHash('sha256').update(preimage).digest('hex');
  expect(messageId(RAW, ANNA, ROOM).hex).toBe(`01${digest.slice(0, 62)}`);
});

test('each input changes the id', () => {
  const ids = [
    messageId(RAW, ANNA, ROOM),
    messageId(RAW, `${ANNA}a`, ROOM),
    messageId(RAW, ANNA, `${ROOM}0`),
    messageId(RAW, ANNA.slice(0, -1), `a${ROOM}`),
    messageId(textMessage('guten Tag', { salt: new Uint8Array(16) }).encode(), ANNA, ROOM),
    messageId(textMessage('Guten Tag', { salt: SALT }).encode(), ANNA, ROOM),
  ];
  expect(new Set(ids.map(String)).size).toBe(6);
  expect(messageId(RAW, ANNA, ROOM)).toEqual(ids[0]);
});

test.each(['', '87', '8650' + '00'.repeat(16), '874f' + '00'.repeat(15), '8750' + '00'.repeat(15)])(
  'what is no content has no id: %s',
  (hex) => {
    expect(codeOf(() => messageId(Uint8Array.from(Buffer.from(hex, 'hex')), ANNA, ROOM))).toBe(
      'bad_content',
    );
  },
);

test('a URI of two bytes of length has an id, a longer one has none', () => {
  expect(toHex(messageId(RAW, 'x'.repeat(65_535), ROOM).bytes)).toMatch(/^01/);
  expect(codeOf(() => messageId(RAW, 'x'.repeat(65_536), ROOM))).toBe('bad_content');
  expect(codeOf(() => messageId(RAW, ANNA, 'ü'.repeat(32_768)))).toBe('bad_content');
});
