/**
 * From a received MLSMessage to a staged result (RFC 9420 sections 6, 12.1, 12.4.2).
 *
 * Order of checks: address (group, epoch), proof of membership or decryption, then the content;
 * the signatures are collected on the way, the message's own first, and settled before anybody
 * sees the result. No step changes anything.
 */

import { EMPTY, equalBytes } from '../base/bytes.ts';
import { type Circumstances, type Epoch, type Member, type NextEpoch } from './epoch.ts';
import { GroupUsageError, require as ensure, ValidationError } from './errors.ts';
import { externalSenders } from './extension.ts';
import {
  type AuthenticatedContent,
  ContentType,
  openMessage,
  PrivateMessage,
  PublicMessage,
  type Sender,
  SenderType,
  WireFormat,
} from './framing.ts';
import type { GroupContext } from './group_context.ts';
import { type AllowExternal, type Pending, processCommit, surroundings } from './process.ts';
import { Add, Commit, nameOf } from './proposal.ts';
import { checkMembershipTag, openPrivate, verifyContent } from './protection.ts';
import type { GroupState, PendingState } from './saved.ts';
import type { Opening, SecretTree } from './secret_tree.ts';
import type { SignatureChecks } from './signature_checks.ts';
import { ReceivedMessage, StagedCommit, StagedMessage, StagedProposal } from './staged.ts';
import { checkAlone, type ListedProposal, resolve } from './validation.ts';

/** Proposals kept in one epoch: one for every member of the largest conversation. */
export const PROPOSALS_LIMIT = 1_000;

/** Bytes of all of them together: 16 MiB, as for a ratchet tree. */
const PROPOSALS_BYTES_LIMIT = 2 ** 24;

/** The group that staged results change when they are accepted. */
export interface Owner {
  /** What the group is now. */
  readonly state: GroupState;

  /** A proposal was accepted. */
  keepProposal(message: AuthenticatedContent, reference: Uint8Array): void;

  /** A Commit was accepted. */
  moveTo(following: NextEpoch): void;

  /** A Commit that removes this device was accepted. */
  leave(): void;
}

export type Staged = StagedMessage | StagedProposal | StagedCommit;

/** One message's way through the checks. */
export class Receiver {
  constructor(
    readonly checks: SignatureChecks,
    readonly state: GroupState,
    readonly pending: Pending,
    readonly around: Circumstances,
    readonly allowExternal: AllowExternal | undefined,
  ) {}

  /** The staged result of an encoded MLSMessage. Throws ProtocolError. */
  stage(raw: Uint8Array, owner: Owner): Staged {
    const own = this.state.pending;
    if (own !== undefined && equalBytes(raw, own.commit)) {
      return this.#stageOwnCommit(own, owner);
    }
    const { PRIVATE_MESSAGE, PUBLIC_MESSAGE } = WireFormat;
    const [wireFormat, reader] = openMessage(raw, PRIVATE_MESSAGE, PUBLIC_MESSAGE);
    if (wireFormat === PUBLIC_MESSAGE) {
      const opened = PublicMessage.read(reader);
      reader.finish();
      return this.#stageHandshake(this.#openPublic(opened), undefined, owner);
    }
    const sealed = PrivateMessage.read(reader);
    reader.finish();
    if (sealed.contentType === ContentType.APPLICATION) {
      return this.#stageApplication(sealed, owner);
    }
    const { epoch, messages } = this.state;
    checkAddress(sealed.groupId, sealed.epoch, epoch.context);
    const { suite, secrets, context } = epoch;
    const [message, opening] = openPrivate(suite, secrets.senderData, messages, sealed);
    const { signatureKey } = epoch.leaf(message.content.sender.index);
    verifyContent(suite, this.checks, signatureKey, message, context.encoded);
    return this.#stageHandshake(message, opening, owner);
  }

  // -- application messages

