/**
 * The MIMI content container (draft-ietf-mimi-content-08 sections 4 and 6), byte for byte.
 *
 * Everything that is not in the draft's grammar, or breaks its limits, is a ContentError: in
 * `decode` the sender's fault, in `encode` the caller's.
 */

import { EMPTY, utf8 } from '../base/bytes.ts';
import { MESSAGE_ID_BYTES, MessageId } from '../base/ids.ts';
import * as cbor from './cbor.ts';
import { expect, expectArray, expectMap, type Key, type Value } from './cbor.ts';
import { ContentError } from './errors.ts';
import {
  Cardinality,
  ExternalPart,
  MultiPart,
  NullPart,
  type Part,
  Semantics,
  SinglePart,
} from './parts.ts';

export * from './parts.ts';

/** Leaves room for MLS framing and padding within a message of 64 KiB. */
export const MAX_CONTENT_BYTES = 60 * 1024;

export const SALT_BYTES = 16;
/** Section 6.3. */
export const MAX_PART_DEPTH = 4;
export const MAX_PARTS = 256;
export const MAX_EXTENSION_BYTES = 4095;
export const MAX_EXTENSION_DEPTH = 4;
export const MAX_NAME_BYTES = 255;

export const SENDER_URI = 1;
export const ROOM_URI = 2;

export const TEXT_PLAIN = 'text/plain;charset=utf-8';
export const TEXT_MARKDOWN = 'text/markdown;variant=GFM-MIMI';

const CBOR_DEPTH = 2 * MAX_PART_DEPTH + 2;

/** When to forget a message: `timeS` after reading it, or at `timeS` since 1970. */
export interface Expiration {
  readonly relative: boolean;
  readonly timeS: number;
}

/** What a message consists of; `salt` and `part` it cannot do without. */
export interface MimiFields {
  readonly salt: Uint8Array;
  readonly part: Part;
  readonly replaces?: MessageId | null;
  readonly topicId?: Uint8Array;
  readonly expires?: Expiration | null;
  readonly inReplyTo?: MessageId | null;
  readonly extensions?: ReadonlyMap<Key, Value>;
}

/** One message (section 4.1). `salt` is 16 random bytes, new for each message. */
export class MimiContent {
  readonly salt: Uint8Array;
  readonly part: Part;
  readonly replaces: MessageId | null;
  readonly topicId: Uint8Array;
  readonly expires: Expiration | null;
  readonly inReplyTo: MessageId | null;
  readonly extensions: ReadonlyMap<Key, Value>;

  constructor(fields: MimiFields) {
    this.salt = fields.salt;
    this.part = fields.part;
    this.replaces = fields.replaces ?? null;
    this.topicId = fields.topicId ?? EMPTY;
    this.expires = fields.expires ?? null;
    this.inReplyTo = fields.inReplyTo ?? null;
    this.extensions = fields.extensions ?? new Map();
  }

  /** The same message with other extensions. */
  withExtensions(extensions: ReadonlyMap<Key, Value>): MimiContent {
    const { salt, part, replaces, topicId, expires, inReplyTo } = this;
    return new MimiContent({ salt, part, replaces, topicId, expires, inReplyTo, extensions });
  }

  /** The one encoding. Throws ContentError when a field breaks the draft's limits. */
  encode(): Uint8Array {
    checkFields(this);
    const raw = cbor.encode([
      this.salt,
      this.replaces?.bytes ?? null,
      this.topicId,
      this.expires === null ? null : [this.expires.relative, this.expires.timeS],
      this.inReplyTo?.bytes ?? null,
      this.extensions,
      partValue(this.part),
    ]);
    checkSize(raw);
    return raw;
  }
}

/** The heads of an array of 7 and of a byte string of 16 (RFC 8949). */
const BEFORE_SALT = Uint8Array.of(0x80 | 7, 0x40 | SALT_BYTES);

/**
 * The salt of an encoded message, which is also the key of its frank (sdk/franked.ts): it is the
 * first of seven fields, and has one encoding. Throws ContentError.
 */
export function saltOf(raw: Uint8Array): Uint8Array {
  const end = BEFORE_SALT.length + SALT_BYTES;
  if (raw.length < end || !BEFORE_SALT.every((byte, index) => raw[index] === byte)) {
    throw new ContentError(`A message begins with a salt of ${SALT_BYTES} bytes.`);
  }
  return raw.slice(BEFORE_SALT.length, end);
}

