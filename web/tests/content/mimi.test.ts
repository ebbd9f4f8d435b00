/** The container: everything comes back, and nothing outside the grammar comes in. */

import { describe, expect, test } from 'vitest';

import { concat, equalBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts';
import * as cbor from '../../src/content/cbor.ts';
import { Float, type Key, Tag, type Value } from '../../src/content/cbor.ts';
import {
  checkOrigin,
  decode,
  ExternalPart,
  MAX_CONTENT_BYTES,
  MAX_PARTS,
  MimiContent,
  type MimiFields,
  MultiPart,
  NullPart,
  type Part,
  saltOf,
  Semantics,
  SinglePart,
  TEXT_PLAIN,
} from '../../src/content/mimi.ts';
import { type Chance, forAll } from '../mls/random.ts';
import { anyText, anyValue, damaged } from './chance.ts';
import { codeOf, FIRST, hexOf, SALT, SECOND } from './samples.ts';

const WORDS = new SinglePart({ contentType: TEXT_PLAIN, content: utf8('guten Tag') });
const FILE = new ExternalPart({
  contentType: 'image/png',
  url: 'https://example.org/x',
  expiresS: 2 ** 32 - 1,
  sizeBytes: 2n ** 64n - 1n,
  encryption: 2,
  key: new Uint8Array(32),
  nonce: new Uint8Array(12),
  authenticated: utf8('a'),
  hashAlgorithm: 1,
  contentHash: new Uint8Array(32),
  description: 'a picture',
  filename: 'x.png',
  language: 'de',
});
const FULL: MimiFields = {
  salt: SALT,
  replaces: FIRST,
  topicId: utf8('topic'),
  expires: { relative: true, timeS: 60 },
  inReplyTo: SECOND,
  extensions: new Map<Key, Value>([
    [1, 'mimi://example.org/u/anna'],
    [-7, [[1, utf8('x')]]],
    ['name', new Map([['k', new Float(1.5)]])],
  ]),
  part: new MultiPart({
    semantics: Semantics.PROCESS_ALL,
    parts: [WORDS, FILE, new NullPart()],
  }),
};

/** Encoded content as somebody else might write it. */
function plain(changes: Readonly<Record<string, Value>>): Uint8Array {
  const fields: Record<string, Value> = {
    salt: SALT,
    replaces: null,
    topicId: new Uint8Array(0),
    expires: null,
    inReplyTo: null,
    extensions: new Map(),
    part: [1, '', 1, TEXT_PLAIN, utf8('x')],
    ...changes,
  };
  return cbor.encode(Object.values(fields));
}

function extended(...entries: readonly (readonly [Key, Value])[]): Uint8Array {
  return plain({ extensions: new Map(entries) });
}

function nested(depth: number): Part {
  let part: Part = WORDS;
  for (let level = 1; level < depth; level += 1) {
    part = new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts: [part, WORDS] });
  }
  return part;
}

test('everything comes back', () => {
  const content = new MimiContent(FULL);
  expect(decode(content.encode())).toStrictEqual(content);
});

test('the salt is read from the bytes alone', () => {
  const raw = new MimiContent({ salt: SALT, part: WORDS }).encode();
  expect(saltOf(raw)).toEqual(SALT);
  for (const other of [raw.slice(0, 17), raw.slice(1), new Uint8Array(40), new Uint8Array(0)]) {
    expect(codeOf(() => saltOf(other))).toBe('bad_content');
  }
});

test('the smallest message', () => {
  const content = new MimiContent({ salt: SALT, part: new NullPart({ disposition: 0 }) });
  expect(hexOf(content)).toBe('87' + '50' + toHex(SALT) + 'f6' + '40' + 'f6f6a0' + '83006000');
  expect(decode(content.encode())).toStrictEqual(content);
});

const EXTERNAL: readonly Value[] = [
  ...[6, '', 2, 'a/b', 'https://x', 0, 0, 0],
  ...[new Uint8Array(0), new Uint8Array(0), new Uint8Array(0), 0, new Uint8Array(0), '', ''],
];

function external(place: number, value: Value): Uint8Array {
  return plain({ part: EXTERNAL.with(place, value) });
}

test('the external example itself is good', () => {
  expect(decode(plain({ part: EXTERNAL })).part).toBeInstanceOf(ExternalPart);
});

