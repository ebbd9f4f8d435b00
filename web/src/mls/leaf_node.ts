/**
 * LeafNode: one device in the tree (RFC 9420 section 7.2). Its checks are in `leaf_validation.ts`.
 *
 * A leaf keeps the exact bytes it was read from: its signature, tree hash and the tree's encoding
 * use them as they are.
 */

import { concat, EMPTY, equalBytes, toHex } from '../base/bytes.ts';
import { opaque, parseWhole, Reader, u8, u16Vector, u32, u64 } from './codec.ts';
import { Credential } from './credential.ts';
import { CodecError } from './errors.ts';
import {
  DEFAULT_EXTENSIONS,
  DEFAULT_PROPOSALS,
  encodeExtensions,
  type Extensions,
  readExtensions,
} from './extension.ts';
import { sha256 } from './primitives.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';

export const MLS10 = 0x0001;

export const SOURCE_KEY_PACKAGE = 1;
export const SOURCE_UPDATE = 2;
export const SOURCE_COMMIT = 3;

/** What a leaf was made for. */
export type LeafSource = typeof SOURCE_KEY_PACKAGE | typeof SOURCE_UPDATE | typeof SOURCE_COMMIT;

/** Bytes of a public key or signature: 4 KiB; the largest in use here, X-Wing, has 1,216. */
export const KEY_LIMIT = 2 ** 12;

const LEAF_EXTENSIONS_LIMIT = 2 ** 16;

const LABEL = 'LeafNodeTBS';

/** Capabilities remembered at once. */
const REMEMBERED_CAPABILITIES = 128;

/** A key as a short text, for sets and maps: its digest, because keys of X-Wing are long. */
export function keyName(key: Uint8Array): string {
  return toHex(sha256(key));
}

