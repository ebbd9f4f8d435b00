/** GroupContext: what all members agree on in one epoch, all of it public (RFC 9420 section 8.1). */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, type Reader, u16, u64 } from './codec.ts';
import { require as ensure } from './errors.ts';
import { encodeExtensions, type Extensions, readExtensions } from './extension.ts';
import { MLS10 } from './leaf_node.ts';

export const GROUP_ID_LIMIT = 255;

/** Bytes of a GroupContext's extensions: 1 MiB. Every member keeps them for five epochs. */
export const EXTENSIONS_LIMIT = 2 ** 20;

export const LAST_EPOCH = 2n ** 64n - 1n;

/** Bytes of the longest hash of a supported suite (SHA-512). */
const HASH_LIMIT = 64;

/** A ProtocolVersion that must be mls10. Throws CodecError, ValidationError `version`. */
export function readVersion(reader: Reader): number {
  const version = reader.u16();
  ensure(version === MLS10, 'version', `Protocol version ${version} is not MLS 1.0 (1).`);
  return version;
}

/** The fields of a GroupContext that `with` replaces. */
export interface GroupContextChanges {
  readonly cipherSuite?: number;
  readonly groupId?: Uint8Array;
  readonly epoch?: bigint;
  readonly treeHash?: Uint8Array;
  readonly confirmedTranscriptHash?: Uint8Array;
  readonly extensions?: Extensions;
}

/** The group's public state that every key of an epoch is bound to. */
export class GroupContext {
  #encoded: Uint8Array | undefined;

  constructor(
    readonly cipherSuite: number,
    readonly groupId: Uint8Array,
    readonly epoch: bigint,
    readonly treeHash: Uint8Array,
    readonly confirmedTranscriptHash: Uint8Array,
    readonly extensions: Extensions,
  ) {}

  /** Throws CodecError, ValidationError `version`. */
  static read(reader: Reader): GroupContext {
    readVersion(reader);
    return new GroupContext(
      reader.u16(),
      reader.opaque(GROUP_ID_LIMIT),
      reader.u64(),
      reader.opaque(HASH_LIMIT),
      reader.opaque(HASH_LIMIT),
      readExtensions(reader, EXTENSIONS_LIMIT),
    );
  }

  /** Throws CodecError, ValidationError `version`. */
  static fromBytes(raw: Uint8Array): GroupContext {
    return parseWhole((reader) => GroupContext.read(reader), raw);
  }

  /**
   * The TLS encoding, made once: every signature of the epoch covers it. It is the remembered
   * one: do not write into it.
   */
  get encoded(): Uint8Array {
    this.#encoded ??= concat(
      u16(MLS10),
      u16(this.cipherSuite),
      opaque(this.groupId),
      u64(this.epoch),
      opaque(this.treeHash),
      opaque(this.confirmedTranscriptHash),
      encodeExtensions(this.extensions),
    );
    return this.#encoded;
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return this.encoded;
  }

  equals(other: unknown): boolean {
    return other instanceof GroupContext && equalBytes(this.encoded, other.encoded);
  }

  /** The same with other values for some fields. */
  with(changes: GroupContextChanges): GroupContext {
    return new GroupContext(
      changes.cipherSuite ?? this.cipherSuite,
      changes.groupId ?? this.groupId,
      changes.epoch ?? this.epoch,
      changes.treeHash ?? this.treeHash,
      changes.confirmedTranscriptHash ?? this.confirmedTranscriptHash,
      changes.extensions ?? this.extensions,
    );
  }

  /** The context of the following epoch. Throws ValidationError `epoch-last`. */
  next(
    treeHash: Uint8Array,
    confirmedTranscriptHash: Uint8Array,
    extensions: Extensions,
  ): GroupContext {
    ensure(
      this.epoch < LAST_EPOCH,
      'epoch-last',
      'The group is in the last epoch that a number can name; it must begin anew.',
    );
    const epoch = this.epoch + 1n;
    return this.with({ epoch, treeHash, confirmedTranscriptHash, extensions });
  }
}
