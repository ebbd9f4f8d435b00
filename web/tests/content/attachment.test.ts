/** Files in messages: written, read, and what is passed over. */

import { describe, expect, test } from 'vitest';

import { toHex, utf8 } from '../../src/base/bytes.ts';
import {
  ANY_TYPE,
  Attachment,
  type AttachmentFields,
  attachmentMessage,
  attachmentsOf,
  blobUri,
  Facts,
  FACTS,
  NO_FACTS,
  parseBlobUri,
  plainType,
  Preview,
  PREVIEW_BYTES,
  STREAM_AES_256_GCM,
  WAVEFORM_BYTES,
} from '../../src/content/attachment.ts';
import { Float, type Value } from '../../src/content/cbor.ts';
import {
  decode,
  Disposition,
  type ExternalFields,
  ExternalPart,
  MimiContent,
  MultiPart,
  type Part,
  Semantics,
  SinglePart,
} from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import { Layout, StreamKey } from '../../src/content/stream.ts';
import { readableText, textPart } from '../../src/content/text.ts';
import { forAll } from '../mls/random.ts';
import { anyText, anyValue } from './chance.ts';
import { codeOf, FIRST, SALT } from './samples.ts';

const salt = SALT;

function ascending(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => first + at);
}

const BLOB = ascending(32);
const HEX = toHex(BLOB);
const PLAIN: AttachmentFields = {
  domain: 'example.org',
  blob: BLOB,
  secret: new StreamKey(ascending(32), ascending(7)),
  digest: ascending(32, 32),
  sizeBytes: 12_345,
  contentType: 'image/png',
  name: 'Karte.png',
  description: 'Eine Karte',
};
const FULL: AttachmentFields = {
  ...PLAIN,
  preview: new Preview('image/jpeg', utf8('tiny')),
  facts: new Facts({
    width: 640,
    height: 480,
    durationMs: 9000,
    waveform: Uint8Array.of(1, 255),
    voice: true,
  }),
};
const EXTERNAL: ExternalFields = {
  contentType: 'image/png',
  url: blobUri('example.org', BLOB),
  sizeBytes: 12_345n,
  encryption: STREAM_AES_256_GCM,
  key: ascending(32),
  nonce: ascending(7),
  hashAlgorithm: 1,
  contentHash: ascending(32, 32),
  description: 'Eine Karte',
  filename: 'Karte.png',
};

function external(changes: Partial<ExternalFields> = {}): ExternalPart {
  return new ExternalPart({ ...EXTERNAL, ...changes });
}

function message(parts: readonly Part[], facts?: Value): MimiContent {
  const [first] = parts;
  const part =
    parts.length === 1 ? first! : new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
  const extensions = new Map(facts === undefined ? [] : [[FACTS, facts]]);
  return decode(new MimiContent({ salt, part, extensions }).encode());
}

describe.each(['', 'Schau *mal*'])('with the caption %j', (caption) => {
  test.each([PLAIN, FULL, { ...FULL, sizeBytes: 0 }])('a message brings its file', (fields) => {
    const attachment = new Attachment(fields);
    const content = attachmentMessage(attachment, { salt, caption });
    expect(attachmentsOf(decode(content.encode()))).toEqual([attachment]);
    expect(purposeOf(content)).toBe('show');
  });
});

test('the part of a file is as the specification says', () => {
  expect(attachmentMessage(new Attachment(PLAIN), { salt }).part).toEqual(external());
});

test('a file reads as its description or name and a preview as nothing', () => {
  expect(readableText(attachmentMessage(new Attachment(FULL), { salt }))).toBe('[Eine Karte]');
  const nameless = new Attachment({ ...FULL, description: '' });
  const content = attachmentMessage(nameless, { salt, caption: 'Schau' });
  expect(readableText(content)).toBe('[Karte.png]\nSchau');
});

test('a file may answer a message', () => {
  const content = attachmentMessage(new Attachment(PLAIN), { salt, inReplyTo: FIRST });
  expect(content.inReplyTo).toEqual(FIRST);
});

test.each<[string, Partial<Facts>, [string, Value][] | null]>([
  ['nothing', {}, null],
  ['sides', { width: 1, height: 2 }, [['width', 1], ['height', 2]]], // prettier-ignore
  ['a length', { durationMs: 3 }, [['duration_ms', 3]]],
  ['a waveform', { waveform: utf8('w') }, [['waveform', utf8('w')]]],
  ['a voice', { voice: true }, [['voice', true]]],
])('only what is said is written: %s', (_, facts, entries) => {
  const attachment = new Attachment({ ...PLAIN, facts: new Facts(facts) });
  const written = attachmentMessage(attachment, { salt }).extensions;
  expect(written).toEqual(new Map(entries === null ? [] : [[FACTS, [new Map(entries)]]]));
});