  #stageApplication(sealed: PrivateMessage, owner: Owner): StagedMessage {
    const [context, senderData, messages] = this.#keysOf(sealed);
    const { suite } = this.state.epoch;
    const [message, opening] = openPrivate(suite, senderData, messages, sealed);
    const sender = this.#senderOf(sealed.epoch, message.content.sender.index);
    const { leafIndex, credential, signatureKey } = sender;
    verifyContent(suite, this.checks, signatureKey, message, context.encoded);
    const plaintext = message.content.application;
    return new StagedMessage(sender, sealed.epoch, () => {
      requireRetained(owner, messages);
      messages.consume(opening);
      return new ReceivedMessage(
        leafIndex,
        credential,
        signatureKey,
        plaintext,
        sealed.authenticated,
        sealed.epoch,
      );
    });
  }

  /** The context and keys of the message's epoch, which may be past. */
  #keysOf(
    sealed: PrivateMessage,
  ): readonly [context: GroupContext, senderData: Uint8Array, messages: SecretTree] {
    const past = this.state.past.find(({ context }) => context.epoch === sealed.epoch);
    if (past !== undefined) {
      checkAddress(sealed.groupId, sealed.epoch, past.context);
      return [past.context, past.senderData, past.messages];
    }
    const { epoch, messages } = this.state;
    checkAddress(sealed.groupId, sealed.epoch, epoch.context);
    return [epoch.context, epoch.secrets.senderData, messages];
  }

  #senderOf(number: bigint, leafIndex: number): Member {
    const past = this.state.past.find(({ context }) => context.epoch === number);
    return past?.sender(leafIndex, this.state.epoch.tree) ?? this.state.epoch.member(leafIndex);
  }

  // -- handshake messages

  #openPublic(opened: PublicMessage): AuthenticatedContent {
    const message = opened.authenticated;
    const { content } = message;
    const { suite, secrets, context } = this.state.epoch;
    checkAddress(content.groupId, content.epoch, context);
    ensure(
      content.contentType !== ContentType.APPLICATION,
      'public-application',
      'An application message arrived unencrypted.',
    );
    checkMembershipTag(suite, secrets.membershipKey, opened, context.encoded);
    const signatureKey = this.#publicSenderKey(message);
    verifyContent(suite, this.checks, signatureKey, message, context.encoded);
    return message;
  }

  #publicSenderKey(message: AuthenticatedContent): Uint8Array {
    const { sender, body } = message.content;
    if (sender.type === SenderType.MEMBER) {
      return this.state.epoch.leaf(sender.index).signatureKey;
    }
    if (sender.type === SenderType.EXTERNAL) {
      return this.#externalSenderKey(sender);
    }
    if (sender.type === SenderType.NEW_MEMBER_PROPOSAL && body instanceof Add) {
      return body.keyPackage.leafNode.signatureKey;
    }
    if (sender.type === SenderType.NEW_MEMBER_COMMIT && body instanceof Commit) {
      if (body.path === undefined) {
        throw new ValidationError('path-required', 'An external commit has no update path.');
      }
      return body.path.leafNode.signatureKey;
    }
    throw new ValidationError(
      'proposal-sender',
      `A sender of type ${nameOf(SenderType, sender.type)} may not send this.`,
    );
  }

  #externalSenderKey(sender: Sender): Uint8Array {
    const chosen = externalSenders(this.state.epoch.context.extensions)[sender.index];
    if (chosen === undefined) {
      throw new ValidationError(
        'external-sender',
        `External sender ${sender.index} is not among those the group allows.`,
      );
    }
    this.around.judge(chosen.credential, chosen.signatureKey, 'external_sender');
    return chosen.signatureKey;
  }

  #stageHandshake(
    message: AuthenticatedContent,
    opening: Opening | undefined,
    owner: Owner,
  ): StagedProposal | StagedCommit {
    if (message.content.body instanceof Commit) {
      // Accepting it ends the epoch and all its keys, so this one is not consumed by itself.
      opening?.erase();
      return this.#stageCommit(message, owner);
    }
    return this.#stageProposal(message, opening, owner);
  }

  #stageProposal(
    message: AuthenticatedContent,
    opening: Opening | undefined,
    owner: Owner,
  ): StagedProposal {
    const { body: proposal, sender, authenticated } = message.content;
    if (proposal instanceof Uint8Array || proposal instanceof Commit) {
      throw new ValidationError('proposal-content', 'The message is no proposal.');
    }
    const { epoch } = this.state;
    checkAlone(this.checks, proposal, sender, surroundings(epoch, this.around, 'added'));
    const reference = message.reference(epoch.suite);
    this.#checkRoom(message);
    const proposer = sender.type === SenderType.MEMBER ? epoch.member(sender.index) : undefined;
    const accept = (): void => {
      requireEpoch(owner, epoch);
      if (opening !== undefined) {
        owner.state.messages.consume(opening);
      }
      owner.keepProposal(message, reference);
    };
    return new StagedProposal(proposal, sender, proposer, reference, authenticated, accept);
  }

  /** `proposals-limit`: what is kept for a Commit stays small enough to be saved. */
  #checkRoom(message: AuthenticatedContent): void {
    let size = message.content.encoded.length;
    for (const { content } of this.state.proposals.values()) {
      size += content.encoded.length;
    }
    ensure(
      this.state.proposals.size < PROPOSALS_LIMIT && size <= PROPOSALS_BYTES_LIMIT,
      'proposals-limit',
      `More than ${PROPOSALS_LIMIT} proposals or ${PROPOSALS_BYTES_LIMIT} bytes of them ` +
        'in one epoch.',
    );
  }

  #stageCommit(message: AuthenticatedContent, owner: Owner): StagedCommit {
    const { epoch } = this.state;
    const { sender, authenticated } = message.content;
    const { MEMBER, NEW_MEMBER_COMMIT } = SenderType;
    ensure(
      sender.type === MEMBER || sender.type === NEW_MEMBER_COMMIT,
      'commit-sender',
      `A Commit comes from a sender of type ${nameOf(SenderType, sender.type)}.`,
    );
    ensure(
      sender.type !== MEMBER || sender.index !== epoch.ownLeaf,
      'own-commit',
      'A Commit of this device that it does not know: its state was set back, ' +
        'or somebody else uses its keys.',
    );
    ensure(!epoch.ended, 'group-ended', 'A Commit follows the one that ended the group.');
    const { checks, pending, around, allowExternal } = this;
    const following = processCommit(checks, epoch, message, pending, around, allowExternal);
    const accept = (): void => {
      requireEpoch(owner, epoch);
      if (following === undefined) {
        owner.leave();
      } else {
        owner.moveTo(following);
      }
    };
    const listed = listedIn(message, pending);
    return following === undefined
      ? describeRemoval(epoch, message, listed, accept)
      : describe(following, authenticated, listed, accept, false);
  }

  #stageOwnCommit(own: PendingState, owner: Owner): StagedCommit {
    const { epoch } = this.state;
    const accept = (): void => {
      requireEpoch(owner, epoch);
      if (owner.state.pending !== own) {
        throw new GroupUsageError(
          'This commit was dropped since it was processed: it cannot be accepted.',
        );
      }
      owner.moveTo(own.following);
    };
    return describe(own.following, EMPTY, [], accept, true);
  }
}