/** The message of exactly these bytes; `decode(raw).encode()` equals `raw`. Throws ContentError. */
export function decode(raw: Uint8Array): MimiContent {
  checkSize(raw);
  const fields = expectArray(cbor.decode(raw, CBOR_DEPTH), 'A message');
  if (fields.length !== 7) {
    throw new ContentError(`A message has 7 fields, not ${fields.length}.`);
  }
  const take = inOrder(fields);
  const content = new MimiContent({
    salt: expect(take(), 'bytes', 'salt'),
    replaces: messageId(take(), 'replaces'),
    topicId: expect(take(), 'bytes', 'topicId'),
    expires: expiration(take()),
    inReplyTo: messageId(take(), 'inReplyTo'),
    extensions: expectMap(take(), 'extensions'),
    part: parsePart(take()),
  });
  checkFields(content);
  return content;
}

/**
 * Refuse content that names another sender or room than MLS has proven.
 *
 * The extensions senderUri and roomUri (section 8.2.1) are optional. Throws ContentError
 * (`wrong_origin`).
 */
export function checkOrigin(content: MimiContent, senderUri: string, roomUri: string): void {
  for (const [key, proven] of [
    [SENDER_URI, senderUri],
    [ROOM_URI, roomUri],
  ] as const) {
    const named = content.extensions.get(key);
    if (named !== undefined && named !== proven) {
      const says = typeof named === 'string' ? JSON.stringify(named.slice(0, 96)) : 'no URI';
      throw new ContentError(
        `A message says that it is of ${says}, but it came as one of ${proven}.`,
        { code: 'wrong_origin' },
      );
    }
  }
}

// --- fields ------------------------------------------------------------------------------------

/** Gives one value after the other. */
function inOrder(values: readonly Value[]): () => Value {
  let at = 0;
  return () => {
    const value = values[at] ?? null;
    at += 1;
    return value;
  };
}

function messageId(value: Value, name: string): MessageId | null {
  if (value === null) {
    return null;
  }
  const raw = expect(value, 'bytes', name);
  if (raw.length !== MESSAGE_ID_BYTES) {
    throw new ContentError(`${name} is not a message id of ${MESSAGE_ID_BYTES} bytes.`);
  }
  return MessageId.of(raw);
}

function expiration(value: Value): Expiration | null {
  if (value === null) {
    return null;
  }
  const [relative, time, ...more] = expectArray(value, 'expires');
  if (typeof relative !== 'boolean' || time === undefined || more.length > 0) {
    throw new ContentError('expires must be [relative: bool, time].');
  }
  return { relative, timeS: unsigned(time, 4, 'the time of expires') };
}

function checkSize(raw: Uint8Array): void {
  if (raw.length > MAX_CONTENT_BYTES) {
    throw new ContentError(`A message has at most ${MAX_CONTENT_BYTES} bytes, not ${raw.length}.`, {
      code: 'too_large',
    });
  }
}

function checkFields(content: MimiContent): void {
  if (content.salt.length !== SALT_BYTES) {
    throw new ContentError(`A salt has ${SALT_BYTES} bytes, not ${content.salt.length}.`);
  }
  if (content.expires !== null) {
    unsigned(content.expires.timeS, 4, 'the time of expires');
  }
  checkExtensions(content.extensions);
  checkPart(content.part, MAX_PART_DEPTH);
  if (countParts(content.part) > MAX_PARTS) {
    throw new ContentError(`A message has at most ${MAX_PARTS} parts.`, { code: 'too_large' });
  }
}

function checkExtensions(extensions: ReadonlyMap<Key, Value>): void {
  for (const [key, value] of extensions) {
    const isName = typeof key === 'string' && key !== '' && utf8(key).length <= MAX_NAME_BYTES;
    if (!isName && (typeof key !== 'number' || key === 0)) {
      throw new ContentError(
        'The key of an extension is an integer other than 0 or a text of 1 to 255 bytes.',
      );
    }
    if (key === SENDER_URI || key === ROOM_URI) {
      expect(value, 'text', 'senderUri and roomUri');
    }
    if (depthOf(value) + 1 > MAX_EXTENSION_DEPTH) {
      throw new ContentError(`Extensions are at most ${MAX_EXTENSION_DEPTH} levels deep.`, {
        code: 'too_deep',
      });
    }
    if (cbor.encode(value).length > MAX_EXTENSION_BYTES) {
      throw new ContentError(`An extension has at most ${MAX_EXTENSION_BYTES} bytes.`, {
        code: 'too_large',
      });
    }
  }
}

/** Containers and tags inside each other, counted no further than matters. */
function depthOf(value: Value, most = MAX_EXTENSION_DEPTH): number {
  if (most === 0) {
    return 0;
  }
  const inner =
    value instanceof cbor.Tag
      ? [value.value]
      : cbor.isMap(value)
        ? [...value.values()]
        : cbor.isArray(value)
          ? value
          : null;
  return inner === null
    ? 0
    : inner.reduce<number>((deepest, item) => Math.max(deepest, 1 + depthOf(item, most - 1)), 1);
}