const NOTHING = [1, '', 0];
const PAIR = [NOTHING, NOTHING];
const TEXT = [1, '', 1, TEXT_PLAIN];
const SIX = [SALT, null, new Uint8Array(0), null, null, new Map()];
const BAD: Readonly<Record<string, Uint8Array>> = {
  'no array': cbor.encode(new Map()),
  'too few fields': cbor.encode(SIX),
  'too many fields': cbor.encode([...SIX, NOTHING, 1]),
  'short salt': plain({ salt: new Uint8Array(15) }),
  'long salt': plain({ salt: new Uint8Array(17) }),
  'salt as text': plain({ salt: '0123456789abcdef' }),
  'short replaces': plain({ replaces: new Uint8Array(31) }),
  'replaces as text': plain({ replaces: 'x'.repeat(32) }),
  'long inReplyTo': plain({ inReplyTo: new Uint8Array(33) }),
  'topic as null': plain({ topicId: null }),
  'expires as integer': plain({ expires: 60 }),
  'expires of none': plain({ expires: [] }),
  'expires of one': plain({ expires: [true] }),
  'expires of three': plain({ expires: [true, 1, 1] }),
  'expires with integer for bool': plain({ expires: [1, 1] }),
  'expires negative': plain({ expires: [true, -1] }),
  'expires of 33 bits': plain({ expires: [true, 2 ** 32] }),
  'expires of 64 bits': plain({ expires: [true, 2n ** 64n - 1n] }),
  'expires as float': plain({ expires: [true, new Float(1.5)] }),
  'expires with null for time': plain({ expires: [true, null] }),
  'extensions as array': plain({ extensions: [] }),
  'extension key 0': extended([0, 1]),
  'extension key empty': extended(['', 1]),
  'extension key too long': extended(['x'.repeat(256), 1]),
  'extension key too long in UTF-8': extended(['ü'.repeat(128), 1]),
  'extension key of bytes': extended([utf8('x'), 1]),
  'sender as bytes': extended([1, utf8('mimi://x/u/y')]),
  'room as null': extended([2, null]),
  'part as text': plain({ part: 'words' }),
  'part empty': plain({ part: [] }),
  'part of two': plain({ part: [1, ''] }),
  'disposition 256': plain({ part: [256, '', 0] }),
  'disposition negative': plain({ part: [-1, '', 0] }),
  'disposition as bool': plain({ part: [true, '', 0] }),
  'disposition as float': plain({ part: [new Float(1), '', 0] }),
  'language as bytes': plain({ part: [1, new Uint8Array(0), 0] }),
  'cardinality 4': plain({ part: [1, '', 4] }),
  'cardinality negative': plain({ part: [1, '', -1, TEXT_PLAIN, utf8('')] }),
  'cardinality as text': plain({ part: [1, '', 'single'] }),
  'null part with more': plain({ part: [1, '', 0, 0] }),
  'single part with less': plain({ part: TEXT }),
  'single part with text': plain({ part: [...TEXT, 'x'] }),
  'single part with more': plain({ part: [...TEXT, utf8('x'), 0] }),
  'multi part of none': plain({ part: [1, '', 3, 0, []] }),
  'multi part of one': plain({ part: [1, '', 3, 0, [NOTHING]] }),
  'multi part of no array': plain({ part: [1, '', 3, 0, new Map()] }),
  'multi part semantics 3': plain({ part: [1, '', 3, 3, PAIR] }),
  'multi part semantics negative': plain({ part: [1, '', 3, -1, PAIR] }),
  'multi part semantics as bool': plain({ part: [1, '', 3, false, PAIR] }),
  'external with less': plain({ part: EXTERNAL.slice(0, -1) }),
  'external with more': plain({ part: [...EXTERNAL, 0] }),
  'external type': external(3, utf8('a/b')),
  'external url': external(4, null),
  'external expires': external(5, 2 ** 32),
  'external expires negative': external(5, -1),
  'external size negative': external(6, -1),
  'external size as float': external(6, new Float(1)),
  'external encAlg': external(7, 2 ** 16),
  'external key': external(8, ''),
  'external nonce': external(9, null),
  'external aad': external(10, 0),
  'external hashAlg': external(11, 256),
  'external hash': external(12, ''),
  'external description': external(13, null),
  'external filename': external(14, new Uint8Array(0)),
};

