/**
 * One epoch as a member holds it, and the step to the next (RFC 9420 sections 8, 12.4).
 *
 * An `Epoch` is never changed, only replaced: a staged commit is a second epoch beside the first,
 * and dropping it is forgetting it.
 */

import { equalBytes, equalBytesConstantTime } from '../base/bytes.ts';
import { opaque } from './codec.ts';
import type { Credential, CredentialJudge } from './credential.ts';
import { require as ensure, ValidationError } from './errors.ts';
import { Extension, EXTERNAL_PUB, RATCHET_TREE } from './extension.ts';
import type { GroupContext } from './group_context.ts';
import { GroupInfo } from './group_info.ts';
import type { EpochKeys, EpochSecrets } from './key_schedule.ts';
import type { LeafNode } from './leaf_node.ts';
import { MAX_LIFETIME_S } from './leaf_validation.ts';
import { type KnownPsks, NO_PSKS } from './psk.ts';
import type { RatchetTree } from './ratchet_tree.ts';
import { SecretTree } from './secret_tree.ts';
import type { Suite } from './suite.ts';
import { interimTranscriptHash } from './transcript.ts';
import type { TreePrivate } from './tree_kem.ts';

/**
 * A member: its leaf index, who it says it is, its signature key. The buffers are those of the
 * group's tree: do not write into them, nor transfer them.
 */
export class Member {
  constructor(
    readonly leafIndex: number,
    readonly credential: Credential,
    readonly signatureKey: Uint8Array,
  ) {}

  /** The member with this leaf. */
  static of(leafIndex: number, leaf: LeafNode): Member {
    return new Member(leafIndex, leaf.credential, leaf.signatureKey);
  }

  equals(other: unknown): boolean {
    return (
      other instanceof Member &&
      this.leafIndex === other.leafIndex &&
      this.credential.equals(other.credential) &&
      equalBytes(this.signatureKey, other.signatureKey)
    );
  }
}

/**
 * What only the caller knows when a message is judged: who may be whom, the time, the PSKs.
 *
 * `maxLifetimeS` Infinity accepts key packages of any lifetime.
 */
export class Circumstances {
  constructor(
    readonly judge: CredentialJudge,
    readonly nowS: number,
    readonly psks: KnownPsks = NO_PSKS,
    readonly maxLifetimeS: number = MAX_LIFETIME_S,
  ) {}
}

/** All that lasts for one epoch; the message keys, which do not, are in a SecretTree. */
export class Epoch {
  /** `ended`: a ReInit was committed: nothing more may be sent (RFC 9420 section 11.2). */
  constructor(
    readonly suite: Suite,
    readonly context: GroupContext,
    readonly tree: RatchetTree,
    readonly treePrivate: TreePrivate,
    readonly signerPrivate: Uint8Array,
    readonly secrets: EpochSecrets,
    readonly interimTranscriptHash: Uint8Array,
    readonly confirmationTag: Uint8Array,
    readonly ended = false,
  ) {}

  /** This member's leaf index. */
  get ownLeaf(): number {
    return this.treePrivate.leafIndex;
  }

  /** The epoch. */
  get number(): bigint {
    return this.context.epoch;
  }

  /** The leaf of a member. Throws ValidationError `sender-leaf` when it is blank. */
  leaf(leafIndex: number): LeafNode {
    const leaf = this.tree.leaf(leafIndex);
    if (leaf === undefined) {
      throw new ValidationError(
        'sender-leaf',
        `Leaf ${leafIndex} is blank in epoch ${this.number}.`,
      );
    }
    return leaf;
  }

  /** The member at a leaf. Throws ValidationError `sender-leaf` when it is blank. */
  member(leafIndex: number): Member {
    return Member.of(leafIndex, this.leaf(leafIndex));
  }

  /** All members, from the left. */
  members(): Member[] {
    return Array.from(this.tree.leaves(), ([leafIndex, leaf]) => Member.of(leafIndex, leaf));
  }

  /** This epoch's GroupInfo, signed by this member (RFC 9420 section 12.4.3). */
  groupInfo(withTree: boolean, withExternalPub: boolean): GroupInfo {
    const extensions: Extension[] = [];
    if (withTree) {
      extensions.push(new Extension(RATCHET_TREE, this.tree.toBytes()));
    }
    if (withExternalPub) {
      const [privateKey, publicKey] = this.suite.kemDeriveKeyPair(this.secrets.external);
      privateKey.fill(0);
      extensions.push(new Extension(EXTERNAL_PUB, opaque(publicKey)));
    }
    const unsigned = new GroupInfo(this.context, extensions, this.confirmationTag, this.ownLeaf);
    return unsigned.signed(this.suite, this.signerPrivate);
  }
}

/** What a Commit did to the members. */
export class Change {
  /**
   * `committer`: leaf index, in the new tree, of who committed. `added`: leaf indices in the new
   * tree; a joiner by external commit included. `removed`: members that are gone, as they were.
   * `updated`: members whose leaf was replaced, as they were; the committer too when there was a
   * path.
   */
  constructor(
    readonly committer: number,
    readonly added: readonly number[] = [],
    readonly removed: readonly Member[] = [],
    readonly updated: readonly Member[] = [],
  ) {}
}

/** The epoch a Commit leads to, with its message keys. */
export class NextEpoch {
  constructor(
    readonly epoch: Epoch,
    readonly messages: SecretTree,
    readonly change: Change,
  ) {}
}

/**
 * The epoch that these keys open, with the confirmation tag that it must have; their encryption
 * secret is used up: overwritten.
 */
export function beginEpoch(
  suite: Suite,
  context: GroupContext,
  tree: RatchetTree,
  treePrivate: TreePrivate,
  signerPrivate: Uint8Array,
  keys: EpochKeys,
  change: Change,
  ended = false,
): NextEpoch {
  const tag = suite.mac(keys.secrets.confirmationKey, context.confirmedTranscriptHash);
  const interim = interimTranscriptHash(suite, context.confirmedTranscriptHash, tag);
  const epoch = new Epoch(
    suite,
    context,
    tree,
    treePrivate,
    signerPrivate,
    keys.secrets,
    interim,
    tag,
    ended,
  );
  const messages = SecretTree.begin(suite, tree.leafCount, keys.encryption);
  keys.encryption.fill(0);
  return new NextEpoch(epoch, messages, change);
}

/** Everybody derived the same epoch. Throws ValidationError `confirmation-tag`. */
export function checkConfirmationTag(epoch: Epoch, tag: Uint8Array): void {
  ensure(
    equalBytesConstantTime(epoch.confirmationTag, tag),
    'confirmation-tag',
    'The confirmation tag is wrong: the sender is in another epoch than this device.',
  );
}