test('the layout of a file is that of its length', () => {
  expect(new Attachment(PLAIN).layout).toEqual(new Layout(12_345));
});

const PREVIEW = { contentType: 'image/webp', content: utf8('small') };

function preview(changes: Partial<ConstructorParameters<typeof SinglePart>[0]> = {}): SinglePart {
  return new SinglePart({ ...PREVIEW, disposition: Disposition.PREVIEW, ...changes });
}

test('several files have each their own preview and facts', () => {
  const parts = [
    external({ filename: 'one' }),
    preview(),
    external({ filename: 'two' }),
    external({ filename: 'three' }),
  ];
  const facts = [new Map([['duration_ms', 1]]), new Map([['duration_ms', 2]])];
  const found = attachmentsOf(message(parts, facts));
  expect(found.map((one) => one.name)).toEqual(['one', 'two', 'three']);
  expect(found.map((one) => one.facts.durationMs)).toEqual([1, 2, 0]);
  expect(found.map((one) => one.preview !== null)).toEqual([false, true, false]);
});

test('a foreign file keeps its place among the facts', () => {
  const facts = [new Map([['voice', true]]), new Map([['duration_ms', 5]])];
  const found = attachmentsOf(message([external({ encryption: 1 }), external()], facts));
  expect(found.map((one) => one.facts)).toEqual([new Facts({ durationMs: 5 })]);
});

test.each<Partial<ExternalFields>>([
  { url: `https://example.org/b/${HEX}` },
  { url: `mimi://example.org/b/${HEX.toUpperCase()}` },
  { url: `mimi://example.org/b/${HEX.slice(0, -1)}` },
  { url: `mimi://example.org/b/${HEX}0` },
  { url: `mimi://example.org/b/${HEX}\n` },
  { url: `mimi://EXAMPLE.org/b/${HEX}` },
  { url: `mimi://anna@example.org/b/${HEX}` },
  { url: `mimi:///b/${HEX}` },
  { url: `mimi://example.org/r/${HEX}` },
  { url: '' },
  { encryption: 0 },
  { encryption: 2 },
  { key: new Uint8Array(31) },
  { key: new Uint8Array(0) },
  { nonce: new Uint8Array(12) },
  { authenticated: utf8('x') },
  { hashAlgorithm: 0 },
  { hashAlgorithm: 2 },
  { contentHash: new Uint8Array(31) },
  { sizeBytes: 2n ** 39n + 1n },
  { sizeBytes: 2n ** 64n - 1n },
])('what breaks a rule is passed over: %o', (changes) => {
  expect(attachmentsOf(message([external(changes)]))).toEqual([]);
});

test('words are no file', () => {
  expect(attachmentsOf(message([textPart('x')]))).toEqual([]);
});

test('hostile names and types are made harmless', () => {
  const part = external({ filename: '../\u202ex\x00.exe', contentType: 'text/html\r\nx: y' });
  const [found] = attachmentsOf(message([part]));
  expect(found).toMatchObject({ name: '_x.exe', contentType: ANY_TYPE });
});

test.each<[string, Value]>([
  ['a number', 1],
  ['a text', 'facts'],
  ['a map', new Map()],
  ['none', []],
  ['a number for a map', [1]],
  ['one side', [new Map([['width', 5]])]],
  ['a long side', [new Map([['width', 5], ['height', 70_000]])]], // prettier-ignore
  ['a negative side', [new Map([['width', -5], ['height', 5]])]], // prettier-ignore
  ['sides of bool', [new Map([['width', true], ['height', true]])]], // prettier-ignore
  ['sides of null', [new Map([['width', null], ['height', null]])]], // prettier-ignore
  ['a side as text', [new Map<string, Value>([['width', '5'], ['height', 5]])]], // prettier-ignore
  ['a negative length', [new Map([['duration_ms', -1]])]],
  ['a long length', [new Map([['duration_ms', 2 ** 31]])]],
  ['an endless length', [new Map([['duration_ms', 2n ** 63n]])]],
  ['half a length', [new Map([['duration_ms', new Float(1.5)]])]],
  ['a long waveform', [new Map([['waveform', new Uint8Array(257)]])]],
  ['a waveform as text', [new Map([['waveform', 'text']])]],
  ['a voice of 1', [new Map([['voice', 1]])]],
])('malformed facts are none and the file stays: %s', (_, facts) => {
  const [found] = attachmentsOf(message([external()], facts));
  expect(found?.facts).toEqual(NO_FACTS);
});

