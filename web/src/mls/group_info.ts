/** GroupInfo: what somebody outside needs to know of an epoch (RFC 9420 section 12.4.3). */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, type Reader, u32 } from './codec.ts';
import { ValidationError } from './errors.ts';
import { encodeExtensions, type Extensions, findExtension, readExtensions } from './extension.ts';
import { MAC_LIMIT, mlsMessage, openMessage, SIGNATURE_LIMIT, WireFormat } from './framing.ts';
import { GroupContext } from './group_context.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';

const LABEL = 'GroupInfoTBS';

/** The fields of a GroupInfo that `with` replaces. */
export interface GroupInfoChanges {
  readonly groupContext?: GroupContext;
  readonly extensions?: Extensions;
  readonly confirmationTag?: Uint8Array;
  readonly signer?: number;
  readonly signature?: Uint8Array;
}

/** An epoch's GroupContext with extensions, signed by the member at leaf `signer`. */
export class GroupInfo {
  constructor(
    readonly groupContext: GroupContext,
    readonly extensions: Extensions,
    readonly confirmationTag: Uint8Array,
    readonly signer: number,
    readonly signature: Uint8Array = new Uint8Array(0),
  ) {}

  /** Throws CodecError, ValidationError `version`. */
  static read(reader: Reader): GroupInfo {
    return new GroupInfo(
      GroupContext.read(reader),
      readExtensions(reader),
      reader.opaque(MAC_LIMIT),
      reader.u32(),
      reader.opaque(SIGNATURE_LIMIT),
    );
  }

  /** Throws CodecError, ValidationError `version`. */
  static fromBytes(raw: Uint8Array): GroupInfo {
    return parseWhole((reader) => GroupInfo.read(reader), raw);
  }

  /** GroupInfoTBS. */
  toBeSigned(): Uint8Array {
    return concat(
      this.groupContext.encoded,
      encodeExtensions(this.extensions),
      opaque(this.confirmationTag),
      u32(this.signer),
    );
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(this.toBeSigned(), opaque(this.signature));
  }

  /** The encoded MLSMessage. */
  toMessage(): Uint8Array {
    return mlsMessage(WireFormat.GROUP_INFO, this.toBytes());
  }

  /** The body of the extension of type `kind`, or undefined. */
  extension(kind: number): Uint8Array | undefined {
    return findExtension(this.extensions, kind);
  }

  equals(other: unknown): boolean {
    return other instanceof GroupInfo && equalBytes(this.toBytes(), other.toBytes());
  }

  /** The same with other values for some fields. */
  with(changes: GroupInfoChanges): GroupInfo {
    return new GroupInfo(
      changes.groupContext ?? this.groupContext,
      changes.extensions ?? this.extensions,
      changes.confirmationTag ?? this.confirmationTag,
      changes.signer ?? this.signer,
      changes.signature ?? this.signature,
    );
  }

  /** The same with the signer's signature. Throws KeyRefused. */
  signed(suite: Suite, privateKey: Uint8Array): GroupInfo {
    return this.with({ signature: suite.signWithLabel(privateKey, LABEL, this.toBeSigned()) });
  }

  /** Throws KeyRefused at once; the check fails with ValidationError `group-info-signature`. */
  verify(suite: Suite, checks: SignatureChecks, publicKey: Uint8Array): void {
    const failure = (): ValidationError =>
      new ValidationError(
        'group-info-signature',
        'The GroupInfo is not signed by the member it names.',
      );
    suite.verifyWithLabel(checks, publicKey, LABEL, this.toBeSigned(), this.signature, failure);
  }
}

/** A whole MLSMessage that must be a GroupInfo. Throws CodecError, ValidationError. */
export function parseGroupInfo(raw: Uint8Array): GroupInfo {
  const [, reader] = openMessage(raw, WireFormat.GROUP_INFO);
  const groupInfo = GroupInfo.read(reader);
  reader.finish();
  return groupInfo;
}
