/**
 * Files in messages: the part that names a blob and opens it, its preview, what is known of it.
 *
 * An attachment is a MIMI external part (draft-ietf-mimi-content-08 section 4.5) whose URL is
 * `mimi://DOMAIN/b/ID`, whose key opens a STREAM (stream.ts), and whose hash is of the blob as it
 * lies on the server. spec/content.md has the rules; whatever breaks them is no attachment of ours,
 * and is shown as the file name that it has.
 */

import { EMPTY, fromHex, toHex } from '../base/bytes.ts';
import { type MessageId, NameRefused, parseDomain } from '../base/ids.ts';
import { expect, expectArray, expectMap, type Key, type Value } from './cbor.ts';
import { ContentError } from './errors.ts';
import { safeName } from './file_name.ts';
import {
  Cardinality,
  Disposition,
  ExternalPart,
  leaves,
  MimiContent,
  MultiPart,
  type Part,
  Semantics,
  SinglePart,
} from './mimi.ts';
import { Layout, MAX_FILE_BYTES, StreamKey } from './stream.ts';
import { mediaType, textPart } from './text.ts';

/**
 * Our number in the registry of AEAD algorithms, from its range for private use (RFC 5116 section
 * 6): a client that does not know STREAM must not take it for plain AES-GCM.
 */
export const STREAM_AES_256_GCM = 0xf0a1;

export const SHA_256 = 1;
export const BLOB_ID_BYTES = 32;
export const DIGEST_BYTES = 32;

/** Extension of our own: what is known of the attachments, a map for each, in their order. */
export const FACTS = -0xf0a2;

export const PREVIEW_BYTES = 4096;
export const PREVIEW_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
]);
export const MAX_SIDE = 0xffff;
export const MAX_DURATION_MS = 0x7fff_ffff;
export const WAVEFORM_BYTES = 256;
export const ANY_TYPE = 'application/octet-stream';

const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const BLOB_URI = /^mimi:\/\/([^/]{1,255})\/b\/([0-9a-f]{64})$/;

/** A small, most often blurred picture that is there before the file is. */
export class Preview {
  /** Throws ContentError. */
  constructor(
    readonly contentType: string,
    readonly content: Uint8Array,
  ) {
    if (!PREVIEW_TYPES.has(contentType) || !isBetween(content.length, 1, PREVIEW_BYTES)) {
      throw new ContentError(
        `A preview is a JPEG, PNG or WebP picture of up to ${PREVIEW_BYTES} bytes, not ` +
          `${content.length} bytes of ${contentType}.`,
        { code: 'bad_attachment' },
      );
    }
  }
}

/**
 * What a sender says of a file; 0 and empty where it says nothing. Nobody has checked it.
 *
 * `width` and `height` in pixels, both or neither. `waveform`: loudness from 0 to 255 at even
 * distances. `voice`: recorded to be listened to as a message.
 */
export class Facts {
  readonly width: number;
  readonly height: number;
  readonly durationMs: number;
  readonly waveform: Uint8Array;
  readonly voice: boolean;

  /** Throws ContentError. */
  constructor(said: Partial<Facts> = {}) {
    this.width = said.width ?? 0;
    this.height = said.height ?? 0;
    this.durationMs = said.durationMs ?? 0;
    this.waveform = said.waveform ?? EMPTY;
    this.voice = said.voice ?? false;
    if (
      !isBetween(this.width, 0, MAX_SIDE) ||
      !isBetween(this.height, 0, MAX_SIDE) ||
      (this.width === 0) !== (this.height === 0) ||
      !isBetween(this.durationMs, 0, MAX_DURATION_MS) ||
      this.waveform.length > WAVEFORM_BYTES
    ) {
      throw new ContentError(
        `A picture has sides of 1 to ${MAX_SIDE} pixels, a recording up to ` +
          `${MAX_DURATION_MS} ms and ${WAVEFORM_BYTES} bytes of waveform.`,
        { code: 'bad_attachment' },
      );
    }
  }
}