/** The value if it is an integer of so many bytes, else ContentError. */
function unsigned(value: Value, bytes: number, name: string): number {
  const integer = expect(value, 'integer', name);
  if (integer < 0 || integer >= 2 ** (8 * bytes)) {
    throw new ContentError(`${name} must be from 0 to 2^${8 * bytes}-1, not ${integer}.`);
  }
  return Number(integer);
}

// --- parts -------------------------------------------------------------------------------------

function countParts(part: Part): number {
  const inner = part.cardinality === Cardinality.MULTI ? part.parts : [];
  return inner.reduce((count, each) => count + countParts(each), 1);
}

function checkPart(part: Part, depth: number): void {
  if (depth === 0) {
    throw new ContentError(`Parts are at most ${MAX_PART_DEPTH} levels deep.`, {
      code: 'too_deep',
    });
  }
  unsigned(part.disposition, 1, 'disposition');
  if (part.cardinality === Cardinality.EXTERNAL) {
    unsigned(part.expiresS, 4, 'expires of an external part');
    unsigned(part.sizeBytes, 8, 'size of an external part');
    unsigned(part.encryption, 2, 'encAlg');
    unsigned(part.hashAlgorithm, 1, 'hashAlg');
  } else if (part.cardinality === Cardinality.MULTI) {
    if (part.parts.length < 2) {
      throw new ContentError('A part of many has at least two parts.');
    }
    for (const inner of part.parts) {
      checkPart(inner, depth - 1);
    }
  }
}

function partValue(part: Part): Value {
  const start = [part.disposition, part.language, part.cardinality];
  switch (part.cardinality) {
    case Cardinality.NULL:
      return start;
    case Cardinality.SINGLE:
      return [...start, part.contentType, part.content];
    case Cardinality.MULTI:
      return [...start, part.semantics, part.parts.map(partValue)];
    case Cardinality.EXTERNAL:
      return [
        ...start,
        part.contentType,
        part.url,
        part.expiresS,
        part.sizeBytes,
        part.encryption,
        part.key,
        part.nonce,
        part.authenticated,
        part.hashAlgorithm,
        part.contentHash,
        part.description,
        part.filename,
      ];
  }
}

const FIELD_COUNTS = new Map<cbor.Integer, number>([
  [Cardinality.NULL, 3],
  [Cardinality.SINGLE, 5],
  [Cardinality.EXTERNAL, 15],
  [Cardinality.MULTI, 5],
]);

function parsePart(value: Value): Part {
  const fields = expectArray(value, 'A part');
  if (fields.length < 3) {
    throw new ContentError('A part begins with disposition, language and cardinality.');
  }
  const take = inOrder(fields);
  const disposition = unsigned(take(), 1, 'disposition');
  const language = expect(take(), 'text', 'language');
  const cardinality = expect(take(), 'integer', 'cardinality');
  if (FIELD_COUNTS.get(cardinality) !== fields.length) {
    throw new ContentError(
      `A part of cardinality ${cardinality} cannot have ${fields.length} fields.`,
    );
  }
  switch (cardinality) {
    case Cardinality.NULL:
      return new NullPart({ disposition, language });
    case Cardinality.SINGLE: {
      const contentType = expect(take(), 'text', 'contentType');
      const content = expect(take(), 'bytes', 'content');
      return new SinglePart({ contentType, content, disposition, language });
    }
    case Cardinality.EXTERNAL:
      return parseExternal(take, disposition, language);
  }
  const semantics = parseSemantics(take());
  const parts = expectArray(take(), 'parts').map(parsePart);
  return new MultiPart({ semantics, parts, disposition, language });
}

function parseSemantics(value: Value): Semantics {
  const semantics = expect(value, 'integer', 'partSemantics');
  for (const known of Object.values(Semantics)) {
    if (semantics === known) {
      return known;
    }
  }
  throw new ContentError(`partSemantics ${semantics} does not exist.`);
}

function parseExternal(take: () => Value, disposition: number, language: string): ExternalPart {
  return new ExternalPart({
    contentType: expect(take(), 'text', 'contentType'),
    url: expect(take(), 'text', 'url'),
    expiresS: unsigned(take(), 4, 'expires of an external part'),
    sizeBytes: BigInt(expect(take(), 'integer', 'size of an external part')),
    encryption: unsigned(take(), 2, 'encAlg'),
    key: expect(take(), 'bytes', 'key'),
    nonce: expect(take(), 'bytes', 'nonce'),
    authenticated: expect(take(), 'bytes', 'aad'),
    hashAlgorithm: unsigned(take(), 1, 'hashAlg'),
    contentHash: expect(take(), 'bytes', 'contentHash'),
    description: expect(take(), 'text', 'description'),
    filename: expect(take(), 'text', 'filename'),
    disposition,
    language,
  });
}
