/**
 * What processing yields: nothing has changed until the caller accepts it.
 *
 * Each result is accepted at most once, and only while the group is in the epoch it was made for.
 * To drop one, forget it.
 */

import type { Credential } from './credential.ts';
import type { Member } from './epoch.ts';
import type { Extensions } from './extension.ts';
import type { Sender } from './framing.ts';
import type { Proposal } from './proposal.ts';
import type { ListedProposal } from './validation.ts';

/**
 * An application message: who sent it, in which epoch, what it says. Credential and signature key
 * are in the buffers of the group's tree: do not write into them, nor transfer them.
 */
export class ReceivedMessage {
  /**
   * `authenticated`: data that travelled in the clear but is signed and bound to the message.
   */
  constructor(
    readonly senderLeaf: number,
    readonly credential: Credential,
    readonly signatureKey: Uint8Array,
    readonly plaintext: Uint8Array,
    readonly authenticated: Uint8Array,
    readonly epoch: bigint,
  ) {}
}

/** An application message that has opened; its key is deleted when it is accepted. */
export class StagedMessage {
  readonly #accept: () => ReceivedMessage;

  constructor(
    readonly sender: Member,
    readonly epoch: bigint,
    accept: () => ReceivedMessage,
  ) {
    this.#accept = accept;
  }

  /**
   * Delete the message's key and hand the content out.
   *
   * Throws ValidationError `generation-unused` when the same message was accepted meanwhile.
   */
  accept(): ReceivedMessage {
    return this.#accept();
  }
}

/** A valid proposal, which a Commit may refer to once it is accepted. */
export class StagedProposal {
  readonly #accept: () => void;

  /** `member`: the proposer, undefined when it is no member. */
  constructor(
    readonly proposal: Proposal,
    readonly sender: Sender,
    readonly member: Member | undefined,
    readonly reference: Uint8Array,
    readonly authenticated: Uint8Array,
    accept: () => void,
  ) {
    this.#accept = accept;
  }

  /** Keep it for a Commit. Throws GroupUsageError when the epoch is over. */
  accept(): void {
    this.#accept();
  }
}

/** A member whose leaf a Commit replaced. */
export type ChangedMember = readonly [before: Member, after: Member];

/** A valid Commit and what it would do. */
export class StagedCommit {
  readonly #accept: () => void;

  /**
   * `epoch`: the epoch that accepting leads to. `sender`: the committer, as in the new epoch (or,
   * when it removes this device, as before). `updated`: members whose leaf was replaced; the
   * application decides whether a changed credential still is the same device. `extensions`: the
   * GroupContext's afterwards. `isExternal`: somebody joined by this Commit without being added.
   * `isOwn`: it is this device's pending Commit, come back from the delivery service. `endsGroup`:
   * a ReInit: the group continues elsewhere. `proposals`: what it does, with who proposed it; empty for
   * this device's own.
   */
  constructor(
    readonly epoch: bigint,
    readonly sender: Member,
    readonly added: readonly Member[],
    readonly removed: readonly Member[],
    readonly updated: readonly ChangedMember[],
    readonly extensions: Extensions,
    readonly isSelfRemoved: boolean,
    readonly isExternal: boolean,
    readonly isOwn: boolean,
    readonly endsGroup: boolean,
    readonly authenticated: Uint8Array,
    readonly proposals: readonly ListedProposal[],
    accept: () => void,
  ) {
    this.#accept = accept;
  }

  /** Move the group to the next epoch. Throws GroupUsageError when its epoch is over. */
  accept(): void {
    this.#accept();
  }
}