export const NO_FACTS = new Facts();

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/**
 * What an attachment consists of.
 *
 * `blob` is its id on the server `domain`, 32 bytes; `digest` the SHA-256 of the blob; `sizeBytes`
 * the file's own length. `name` is safe, `description` is not checked: it is words, as a text is.
 */
export interface AttachmentFields {
  readonly domain: string;
  readonly blob: Uint8Array;
  readonly secret: StreamKey;
  readonly digest: Uint8Array;
  readonly sizeBytes: number;
  readonly contentType?: string;
  readonly name?: string;
  readonly description?: string;
  readonly preview?: Preview | null;
  readonly facts?: Facts;
}

/** A file that lies encrypted on a server, and all that is needed to have it. */
export class Attachment {
  readonly domain: string;
  readonly blob: Uint8Array;
  readonly secret: StreamKey;
  readonly digest: Uint8Array;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly name: string;
  readonly description: string;
  readonly preview: Preview | null;
  readonly facts: Facts;

  constructor(fields: AttachmentFields) {
    this.domain = fields.domain;
    this.blob = fields.blob;
    this.secret = fields.secret;
    this.digest = fields.digest;
    this.sizeBytes = fields.sizeBytes;
    this.contentType = fields.contentType ?? ANY_TYPE;
    this.name = fields.name ?? '';
    this.description = fields.description ?? '';
    this.preview = fields.preview ?? null;
    this.facts = fields.facts ?? NO_FACTS;
  }

  /** Where its chunks lie. Throws ContentError when it is too large. */
  get layout(): Layout {
    return new Layout(this.sizeBytes);
  }
}

/** `mimi://domain/b/hex`. */
export function blobUri(domain: string, blob: Uint8Array): string {
  return `mimi://${domain}/b/${toHex(blob)}`;
}

/** Domain and blob id of `mimi://domain/b/64 hex digits`. Throws ContentError. */
export function parseBlobUri(uri: string): readonly [domain: string, blob: Uint8Array] {
  const [, domain, blob] = BLOB_URI.exec(uri) ?? [];
  if (domain !== undefined && blob !== undefined && isDomain(domain)) {
    return [domain, fromHex(blob)];
  }
  throw new ContentError(
    `${JSON.stringify(uri.slice(0, 128))} is not a blob's URI: expected mimi://DOMAIN/b/ID.`,
    { code: 'bad_attachment' },
  );
}

function isDomain(text: string): boolean {
  try {
    return parseDomain(text) === text;
  } catch (error) {
    if (error instanceof NameRefused) {
      return false;
    }
    throw error;
  }
}

/** The media type without parameters, in lower case; `application/octet-stream` for nonsense. */
export function plainType(contentType: string): string {
  const bare = mediaType({ contentType });
  return TYPE.test(bare) ? bare : ANY_TYPE;
}

// --- writing -----------------------------------------------------------------------------------

/**
 * A message that carries a file, with words below it if there are any.
 *
 * Throws ContentError when something of it is over a limit.
 */
export function attachmentMessage(
  attachment: Attachment,
  fields: {
    readonly salt: Uint8Array;
    readonly caption?: string;
    readonly inReplyTo?: MessageId | null;
  },
): MimiContent {
  const { caption = '', ...others } = fields;
  const file = externalPart(attachment);
  const parts: Part[] = [file];
  if (attachment.preview !== null) {
    const { contentType, content } = attachment.preview;
    parts.unshift(new SinglePart({ contentType, content, disposition: Disposition.PREVIEW }));
  }
  if (caption !== '') {
    parts.push(textPart(caption));
  }
  const part =
    parts.length === 1 ? file : new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
  const facts = factsValue(attachment.facts);
  const extensions = new Map(facts.size === 0 ? [] : [[FACTS, [facts]]]);
  return new MimiContent({ ...others, part, extensions });
}