test('unknown facts are left alone', () => {
  const facts = new Map<string, Value>([
    ['voice', true],
    ['later', [1, 2]],
  ]);
  const [found] = attachmentsOf(message([external()], [facts]));
  expect(found?.facts).toEqual(new Facts({ voice: true }));
});

test.each([
  { contentType: 'image/svg+xml' },
  { contentType: 'text/html' },
  { content: new Uint8Array(0) },
  { content: new Uint8Array(PREVIEW_BYTES + 1) },
  { disposition: Disposition.RENDER },
])('a malformed preview is none and the file stays', (changes) => {
  const [found] = attachmentsOf(message([preview(changes), external()]));
  expect(found?.preview).toBeNull();
});

test('a preview belongs to the file behind it only', () => {
  for (const parts of [
    [external(), preview()],
    [preview(), textPart('x'), external()],
  ]) {
    const [found] = attachmentsOf(message(parts));
    expect(found?.preview).toBeNull();
  }
});

test('reading never fails', () => {
  forAll(1000, (chance) => {
    const part = external({
      contentType: anyText(chance, 40),
      url: chance.pick([EXTERNAL.url, anyText(chance, 90)]),
      sizeBytes: chance.pick([0n, 7n, 2n ** 39n, 2n ** 64n - 1n]),
      encryption: chance.pick([0, 1, 2, STREAM_AES_256_GCM]),
      key: chance.pick([new Uint8Array(0), new Uint8Array(31), new Uint8Array(32)]),
      nonce: chance.pick([new Uint8Array(0), new Uint8Array(7), new Uint8Array(12)]),
      hashAlgorithm: chance.pick([0, 1, 255]),
      filename: anyText(chance, 40),
    });
    const extensions = new Map([[FACTS, chance.pick([null, [anyValue(chance, 1)]])]]);
    for (const found of attachmentsOf(new MimiContent({ salt, part, extensions }))) {
      expect(found.layout.sealedBytes).toBeGreaterThan(0);
      expect(found.name).not.toBe('');
    }
  });
});

test('a URI names server and blob', () => {
  expect(parseBlobUri(blobUri('localhost:7480', BLOB))).toEqual(['localhost:7480', BLOB]);
  expect(() => parseBlobUri(`mimi://-/b/${HEX}`)).toThrow('expected mimi://DOMAIN/b/ID');
});

test.each([
  ['image/JPEG', 'image/jpeg'],
  ['text/plain;charset=utf-8', 'text/plain'],
  [' application/vnd.x+y ; a=b', 'application/vnd.x+y'],
  ['', ANY_TYPE],
  ['image', ANY_TYPE],
  ['image/', ANY_TYPE],
  ['image/png\n', 'image/png'],
  ['image/p ng', ANY_TYPE],
  [`${'a'.repeat(65)}/x`, ANY_TYPE],
  ['<b>/x', ANY_TYPE],
])('the type %j is %s', (given, plain) => {
  expect(plainType(given)).toBe(plain);
});

test.each([
  ['image/gif', 1],
  ['image/png', 0],
  ['image/png', PREVIEW_BYTES + 1],
  ['', 1],
] as const)('a preview that cannot be one is refused: %s of %i bytes', (contentType, size) => {
  expect(() => new Preview(contentType, new Uint8Array(size))).toThrow(/A preview is/);
});

test.each<Partial<Facts>>([
  { width: 1 },
  { height: 1 },
  { width: 65_536, height: 1 },
  { width: -1, height: -1 },
  { width: 0.5, height: 0.5 },
  { durationMs: 2 ** 31 },
  { durationMs: -1 },
  { durationMs: NaN },
  { waveform: new Uint8Array(WAVEFORM_BYTES + 1) },
])('facts that cannot be are refused: %o', (facts) => {
  expect(() => new Facts(facts)).toThrow(/sides of 1 to 65535/);
  expect(codeOf(() => new Facts(facts))).toBe('bad_attachment');
});

test('a preview of full size with all facts fits into a message', () => {
  const largest = new Attachment({
    ...FULL,
    preview: new Preview('image/png', new Uint8Array(PREVIEW_BYTES)),
    facts: new Facts({ width: 65_535, height: 65_535, waveform: new Uint8Array(WAVEFORM_BYTES) }),
  });
  expect(attachmentMessage(largest, { salt }).encode().length).toBeLessThan(6000);
});
