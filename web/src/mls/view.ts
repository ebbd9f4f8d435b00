/** Looking at a group: everything that changes nothing. */

import { type Member } from './epoch.ts';
import { GroupUsageError } from './errors.ts';
import type { Extensions } from './extension.ts';
import { member } from './framing.ts';
import type { GroupContext } from './group_context.ts';
import { EXPORT_LIMIT_BYTES } from './key_schedule.ts';
import { Commit, Remove, Update } from './proposal.ts';
import { groupEpoch } from './psk.ts';
import type { GroupState } from './saved.ts';
import { ListedProposal } from './validation.ts';

/**
 * The readable half of a Group. What it gives out of secrets are copies; what is public are the
 * group's own buffers: do not write into them, nor transfer them.
 */
export class GroupView {
  protected current: GroupState;

  /** The last `encodeEpochState`, while it is still true. */
  protected epochState: Uint8Array | undefined;

  /** From a state that `create`, `join`, `load` or `externalJoin` has made. */
  constructor(state: GroupState) {
    this.current = state;
  }

  /** The inside, for the files of this room only. */
  get state(): GroupState {
    return this.current;
  }

  /** The group's id. */
  get groupId(): Uint8Array {
    return this.current.epoch.context.groupId;
  }

  /** The current epoch. */
  get epoch(): bigint {
    return this.current.epoch.number;
  }

  /** The cipher suite's code point. */
  get suiteId(): number {
    return this.current.epoch.suite.id;
  }

  /** This device's leaf index. */
  get ownLeaf(): number {
    return this.current.epoch.ownLeaf;
  }

  /** The public GroupContext of this epoch. */
  get context(): GroupContext {
    return this.current.epoch.context;
  }

  /** The GroupContext's extensions. */
  get extensions(): Extensions {
    return this.current.epoch.context.extensions;
  }

  /** False once this device was removed: then nothing can be sent or received. */
  get isActive(): boolean {
    return this.current.active;
  }

  /** A ReInit was committed: the group continues in another one. */
  get hasEnded(): boolean {
    return this.current.epoch.ended;
  }

  /** Equal for all members who agree on this epoch (RFC 9420 section 8.7). */
  get epochAuthenticator(): Uint8Array {
    return this.current.epoch.secrets.authenticator.slice();
  }

  /** This device's public signature key in this group. */
  get signatureKey(): Uint8Array {
    return this.current.epoch.leaf(this.ownLeaf).signatureKey;
  }

  /** All members with leaf index, credential and signature key, from the left. */
  members(): Member[] {
    return this.current.epoch.members();
  }

  /** The member at a leaf. Throws ValidationError `sender-leaf` when it is blank. */
  member(leafIndex: number): Member {
    return this.current.epoch.member(leafIndex);
  }

  /**
   * MLS-Exporter: `length` secret bytes that all members of this epoch can derive.
   *
   * Throws GroupUsageError.
   */
  exportSecret(label: string, context: Uint8Array, length: number): Uint8Array {
    this.requireActive();
    if (!Number.isInteger(length) || length < 1 || length > EXPORT_LIMIT_BYTES) {
      throw new GroupUsageError(`An exported secret has 1 to ${EXPORT_LIMIT_BYTES} bytes.`);
    }
    const { epoch } = this.current;
    return epoch.secrets.export(epoch.suite, label, context, length);
  }

  /** An encoded GroupInfo for external commits. Throws GroupUsageError. */
  groupInfo(withTree = true): Uint8Array {
    this.requireActive();
    return this.current.epoch.groupInfo(withTree, true).toMessage();
  }

  /** The public tree, for a Welcome that was made without it. */
  ratchetTree(): Uint8Array {
    return this.current.epoch.tree.toBytes();
  }

  /**
   * The proposals of this epoch by the hexadecimal digits of their references, in the order of
   * their arrival.
   */
  get proposals(): Map<string, ListedProposal> {
    const listed = new Map<string, ListedProposal>();
    for (const [reference, { content }] of this.current.proposals) {
      if (!(content.body instanceof Uint8Array || content.body instanceof Commit)) {
        listed.set(reference, new ListedProposal(content.body, content.sender));
      }
    }
    return listed;
  }

  /**
   * Whether a proposal waits that this device has to commit before it sends messages
   * (RFC 9420 section 12.4): somebody may have to leave before more is said.
   */
  get mustCommit(): boolean {
    const own = member(this.ownLeaf);
    return [...this.proposals.values()].some(
      ({ proposal, sender }) =>
        !(sender.equals(own) && proposal instanceof Update) &&
        !(proposal instanceof Remove && proposal.removed === this.ownLeaf),
    );
  }

  /**
   * Resumption secrets of this and the retained epochs, for a group that continues this one
   * (`KnownPsks.resumption`).
   */
  resumptionSecrets(): Map<string, Uint8Array> {
    return new Map(
      Array.from(this.current.resumption, ([epoch, secret]) => [
        groupEpoch(this.groupId, epoch),
        secret.slice(),
      ]),
    );
  }

  protected requireOpen(): void {
    this.requireActive();
    if (this.hasEnded) {
      throw new GroupUsageError('The group has ended by a ReInit; continue in the one after it.');
    }
  }

  protected requireActive(): void {
    if (!this.current.active) {
      throw new GroupUsageError('This device was removed from the group.');
    }
  }
}