function externalPart(attachment: Attachment): ExternalPart {
  return new ExternalPart({
    contentType: attachment.contentType,
    url: blobUri(attachment.domain, attachment.blob),
    sizeBytes: BigInt(attachment.sizeBytes),
    encryption: STREAM_AES_256_GCM,
    key: attachment.secret.key,
    nonce: attachment.secret.prefix,
    hashAlgorithm: SHA_256,
    contentHash: attachment.digest,
    description: attachment.description,
    filename: attachment.name,
  });
}

/** Only what is said. */
function factsValue(facts: Facts): ReadonlyMap<Key, Value> {
  const said = new Map<Key, Value>();
  if (facts.width !== 0) {
    said.set('width', facts.width).set('height', facts.height);
  }
  if (facts.durationMs !== 0) {
    said.set('duration_ms', facts.durationMs);
  }
  if (facts.waveform.length > 0) {
    said.set('waveform', facts.waveform);
  }
  if (facts.voice) {
    said.set('voice', true);
  }
  return said;
}

// --- reading -----------------------------------------------------------------------------------

/**
 * The message's files that this version understands, in their order. Never throws: what is
 * malformed is passed over, a file without its preview or facts still is one.
 */
export function attachmentsOf(content: MimiContent): readonly Attachment[] {
  const facts = factsIn(content);
  const found: Attachment[] = [];
  let number = 0;
  let before: Part | null = null;
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.EXTERNAL) {
      const attachment = attachmentOf(part, previewOf(before), facts[number] ?? NO_FACTS);
      number += 1;
      if (attachment !== null) {
        found.push(attachment);
      }
    }
    before = part;
  }
  return found;
}

function attachmentOf(part: ExternalPart, preview: Preview | null, facts: Facts) {
  const isOurs =
    part.encryption === STREAM_AES_256_GCM &&
    part.hashAlgorithm === SHA_256 &&
    part.contentHash.length === DIGEST_BYTES &&
    part.authenticated.length === 0 &&
    part.sizeBytes >= 0n &&
    part.sizeBytes <= MAX_FILE_BYTES;
  if (!isOurs) {
    return null;
  }
  return orElse(null, () => {
    const [domain, blob] = parseBlobUri(part.url);
    return new Attachment({
      domain,
      blob,
      secret: new StreamKey(part.key, part.nonce),
      digest: part.contentHash,
      sizeBytes: Number(part.sizeBytes),
      contentType: plainType(part.contentType),
      name: safeName(part.filename),
      description: part.description,
      preview,
      facts,
    });
  });
}

/** The part before a file is its preview when it says so. */
function previewOf(part: Part | null): Preview | null {
  return part?.cardinality === Cardinality.SINGLE && part.disposition === Disposition.PREVIEW
    ? orElse(null, () => new Preview(plainType(part.contentType), part.content))
    : null;
}

function factsIn(content: MimiContent): readonly Facts[] {
  const value = content.extensions.get(FACTS);
  return value === undefined ? [] : orElse([], () => expectArray(value, 'Facts').map(factsOf));
}

function factsOf(value: Value): Facts {
  return orElse(NO_FACTS, () => {
    const said = expectMap(value, 'Facts');
    const number = (key: string) => Number(expect(stated(said, key, 0), 'integer', key));
    return new Facts({
      width: number('width'),
      height: number('height'),
      durationMs: number('duration_ms'),
      waveform: expect(stated(said, 'waveform', EMPTY), 'bytes', 'waveform'),
      voice: said.get('voice') === true,
    });
  });
}

/** What is said, be it null, or `otherwise` when nothing is. */
function stated(said: ReadonlyMap<Key, Value>, key: string, otherwise: Value): Value {
  const value = said.get(key);
  return value === undefined ? otherwise : value;
}

/** What `read` gives, or `otherwise` when the content is not what it should be. */
function orElse<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ContentError) {
      return otherwise;
    }
    throw error;
  }
}
