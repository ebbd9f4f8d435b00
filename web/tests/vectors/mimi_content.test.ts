/** The examples of draft-ietf-mimi-content: every one decodes, re-encodes, and has its id. */

import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { concat, utf8 } from '../../src/base/bytes.ts';
import { type MessageId } from '../../src/base/ids.ts';
import * as cbor from '../../src/content/cbor.ts';
import { messageId } from '../../src/content/message_id.ts';
import {
  checkOrigin,
  decode,
  Disposition,
  ExternalPart,
  leaves,
  type MultiPart,
  ROOM_URI,
  Semantics,
  SENDER_URI,
  SinglePart,
} from '../../src/content/mimi.ts';
import { type Purpose, purposeOf } from '../../src/content/purpose.ts';
import { mentionsIn, reactionsOf, readableText } from '../../src/content/text.ts';
import { mimiExample } from './spec.ts';

const MESSAGES = [
  ...['attachment', 'conferencing', 'delete', 'edit', 'expiring', 'mention', 'mention-html'],
  ...['multipart-1', 'multipart-2', 'multipart-3', 'original', 'reaction', 'reply', 'unlike'],
];
const STATED_ID = /message ID = h'([0-9a-f]+)\s*#\s*([0-9a-f]+)'/;

function read(name: string): Uint8Array {
  return mimiExample(`${name}.cbor`);
}

function notes(name: string): string {
  return Buffer.from(mimiExample(`${name}.edn`)).toString('utf8');
}

function statedId(name: string): string {
  const [, first, second] = STATED_ID.exec(notes(name))!;
  return first! + second!;
}

function computedId(name: string): MessageId {
  const raw = read(name);
  const { extensions } = decode(raw);
  const sender = cbor.expect(extensions.get(SENDER_URI)!, 'text', 'sender');
  const room = cbor.expect(extensions.get(ROOM_URI)!, 'text', 'room');
  checkOrigin(decode(raw), sender, room);
  return messageId(raw, sender, room);
}

test.each(MESSAGES)('%s decodes, encodes to the same bytes and has the stated id', (name) => {
  const raw = read(name);
  expect(decode(raw).encode()).toEqual(raw);
  expect(computedId(name).hex).toBe(statedId(name));
});

test.each([
  ['reply', null, 'original'],
  ['reaction', null, 'original'],
  ['mention', null, 'original'],
  ['mention-html', null, 'original'],
  ['edit', 'reply', 'original'],
  ['delete', 'reply', 'original'],
  ['unlike', 'reaction', 'original'],
])('%s replaces %s and answers %s', (name, replaces, inReplyTo) => {
  const content = decode(read(name));
  expect(content.replaces).toEqual(replaces === null ? null : computedId(replaces));
  expect(content.inReplyTo).toEqual(computedId(inReplyTo));
});

/** Its .edn states the original's id; its .cbor has the one of draft 06, without lengths. */
test('the implied values are those of the original', () => {
  const raw = read('implied-original');
  const values = cbor.expectArray(cbor.decode(raw), 'implied values');
  expect(cbor.encode(values)).toEqual(raw);
  const [message, acceptedAtMs, , leafIndex, , sender, room] = values;
  const stated = notes('implied-original').replace(/\s/g, '');
  expect(stated).toContain(`h'${statedId('original')}'`);
  expect([acceptedAtMs, leafIndex]).toEqual([1_644_387_225_019, 4]);
  const content = read('original');
  const original = decode(content);
  const preimage = concat(
    utf8(cbor.expect(sender!, 'text', 'sender')),
    utf8(cbor.expect(room!, 'text', 'room')),
    content,
    original.salt,
  );
  const digest = new Uint8Array(createHash('sha256').update(preimage).digest());
  expect(message).toEqual(concat(Uint8Array.of(1), digest.subarray(0, 31)));
  expect(original.extensions).toEqual(new Map([[SENDER_URI, sender], [ROOM_URI, room]])); // prettier-ignore
});

test.each([
  ['original', 'Hi everyone, we just shipped release 2.0. __Good  work__!'],
  ['reply', "Right on! _Congratulations_ 'all!"],
  ['edit', "Right on! _Congratulations_ y'all!"],
  ['mention', 'Kudos to @Alice Smith for making the release happen!'],
  ['mention-html', '[text/html;charset=utf-8]'],
  ['reaction', '❤'],
  ['delete', ''],
  ['attachment', '[2 hours of key signing video]'],
  ['conferencing', '[Join the Foo 118 conference]'],
  ['multipart-1', '# Welcome!'],
])('%s reads as %j', (name, text) => {
  expect(readableText(decode(read(name)))).toBe(text);
});

test.each<[string, Purpose]>([
  ['original', 'show'],
  ['reply', 'show'],
  ['reaction', 'reaction'],
  ['edit', 'edit'],
  ['delete', 'delete'],
  ['unlike', 'delete'],
  ['attachment', 'show'],
  ['multipart-3', 'show'],
])('the purpose of %s is %s', (name, purpose) => {
  expect(purposeOf(decode(read(name)))).toBe(purpose);
});

test('single fields of the examples', () => {
  const { part } = decode(read('attachment'));
  expect(part).toBeInstanceOf(ExternalPart);
  expect(part).toMatchObject({
    disposition: Disposition.ATTACHMENT,
    sizeBytes: 708_234_961n,
    encryption: 1,
  });
  expect(decode(read('expiring')).expires).toEqual({ relative: false, timeS: 1_644_390_004 });
  expect(decode(read('conferencing')).topicId).toEqual(utf8('Foo 118'));
  expect(mentionsIn(decode(read('mention'))).map(String)).toEqual(['alice-smith@example.com']);
  expect(reactionsOf(decode(read('multipart-2')))).toEqual(['❤', '🥳', '🤞']);
});

test('the nested example has its structure', () => {
  const part = decode(read('multipart-3')).part as MultiPart;
  expect(part.semantics).toBe(Semantics.CHOOSE_ONE);
  const types = leaves(part)
    .filter((leaf) => leaf instanceof SinglePart)
    .map(({ contentType }) => contentType);
  const html = 'text/html;charset=utf-8';
  expect(types).toEqual([html, html, 'image/gif', html, html, 'image/png']);
});
