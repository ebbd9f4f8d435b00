/** Epochs that are over, kept a while for messages that come late (RFC 9420 section 15.1). */

import { type Epoch, Member } from './epoch.ts';
import { ValidationError } from './errors.ts';
import type { GroupContext } from './group_context.ts';
import type { RatchetTree } from './ratchet_tree.ts';
import type { SecretTree } from './secret_tree.ts';

/** Epochs before the current one whose application messages can still be read (spec/mls.md). */
export const PAST_EPOCHS_KEPT = 4;

/**
 * What is needed to read a late message: keys, and who the senders were.
 *
 * `replaced` names the members as they were at leaves that have changed since; undefined where the
 * leaf was blank. All others are in the current tree, so that nothing is kept twice.
 */
export class PastEpoch {
  constructor(
    readonly context: GroupContext,
    readonly senderData: Uint8Array,
    readonly messages: SecretTree,
    readonly replaced: Map<number, Member | undefined>,
  ) {}

  /** Retire an epoch: its handshake keys are forgotten at once. */
  static of(epoch: Epoch, messages: SecretTree): PastEpoch {
    messages.retire();
    return new PastEpoch(epoch.context, epoch.secrets.senderData, messages, new Map());
  }

  /** Members whose leaves have just been replaced; the earliest memory counts. */
  remember(before: ReadonlyMap<number, Member | undefined>): void {
    for (const [leafIndex, member] of before) {
      if (!this.replaced.has(leafIndex)) {
        this.replaced.set(leafIndex, member);
      }
    }
  }

  /** The member at a leaf in that epoch. Throws ValidationError `sender-leaf`. */
  sender(leafIndex: number, current: RatchetTree): Member {
    const leaf = current.leaf(leafIndex);
    const now = leaf === undefined ? undefined : Member.of(leafIndex, leaf);
    const member = this.replaced.has(leafIndex) ? this.replaced.get(leafIndex) : now;
    if (member === undefined) {
      throw new ValidationError(
        'sender-leaf',
        `Leaf ${leafIndex} was blank in epoch ${this.context.epoch}.`,
      );
    }
    return member;
  }
}