/** The proposals of a Commit that was processed. */
function listedIn(message: AuthenticatedContent, pending: Pending): readonly ListedProposal[] {
  const { body, sender } = message.content;
  if (!(body instanceof Commit)) {
    throw new ValidationError('commit-content', 'The message is no Commit.');
  }
  return resolve(body, sender, pending.proposals);
}

/** A Commit that removes this device, which therefore cannot see where it leads. */
function describeRemoval(
  epoch: Epoch,
  message: AuthenticatedContent,
  listed: readonly ListedProposal[],
  accept: () => void,
): StagedCommit {
  const { sender, authenticated } = message.content;
  const gone = epoch.member(epoch.ownLeaf);
  const external = sender.type === SenderType.NEW_MEMBER_COMMIT;
  return new StagedCommit(
    epoch.number + 1n,
    external ? gone : epoch.member(sender.index),
    [],
    [gone],
    [],
    epoch.context.extensions,
    true,
    external,
    false,
    false,
    authenticated,
    listed,
    accept,
  );
}

/** What a Commit would do. */
function describe(
  following: NextEpoch,
  authenticated: Uint8Array,
  listed: readonly ListedProposal[],
  accept: () => void,
  own: boolean,
): StagedCommit {
  const { epoch: after, change } = following;
  return new StagedCommit(
    after.number,
    after.member(change.committer),
    change.added.map((leafIndex) => after.member(leafIndex)),
    change.removed,
    change.updated.map((item) => [item, after.member(item.leafIndex)]),
    after.context.extensions,
    false,
    change.added.includes(change.committer),
    own,
    after.ended,
    authenticated,
    listed,
    accept,
  );
}

function checkAddress(groupId: Uint8Array, epoch: bigint, context: GroupContext): void {
  ensure(equalBytes(groupId, context.groupId), 'group-id', 'The message is for another group.');
  ensure(
    epoch === context.epoch,
    'epoch',
    `The message is for epoch ${epoch}; this device is in epoch ${context.epoch}.`,
  );
}

function requireEpoch(owner: Owner, epoch: Epoch): void {
  if (owner.state.epoch !== epoch) {
    throw new GroupUsageError('The group has moved on since this was processed: process it again.');
  }
}

function requireRetained(owner: Owner, messages: SecretTree): void {
  const { state } = owner;
  if (messages !== state.messages && state.past.every((past) => past.messages !== messages)) {
    throw new GroupUsageError(
      'The epoch of this message was deleted since it was processed: it cannot be accepted.',
    );
  }
}
