/**
 * Extensions and the ones of RFC 9420 that carry structure (sections 7.2, 11.1, 12.1.8.1, 13.4).
 */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, type Reader, u16, u16Vector, vector } from './codec.ts';
import { Credential } from './credential.ts';
import { CodecError } from './errors.ts';

export const APPLICATION_ID = 0x0001;
export const RATCHET_TREE = 0x0002;
export const REQUIRED_CAPABILITIES = 0x0003;
export const EXTERNAL_PUB = 0x0004;
export const EXTERNAL_SENDERS = 0x0005;

/** A key package that is handed out only when no other is left (draft-ietf-mls-extensions). */
export const LAST_RESORT = 0x000a;

/** Every client knows these; they are not listed in capabilities (RFC 9420 section 7.2). */
export const DEFAULT_EXTENSIONS: ReadonlySet<number> = new Set([
  APPLICATION_ID,
  RATCHET_TREE,
  REQUIRED_CAPABILITIES,
  EXTERNAL_PUB,
  EXTERNAL_SENDERS,
]);

/** add, update, remove, psk, reinit, external_init, group_context_extensions. */
export const DEFAULT_PROPOSALS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7]);

/** Bytes of one extension: the ratchet tree is one (see codec.ts, VECTOR_LIMIT). */
const EXTENSION_LIMIT = 2 ** 24;

const SIGNATURE_KEY_LIMIT = 2 ** 12;

export type Extensions = readonly Extension[];

/** Whether a code point is one of those sent to keep receivers tolerant (RFC 9420, 13.5). */
export function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff) && number < 0xf000;
}

/** A type and its bytes; unknown types pass through unharmed. */
export class Extension {
  constructor(
    readonly type: number,
    readonly body: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Extension {
    return new Extension(reader.u16(), reader.opaque(EXTENSION_LIMIT));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Extension {
    return parseWhole((reader) => Extension.read(reader), raw);
  }

  equals(other: Extension): boolean {
    return this.type === other.type && equalBytes(this.body, other.body);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(u16(this.type), opaque(this.body));
  }
}

/** `Extension extensions<V>`, each type at most once (RFC 9420, 13.4). Throws CodecError. */
export function readExtensions(reader: Reader, limit = EXTENSION_LIMIT): Extensions {
  const extensions = reader.vector((item) => Extension.read(item), limit);
  if (new Set(extensions.map((item) => item.type)).size !== extensions.length) {
    throw new CodecError('An extension list names a type twice; each may stand there once.');
  }
  return extensions;
}

/** `Extension extensions<V>`. */
export function encodeExtensions(extensions: Extensions): Uint8Array {
  return vector(extensions.map((item) => item.toBytes()));
}

/** The body of the extension of a type, or undefined. */
export function findExtension(extensions: Extensions, type: number): Uint8Array | undefined {
  return extensions.find((item) => item.type === type)?.body;
}

/** What every member of the group must support (RFC 9420 section 11.1). */
export class RequiredCapabilities {
  constructor(
    readonly extensions: readonly number[] = [],
    readonly proposals: readonly number[] = [],
    readonly credentials: readonly number[] = [],
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): RequiredCapabilities {
    return new RequiredCapabilities(reader.u16Vector(), reader.u16Vector(), reader.u16Vector());
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): RequiredCapabilities {
    return parseWhole((reader) => RequiredCapabilities.read(reader), raw);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(
      u16Vector(this.extensions),
      u16Vector(this.proposals),
      u16Vector(this.credentials),
    );
  }

  /** As a GroupContext extension. */
  toExtension(): Extension {
    return new Extension(REQUIRED_CAPABILITIES, this.toBytes());
  }
}

/** What a GroupContext's extensions demand; nothing when they do not. Throws CodecError. */
export function requiredCapabilities(extensions: Extensions): RequiredCapabilities {
  const body = findExtension(extensions, REQUIRED_CAPABILITIES);
  return body === undefined ? new RequiredCapabilities() : RequiredCapabilities.fromBytes(body);
}

/** Somebody outside the group who may propose (RFC 9420 section 12.1.8.1). */
export class ExternalSender {
  constructor(
    readonly signatureKey: Uint8Array,
    readonly credential: Credential,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): ExternalSender {
    return new ExternalSender(reader.opaque(SIGNATURE_KEY_LIMIT), Credential.read(reader));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): ExternalSender {
    return parseWhole((reader) => ExternalSender.read(reader), raw);
  }

  equals(other: ExternalSender): boolean {
    return (
      equalBytes(this.signatureKey, other.signatureKey) && this.credential.equals(other.credential)
    );
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(opaque(this.signatureKey), this.credential.toBytes());
  }
}

/** The external senders that a GroupContext allows. Throws CodecError. */
export function externalSenders(extensions: Extensions): readonly ExternalSender[] {
  const body = findExtension(extensions, EXTERNAL_SENDERS);
  if (body === undefined) {
    return [];
  }
  return parseWhole((reader) => reader.vector((item) => ExternalSender.read(item)), body);
}