test.each(Object.entries(BAD))('%s is refused', (_, raw) => {
  expect(codeOf(() => decode(raw))).toBe('bad_content');
});

test('four levels of parts and not five', () => {
  const content = new MimiContent({ salt: SALT, part: nested(4) });
  expect(decode(content.encode())).toStrictEqual(content);
  const deeper = new MimiContent({ salt: SALT, part: nested(5) });
  expect(codeOf(() => deeper.encode())).toBe('too_deep');
  let part: Value = NOTHING;
  for (let level = 0; level < 4; level += 1) {
    part = [1, '', 3, 0, [part, NOTHING]];
  }
  expect(codeOf(() => decode(plain({ part })))).toBe('too_deep');
  expect(codeOf(() => decode(plain({ part: [1, '', 3, 0, [part, NOTHING]] })))).toBe('bad_cbor');
});

test('four levels of extensions and not five', () => {
  const allowed = [
    [Uint8Array.of(0x12), new Tag(32, 'http://example.com')],
    [Uint8Array.of(0x34), 5771],
  ];
  expect(decode(extended([256, allowed])).extensions).toEqual(new Map([[256, allowed]]));
  for (const value of [
    [allowed],
    [[[new Map([[1, 1]])]]],
    new Map([[1, new Map([[1, new Map([[1, new Map()]])]])]]),
  ]) {
    expect(codeOf(() => decode(extended([256, value])))).toBe('too_deep');
  }
});

test('an extension has at most 4095 bytes', () => {
  expect(codeOf(() => decode(extended(['x', new Uint8Array(4092)])))).toBe('none');
  expect(codeOf(() => decode(extended(['x', new Uint8Array(4093)])))).toBe('too_large');
});

test('a message has at most its size in both directions', () => {
  const content = new Uint8Array(MAX_CONTENT_BYTES);
  const part = new SinglePart({ contentType: TEXT_PLAIN, content });
  expect(codeOf(() => new MimiContent({ salt: SALT, part }).encode())).toBe('too_large');
  expect(codeOf(() => decode(new Uint8Array(MAX_CONTENT_BYTES + 1)))).toBe('too_large');
});

test('a message has at most its number of parts', () => {
  const of = (count: number) => {
    const parts = Array.from({ length: count }, () => new NullPart());
    const part = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
    return new MimiContent({ salt: SALT, part });
  };
  expect(codeOf(() => decode(of(MAX_PARTS - 1).encode()))).toBe('none');
  expect(codeOf(() => of(MAX_PARTS).encode())).toBe('too_large');
});

const WRONG: Readonly<Record<string, Partial<MimiFields>>> = {
  'no salt': { salt: new Uint8Array(0) },
  'time before 1970': { expires: { relative: false, timeS: -1 } },
  'half a second': { expires: { relative: true, timeS: 0.5 } },
  'no time': { expires: { relative: true, timeS: NaN } },
  'extension 0': { extensions: new Map([[0, 1]]) },
  'extension of a fraction': { extensions: new Map([[0.5, 1]]) },
  'extension of half a surrogate pair': { extensions: new Map([['\ud800', 1]]) },
  'extension with half a surrogate pair': { extensions: new Map([[7, '\udc00']]) },
  'extension with a fraction': { extensions: new Map([[7, 0.1]]) },
  'disposition 300': { part: new NullPart({ disposition: 300 }) },
  'half a disposition': { part: new NullPart({ disposition: 0.5 }) },
  'half a surrogate pair as language': { part: new NullPart({ language: '\ud800' }) },
  'one part of many': {
    part: new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts: [WORDS] }),
  },
  'negative algorithm': { part: new ExternalPart({ contentType: '', url: '', encryption: -1 }) },
  'size beyond 64 bits': {
    part: new ExternalPart({ contentType: '', url: '', sizeBytes: 2n ** 64n }),
  },
};

test.each(Object.entries(WRONG))('%s is not sent', (_, wrong) => {
  expect(codeOf(() => new MimiContent({ ...FULL, ...wrong }).encode())).not.toBe('none');
});

test('unknown dispositions and private extensions are kept', () => {
  const extensions = new Map<Key, Value>([
    [77_777, Uint8Array.of(1)],
    [-1, null],
    ['x.example', [1, 2]],
  ]);
  const raw = plain({ part: [200, '', 0], extensions });
  expect(decode(raw).part).toEqual(new NullPart({ disposition: 200 }));
  expect(decode(raw).encode()).toEqual(raw);
});

