/** Framing: what is read is what was written, and nothing else is read. */

import { expect, test } from 'vitest';

import { concat, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import { parseWhole } from '../../src/mls/codec.ts';
import { CodecError, ProtocolError } from '../../src/mls/errors.ts';
import {
  AuthenticatedContent,
  type Body,
  bodyBytes,
  ContentType,
  contentTypeOf,
  FramedContent,
  header,
  member,
  mlsMessage,
  openMessage,
  parsePrivateMessage,
  parsePublicMessage,
  PrivateMessage,
  PublicHeader,
  PublicMessage,
  Sender,
  SenderType,
  toBeSigned,
  WireFormat,
} from '../../src/mls/framing.ts';
import { Commit, Remove } from '../../src/mls/proposal.ts';
import { suite } from '../../src/mls/suite.ts';
import { forAll } from './random.ts';
import { verdictOf } from './tree_players.ts';

const CONTEXT = utf8('the group context');
const EMPTY = new Uint8Array(0);
const SENDERS = [
  member(3),
  new Sender(SenderType.EXTERNAL, 1),
  new Sender(SenderType.NEW_MEMBER_PROPOSAL),
  new Sender(SenderType.NEW_MEMBER_COMMIT),
];
const BODIES: readonly Body[] = [
  utf8('hello'),
  new Remove(5),
  new Commit([new Remove(1)], undefined),
];

function content(sender: Sender, body: Body = utf8('hello')): FramedContent {
  return FramedContent.of(utf8('group'), 7n, sender, utf8('clear'), body);
}

function proposal(signature: string): AuthenticatedContent {
  const removal = content(member(0), new Remove(1));
  return new AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, removal, utf8(signature));
}

test.each(SENDERS)('senders come back: %o', (sender) => {
  expect(parseWhole((reader) => Sender.read(reader), sender.toBytes())).toEqual(sender);
  expect(sender.equals(new Sender(sender.type, sender.index))).toBe(true);
  expect(sender.equals(new Sender(sender.type, sender.index + 1))).toBe(false);
  expect(sender.equals({ type: sender.type, index: sender.index })).toBe(false);
});

test.each(['00', '05', '01000000', ''])('senders that are none: %s', (raw) => {
  expect(() => parseWhole((reader) => Sender.read(reader), fromHex(raw))).toThrow(CodecError);
});

test.each(SENDERS)('public messages come back from %o', (sender) => {
  for (const body of BODIES) {
    const tag = new Uint8Array(body instanceof Commit ? 32 : 0).fill(0x63);
    const message = new PublicMessage(
      new AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content(sender, body), utf8('sig'), tag),
      new Uint8Array(sender.type === SenderType.MEMBER ? 32 : 0).fill(0x6d),
    );
    const raw = message.toMessage();
    expect(parsePublicMessage(raw)).toEqual(message);
    expect(parsePublicMessage(raw).equals(message)).toBe(true);
    expect(parsePublicMessage(raw).toMessage()).toEqual(raw);
    expect(() => parsePublicMessage(concat(raw, Uint8Array.of(0)))).toThrow(CodecError);
    expect(() => parsePrivateMessage(raw)).toThrow(CodecError);
  }
});

test('authenticated content comes back', () => {
  for (const wire of [WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE]) {
    const message = new AuthenticatedContent(wire, content(member(0), new Remove(1)), utf8('sig'));
    const again = AuthenticatedContent.fromBytes(message.toBytes());
    expect(again).toEqual(message);
    expect(again.equals(message)).toBe(true);
    expect(again.equals(proposal('other'))).toBe(false);
    expect(message.content.contentType).toBe(ContentType.PROPOSAL);
    expect(message.content.application).toEqual(EMPTY);
  }
});

test('what was read shares nothing with the buffer it came from', () => {
  const raw = new PublicMessage(proposal('sig'), new Uint8Array(32)).toMessage();
  const message = parsePublicMessage(raw);
  const before = message.toBytes();
  raw.fill(0xff);
  expect(message.toBytes()).toEqual(before);
});

test('a Commit gets its confirmation tag later', () => {
  const commit = content(member(0), new Commit([], undefined));
  const bare = new AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, commit, utf8('sig'));
  const tagged = bare.withConfirmationTag(utf8('tag'));
  expect([tagged.wireFormat, tagged.content, tagged.signature]).toEqual([2, commit, utf8('sig')]);
  expect(tagged.confirmationTag).toEqual(utf8('tag'));
  expect(bare.confirmationTag).toEqual(EMPTY);
});