/** What a client supports (RFC 9420 section 7.2). Unknown numbers are GREASE or the future. */
export class Capabilities {
  constructor(
    readonly versions: readonly number[],
    readonly cipherSuites: readonly number[],
    readonly extensions: readonly number[] = [],
    readonly proposals: readonly number[] = [],
    readonly credentials: readonly number[] = [],
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Capabilities {
    const start = reader.position;
    for (let list = 0; list < 5; list += 1) {
      reader.opaque(2 ** 12);
    }
    return capabilities(reader.since(start));
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Capabilities {
    return parseWhole((reader) => Capabilities.read(reader), raw);
  }

  equals(other: Capabilities): boolean {
    return this === other || equalBytes(this.toBytes(), other.toBytes());
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(
      u16Vector(this.versions),
      u16Vector(this.cipherSuites),
      u16Vector(this.extensions),
      u16Vector(this.proposals),
      u16Vector(this.credentials),
    );
  }

  /** Whether an extension type is listed, or known to everybody. */
  supportsExtension(type: number): boolean {
    return this.extensions.includes(type) || DEFAULT_EXTENSIONS.has(type);
  }

  /** Whether a proposal type is listed, or known to everybody. */
  supportsProposal(type: number): boolean {
    return this.proposals.includes(type) || DEFAULT_PROPOSALS.has(type);
  }
}

const known = new Map<string, Capabilities>();

/** Members of a group mostly announce the same capabilities: parse them once. */
function capabilities(raw: Uint8Array): Capabilities {
  const name = toHex(raw);
  let parsed = known.get(name);
  if (parsed === undefined) {
    const reader = new Reader(raw);
    parsed = new Capabilities(
      reader.u16Vector(),
      reader.u16Vector(),
      reader.u16Vector(),
      reader.u16Vector(),
      reader.u16Vector(),
    );
    if (known.size >= REMEMBERED_CAPABILITIES) {
      known.clear();
    }
    known.set(name, parsed);
  }
  return parsed;
}

/** When a key package may be used; seconds since the Unix epoch, both ends included. */
export class Lifetime {
  constructor(
    readonly notBeforeS: bigint,
    readonly notAfterS: bigint,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Lifetime {
    return new Lifetime(reader.u64(), reader.u64());
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Lifetime {
    return parseWhole((reader) => Lifetime.read(reader), raw);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(u64(this.notBeforeS), u64(this.notAfterS));
  }
}

/** Where a leaf stands: its signature covers this unless it is a key package's. */
export class LeafBinding {
  constructor(
    readonly groupId: Uint8Array,
    readonly leafIndex: number,
  ) {}

  /** The end of LeafNodeTBS. */
  toBytes(): Uint8Array {
    return concat(opaque(this.groupId), u32(this.leafIndex));
  }
}

/** The fields of a LeafContent that `with` replaces. */
export interface LeafContentChanges {
  readonly encryptionKey?: Uint8Array;
  readonly signatureKey?: Uint8Array;
  readonly credential?: Credential;
  readonly capabilities?: Capabilities;
  readonly lifetime?: Lifetime | undefined;
  readonly parentHash?: Uint8Array | undefined;
  readonly extensions?: Extensions;
}

/**
 * A leaf before it is signed; what its owner chooses.
 *
 * `lifetime` belongs to a leaf in a key package, `parentHash` to one in a commit's path, and
 * neither to an update's; which of the two is there decides the source.
 */
export class LeafContent {
  constructor(
    readonly encryptionKey: Uint8Array,
    readonly signatureKey: Uint8Array,
    readonly credential: Credential,
    readonly capabilities: Capabilities,
    readonly lifetime?: Lifetime,
    readonly parentHash?: Uint8Array,
    readonly extensions: Extensions = [],
  ) {}

  /** The same with other values for some fields; a field that is given as undefined is taken out. */
  with(changes: LeafContentChanges): LeafContent {
    const changed = {
      encryptionKey: this.encryptionKey,
      signatureKey: this.signatureKey,
      credential: this.credential,
      capabilities: this.capabilities,
      lifetime: this.lifetime,
      parentHash: this.parentHash,
      extensions: this.extensions,
      ...changes,
    };
    return new LeafContent(
      changed.encryptionKey,
      changed.signatureKey,
      changed.credential,
      changed.capabilities,
      changed.lifetime,
      changed.parentHash,
      changed.extensions,
    );
  }

  /** The signed leaf; `binding` is needed unless it is a key package's. Throws KeyRefused. */
  sign(suite: Suite, signerPrivate: Uint8Array, binding?: LeafBinding): LeafNode {
    const unsigned = concat(
      opaque(this.encryptionKey),
      opaque(this.signatureKey),
      this.credential.toBytes(),
      this.capabilities.toBytes(),
      this.#source(),
      encodeExtensions(this.extensions),
    );
    const signed = concat(unsigned, binding?.toBytes() ?? EMPTY);
    const signature = suite.signWithLabel(signerPrivate, LABEL, signed);
    return LeafNode.fromBytes(concat(unsigned, opaque(signature)));
  }

  #source(): Uint8Array {
    if (this.lifetime !== undefined) {
      return concat(u8(SOURCE_KEY_PACKAGE), this.lifetime.toBytes());
    }
    if (this.parentHash !== undefined) {
      return concat(u8(SOURCE_COMMIT), opaque(this.parentHash));
    }
    return u8(SOURCE_UPDATE);
  }
}

/** A device's leaf. Two leaves are equal when their encodings are. */
export class LeafNode {
  #encryptionKeyName: string | undefined;

  /**
   * `encoded`: the exact bytes of the leaf; `unsigned`: the part of them that the signature covers,
   * without the binding. `parentHash` is empty unless it is a commit's.
   */
  constructor(
    readonly encryptionKey: Uint8Array,
    readonly signatureKey: Uint8Array,
    readonly credential: Credential,
    readonly capabilities: Capabilities,
    readonly source: LeafSource,
    readonly lifetime: Lifetime | undefined,
    readonly parentHash: Uint8Array,
    readonly extensions: Extensions,
    readonly signature: Uint8Array,
    readonly encoded: Uint8Array,
    readonly unsigned: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): LeafNode {
    const start = reader.position;
    const encryptionKey = reader.opaque(KEY_LIMIT);
    const signatureKey = reader.opaque(KEY_LIMIT);
    const credential = Credential.read(reader);
    const able = Capabilities.read(reader);
    const source = readSource(reader);
    const lifetime = source === SOURCE_KEY_PACKAGE ? Lifetime.read(reader) : undefined;
    const parentHash = source === SOURCE_COMMIT ? reader.opaque(255) : EMPTY;
    const extensions = readExtensions(reader, LEAF_EXTENSIONS_LIMIT);
    const end = reader.position;
    const signature = reader.opaque(KEY_LIMIT);
    const encoded = reader.since(start);
    return new LeafNode(
      encryptionKey,
      signatureKey,
      credential,
      able,
      source,
      lifetime,
      parentHash,
      extensions,
      signature,
      encoded,
      encoded.subarray(0, end - start),
    );
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): LeafNode {
    return parseWhole((reader) => LeafNode.read(reader), raw);
  }

  /** `keyName` of the encryption key, made once. */
  get encryptionKeyName(): string {
    this.#encryptionKeyName ??= keyName(this.encryptionKey);
    return this.#encryptionKeyName;
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return this.encoded;
  }

  /**
   * Check the owner's signature for its place; `failure` makes the error if it does not verify.
   *
   * A key package's leaf is valid in any place; for any other, `binding` is required.
   * Throws KeyRefused at once.
   */
  verifySignature(
    suite: Suite,
    checks: SignatureChecks,
    binding: LeafBinding | undefined,
    failure: () => Error,
  ): void {
    const signed =
      this.source !== SOURCE_KEY_PACKAGE && binding !== undefined
        ? concat(this.unsigned, binding.toBytes())
        : this.unsigned;
    suite.verifyWithLabel(checks, this.signatureKey, LABEL, signed, this.signature, failure);
  }

  /** What the owner chose, as a start for the next leaf. */
  content(): LeafContent {
    return new LeafContent(
      this.encryptionKey,
      this.signatureKey,
      this.credential,
      this.capabilities,
      this.lifetime,
      this.source === SOURCE_COMMIT ? this.parentHash : undefined,
      this.extensions,
    );
  }

  equals(other: unknown): boolean {
    return other instanceof LeafNode && equalBytes(this.encoded, other.encoded);
  }
}

function readSource(reader: Reader): LeafSource {
  const source = reader.u8();
  if (source !== SOURCE_KEY_PACKAGE && source !== SOURCE_UPDATE && source !== SOURCE_COMMIT) {
    throw new CodecError(`A leaf's source is 1, 2 or 3, not ${source}.`);
  }
  return source;
}