test('other extensions leave the rest of a message alone', () => {
  const content = new MimiContent(FULL);
  const extensions = new Map([[9, 'x']]);
  expect(content.withExtensions(extensions)).toEqual(new MimiContent({ ...FULL, extensions }));
  expect(content).toEqual(new MimiContent(FULL));
});

const SENDER = 'mimi://example.org/u/anna';
const ROOM = 'mimi://example.org/r/00';

test.each<[string, [Key, Value][], boolean]>([
  ['nobody', [], true],
  ['the sender', [[1, SENDER]], true],
  ['sender and room', [[1, SENDER], [2, ROOM]], true], // prettier-ignore
  ['another sender', [[1, 'mimi://example.org/u/ben']], false],
  ['another room', [[2, 'mimi://example.org/r/01']], false],
  ['a number as the room', [[2, 7]], false],
  ['null as the sender', [[1, null]], false],
])('a message that names %s', (_, entries, isGood) => {
  const content = new MimiContent({ salt: SALT, part: WORDS, extensions: new Map(entries) });
  const code = codeOf(() => {
    checkOrigin(content, SENDER, ROOM);
  });
  expect(code).toBe(isGood ? 'none' : 'wrong_origin');
});

describe('at random', () => {
  function anyPart(chance: Chance, depth: number): Part {
    const disposition = chance.integer(0, 255);
    const language = anyText(chance, 5);
    return chance.pick<() => Part>([
      () => new NullPart({ disposition, language }),
      () =>
        new SinglePart({
          contentType: anyText(chance, 20),
          content: chance.bytes(40),
          disposition,
          language,
        }),
      () =>
        new ExternalPart({
          contentType: anyText(chance, 20),
          url: anyText(chance, 40),
          expiresS: chance.integer(0, 2 ** 32 - 1),
          sizeBytes: BigInt(chance.integer(0, 2 ** 32)) ** 2n % 2n ** 64n,
          encryption: chance.integer(0, 65_535),
          key: chance.bytes(32),
          nonce: chance.bytes(12),
          authenticated: chance.bytes(3),
          hashAlgorithm: chance.integer(0, 255),
          contentHash: chance.bytes(32),
          description: anyText(chance, 20),
          filename: anyText(chance, 20),
          disposition,
          language,
        }),
      () =>
        depth === 0
          ? new NullPart()
          : new MultiPart({
              semantics: chance.pick(Object.values(Semantics)),
              parts: chance.list(4, () => anyPart(chance, depth - 1), 2),
              disposition,
              language,
            }),
    ])();
  }

  test('every message comes back, with the same bytes', () => {
    forAll(300, (chance) => {
      const content = new MimiContent({
        salt: chance.bytes(16, 16),
        part: anyPart(chance, 3),
        replaces: chance.pick([null, FIRST]),
        topicId: chance.bytes(20),
        expires: chance.pick([null, { relative: true, timeS: chance.integer(0, 2 ** 32 - 1) }]),
        inReplyTo: chance.pick([null, SECOND]),
        extensions: new Map(
          chance.list(3, () => [chance.integer(3, 99), anyValue(chance, 2)] as const),
        ),
      });
      const raw = content.encode();
      expect(decode(raw)).toEqual(content);
      expect(equalBytes(decode(raw).encode(), raw)).toBe(true);
    });
  });

  test('random bytes give nothing but the error of this room', () => {
    forAll(1000, (chance) => {
      expect(codeOf(() => decode(chance.bytes(200)))).not.toBe('none');
    });
  });

  test('a damaged message is refused or says exactly what it is', () => {
    const good = new MimiContent(FULL).encode();
    forAll(3000, (chance) => {
      const raw = damaged(chance, good);
      if (codeOf(() => decode(raw)) === 'none') {
        expect(decode(raw).encode()).toEqual(raw);
      }
    });
  });

  test('a random tail after a good beginning is refused cleanly', () => {
    const beginning = concat(fromHex('8750'), SALT, fromHex('f640f6f6a0'));
    forAll(1000, (chance) => {
      const raw = concat(
        beginning,
        chance.pick([chance.bytes(60), cbor.encode(anyValue(chance, 3))]),
      );
      if (codeOf(() => decode(raw)) === 'none') {
        expect(decode(raw).encode()).toEqual(raw);
      }
    });
  });
});