test('the framing is part of what is signed', () => {
  const one = toBeSigned(WireFormat.PUBLIC_MESSAGE, content(member(0)), CONTEXT);
  const two = toBeSigned(WireFormat.PRIVATE_MESSAGE, content(member(0)), CONTEXT);
  expect(one).not.toEqual(two);
});

test.each(SENDERS)('those who know the group sign its context: %o', (sender) => {
  const signed = toBeSigned(WireFormat.PUBLIC_MESSAGE, content(sender), CONTEXT);
  const knows = sender.type === SenderType.MEMBER || sender.type === SenderType.NEW_MEMBER_COMMIT;
  expect(toHex(signed).endsWith(toHex(CONTEXT))).toBe(knows);
});

test('a reference names the whole proposal', () => {
  const crypto = suite(1);
  const [message, other] = [proposal('s'), proposal('t')];
  expect(message.reference(crypto)).not.toEqual(other.reference(crypto));
  expect(message.reference(crypto).length).toBe(crypto.hashLength);
});

test('private messages come back', () => {
  const message = new PrivateMessage(
    utf8('group'),
    9n,
    ContentType.COMMIT,
    utf8('clear'),
    new Uint8Array(28).fill(0x73),
    new Uint8Array(100).fill(0x63),
  );
  const raw = message.toMessage();
  expect(parsePrivateMessage(raw)).toEqual(message);
  expect(parsePrivateMessage(raw).equals(message)).toBe(true);
  expect(toHex(message.contentAad()).startsWith(toHex(message.senderAad()))).toBe(true);
  expect(() => parsePrivateMessage(raw.subarray(0, -1))).toThrow(CodecError);
});

test('headers are read without the rest', () => {
  const { APPLICATION } = ContentType;
  const sealed = new PrivateMessage(utf8('group'), 9n, APPLICATION, EMPTY, utf8('s'), utf8('c'));
  const expected = new PublicHeader(2, utf8('group'), 9n, APPLICATION, undefined);
  expect(header(sealed.toMessage())).toEqual(expected);
  expect(header(sealed.toMessage().subarray(0, -4))).toEqual(expected);
  const open = new PublicMessage(
    new AuthenticatedContent(
      WireFormat.PUBLIC_MESSAGE,
      content(member(2), new Remove(1)),
      utf8('sig'),
    ),
    new Uint8Array(32),
  );
  expect(header(open.toMessage())).toEqual(
    new PublicHeader(1, utf8('group'), 7n, ContentType.PROPOSAL, member(2)),
  );
});

test('other versions and formats are refused', () => {
  const raw = mlsMessage(WireFormat.WELCOME, EMPTY);
  expect(() => header(raw)).toThrow(
    'The message is a WELCOME; expected PUBLIC_MESSAGE or PRIVATE_MESSAGE.',
  );
  expect(() => header(raw)).toThrow(CodecError);
  expect(verdictOf(() => header(concat(fromHex('00020001'), utf8('rest'))))).toBe('version');
  expect(() => openMessage(fromHex('00010009'), WireFormat.PUBLIC_MESSAGE)).toThrow(
    'Wire format 0x0009 is unknown.',
  );
  const [format, reader] = openMessage(raw, WireFormat.WELCOME);
  expect([format, reader.remaining]).toEqual([WireFormat.WELCOME, 0]);
});

test('bodies', () => {
  expect(contentTypeOf(EMPTY)).toBe(ContentType.APPLICATION);
  expect(contentTypeOf(new Remove(1))).toBe(ContentType.PROPOSAL);
  expect(contentTypeOf(new Commit([], undefined))).toBe(ContentType.COMMIT);
  expect(toHex(bodyBytes(utf8('ab')))).toBe('026162');
  expect(toHex(bodyBytes(new Remove(1)))).toBe('000300000001');
  expect(content(member(1)).application).toEqual(utf8('hello'));
  const broken = content(member(1)).encoded;
  broken[broken.length - 7] = 4;
  expect(() => parseWhole((reader) => FramedContent.read(reader), broken)).toThrow(
    'Content type 4 does not exist.',
  );
});

test("random bytes raise the room's own error", () => {
  const starts = ['', '00010001', '00010002'].map(fromHex);
  forAll(300, (chance) => {
    const raw = chance.bytes(200);
    for (const parse of [header, parsePublicMessage, parsePrivateMessage]) {
      for (const start of starts) {
        try {
          parse(concat(start, raw));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }
  });
});
