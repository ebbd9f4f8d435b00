import { expect, test } from 'vitest';

import { decode } from '../../src/content/mimi.ts';
import { textMessage } from '../../src/content/text.ts';
import { expirationOf, expiring, expiryOf, LONGEST_EXPIRY_S } from '../../src/sdk/expiry.ts';

const SALT = new Uint8Array(16);

test('a message carries the setting and the setting is read from the message', () => {
  for (const seconds of [0, 1, 86_400, LONGEST_EXPIRY_S]) {
    const said = decode(expiring(textMessage('x', { salt: SALT }), seconds).encode());
    expect(expiryOf(said)).toBe(seconds);
    expect(said.expires).toEqual(expirationOf(seconds));
  }
});

test('a fixed end says nothing of the messages to come', () => {
  const fixed = textMessage('x', { salt: SALT, expires: { relative: false, timeS: 99 } });
  expect(expiryOf(fixed)).toBe(0);
});

test('everything else of a message stays', () => {
  const content = textMessage('x', { salt: SALT, topicId: Uint8Array.of(1) });
  const said = expiring(content.withExtensions(new Map([[7, 'more']])), 60);
  expect([said.salt, said.topicId, said.extensions.get(7)]).toEqual([
    SALT,
    Uint8Array.of(1),
    'more',
  ]);
  expect(said.part).toBe(content.part);
});
