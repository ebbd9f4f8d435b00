/** Proposals and the Commit that puts them into effect (RFC 9420 sections 12.1, 12.4). */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, optional, parseWhole, type Reader, u16, u32, u8, vector } from './codec.ts';
import { CodecError, codePoint } from './errors.ts';
import { encodeExtensions, type Extensions, readExtensions } from './extension.ts';
import { EXTENSIONS_LIMIT, GROUP_ID_LIMIT } from './group_context.ts';
import { KeyPackage } from './key_package.ts';
import { LeafNode } from './leaf_node.ts';
import { PreSharedKeyId } from './psk_id.ts';
import { UpdatePath } from './update_path.ts';

/** The proposal types of RFC 9420 table 7; there are no others here. */
export const ProposalType = {
  ADD: 1,
  UPDATE: 2,
  REMOVE: 3,
  PSK: 4,
  REINIT: 5,
  EXTERNAL_INIT: 6,
  GROUP_CONTEXT_EXTENSIONS: 7,
} as const;
export type ProposalType = (typeof ProposalType)[keyof typeof ProposalType];

/** The name of a number in such a list as `ProposalType`, for sentences. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? `${value}`;
}

/** Bring the client of this key package into the group. */
export class Add {
  readonly type = ProposalType.ADD;

  constructor(readonly keyPackage: KeyPackage) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return this.keyPackage.toBytes();
  }
}

/** The sender's fresh leaf node. */
export class Update {
  readonly type = ProposalType.UPDATE;

  constructor(readonly leafNode: LeafNode) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return this.leafNode.toBytes();
  }
}

/** Take the member at leaf index `removed` out of the group. */
export class Remove {
  readonly type = ProposalType.REMOVE;

  constructor(readonly removed: number) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return u32(this.removed);
  }
}

/** Mix a pre-shared key into the next epoch. */
export class PreSharedKey {
  readonly type = ProposalType.PSK;

  constructor(readonly psk: PreSharedKeyId) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return this.psk.toBytes();
  }
}

/** End this group; a new one with these parameters follows it. */
export class ReInit {
  readonly type = ProposalType.REINIT;

  constructor(
    readonly groupId: Uint8Array,
    readonly version: number,
    readonly cipherSuite: number,
    readonly extensions: Extensions,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): ReInit {
    return new ReInit(
      reader.opaque(GROUP_ID_LIMIT),
      reader.u16(),
      reader.u16(),
      readExtensions(reader, EXTENSIONS_LIMIT),
    );
  }

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return concat(
      opaque(this.groupId),
      u16(this.version),
      u16(this.cipherSuite),
      encodeExtensions(this.extensions),
    );
  }
}

/** The KEM output from which members derive the init secret of an external commit. */
export class ExternalInit {
  readonly type = ProposalType.EXTERNAL_INIT;

  constructor(readonly kemOutput: Uint8Array) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return opaque(this.kemOutput);
  }
}

/** Replace all extensions of the GroupContext. */
export class GroupContextExtensions {
  readonly type = ProposalType.GROUP_CONTEXT_EXTENSIONS;

  constructor(readonly extensions: Extensions) {}

  /** The TLS encoding without the type. */
  body(): Uint8Array {
    return encodeExtensions(this.extensions);
  }
}

export type Proposal =
  Add | Update | Remove | PreSharedKey | ReInit | ExternalInit | GroupContextExtensions;

const READ: ReadonlyMap<number, (reader: Reader) => Proposal> = new Map<
  number,
  (reader: Reader) => Proposal
>([
  [ProposalType.ADD, (reader) => new Add(KeyPackage.read(reader))],
  [ProposalType.UPDATE, (reader) => new Update(LeafNode.read(reader))],
  [ProposalType.REMOVE, (reader) => new Remove(reader.u32())],
  [ProposalType.PSK, (reader) => new PreSharedKey(PreSharedKeyId.read(reader))],
  [ProposalType.REINIT, (reader) => ReInit.read(reader)],
  [ProposalType.EXTERNAL_INIT, (reader) => new ExternalInit(reader.opaque())],
  [
    ProposalType.GROUP_CONTEXT_EXTENSIONS,
    (reader) => new GroupContextExtensions(readExtensions(reader, EXTENSIONS_LIMIT)),
  ],
]);

/** Types that must not be committed without an update path (RFC 9420 section 17.4). */
export const PATH_REQUIRED: ReadonlySet<ProposalType> = new Set([
  ProposalType.UPDATE,
  ProposalType.REMOVE,
  ProposalType.EXTERNAL_INIT,
  ProposalType.GROUP_CONTEXT_EXTENSIONS,
]);

/** Types that a sender outside the group may propose (RFC 9420 section 12.1.8). */
export const BY_EXTERNAL_SENDER: ReadonlySet<ProposalType> = new Set([
  ProposalType.ADD,
  ProposalType.REMOVE,
  ProposalType.PSK,
  ProposalType.REINIT,
  ProposalType.GROUP_CONTEXT_EXTENSIONS,
]);

/**
 * One proposal with its type. Throws CodecError, also for a type that RFC 9420 lacks.
 *
 * An unknown proposal type has no length, so nothing behind it can be read either; members
 * may not send one here, because no leaf of ours lists another type in its capabilities.
 */
export function readProposal(reader: Reader): Proposal {
  const kind = reader.u16();
  const read = READ.get(kind);
  if (read === undefined) {
    throw new CodecError(
      `Proposal type ${codePoint(kind)} is unknown; this client announces no such capability.`,
    );
  }
  return read(reader);
}

/** Throws CodecError. */
export function proposalFromBytes(raw: Uint8Array): Proposal {
  return parseWhole(readProposal, raw);
}

/** The TLS encoding with the type. */
export function proposalBytes(proposal: Proposal): Uint8Array {
  return concat(u16(proposal.type), proposal.body());
}

/** Names a proposal that was sent before (RFC 9420 section 5.2). */
export class ProposalRef {
  constructor(readonly reference: Uint8Array) {}
}

/** A list of proposals by value or by reference, and the sender's new path. */
export class Commit {
  constructor(
    readonly proposals: readonly (Proposal | ProposalRef)[],
    readonly path: UpdatePath | undefined,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Commit {
    const proposals = reader.vector(readProposalOrRef);
    return new Commit(
      proposals,
      reader.optional((item) => UpdatePath.read(item)),
    );
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Commit {
    return parseWhole((reader) => Commit.read(reader), raw);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    const items = this.proposals.map((item) =>
      item instanceof ProposalRef
        ? concat(u8(2), opaque(item.reference))
        : concat(u8(1), proposalBytes(item)),
    );
    return concat(vector(items), optional(this.path?.toBytes()));
  }

  equals(other: unknown): boolean {
    return other instanceof Commit && equalBytes(this.toBytes(), other.toBytes());
  }
}

function readProposalOrRef(reader: Reader): Proposal | ProposalRef {
  const kind = reader.u8();
  if (kind === 1) {
    return readProposal(reader);
  }
  if (kind === 2) {
    return new ProposalRef(reader.opaque(255));
  }
  throw new CodecError(
    `An entry of a Commit is neither a proposal (1) nor a reference (2): ${kind}.`,
  );
}
