/** Asking to join: what travels, and what is no request. */

import { expect, test } from 'vitest';

import { ConversationId } from '../../src/base/ids.ts';
import * as cbor from '../../src/content/cbor.ts';
import {
  JOIN_REQUEST_TYPE,
  joinRequestMessage,
  joinRequestOf,
} from '../../src/content/join_request.ts';
import { decode, MimiContent, SinglePart } from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import { readableText, textMessage } from '../../src/content/text.ts';

const salt = Uint8Array.from({ length: 16 }, (_, at) => at);
const secret = Uint8Array.from({ length: 16 }, (_, at) => at + 16);
const conversation = ConversationId.of(salt);

const said = (body: Uint8Array): MimiContent =>
  new MimiContent({
    salt,
    part: new SinglePart({ contentType: JOIN_REQUEST_TYPE, content: body }),
  });

test('a request comes back, and other clients can read it', () => {
  const message = joinRequestMessage({ conversation, secret }, 'May I join?', { salt });
  const content = decode(message.encode());
  expect(joinRequestOf(content)).toEqual({ conversation, secret });
  expect(readableText(content)).toBe('May I join?');
  expect(purposeOf(content)).toBe('show');
});

test('other messages ask for nothing', () => {
  expect(joinRequestOf(textMessage('May I join?', { salt }))).toBeUndefined();
});

test.each([
  {},
  { conversation: new Uint8Array(16) },
  { secret },
  { conversation: new Uint8Array(15), secret },
  { conversation: new Uint8Array(16), secret: new Uint8Array(17) },
  { conversation: 'x'.repeat(16), secret },
])('what names no group is no request', (fields) => {
  const written = new Map<cbor.Key, cbor.Value>(Object.entries(fields));
  expect(joinRequestOf(said(cbor.encode(written)))).toBeUndefined();
});

test('what is no CBOR is none', () => {
  expect(joinRequestOf(said(new Uint8Array([0xff])))).toBeUndefined();
});
