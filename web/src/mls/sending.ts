/** A member's messages and proposals on their way out (RFC 9420 sections 6, 12.1). */

import { EMPTY, toHex } from '../base/bytes.ts';
import { type Identity, makeUpdate, parseKeyPackages } from './commit.ts';
import { GroupUsageError } from './errors.ts';
import type { Extensions } from './extension.ts';
import { AuthenticatedContent, type Body, FramedContent, member, WireFormat } from './framing.ts';
import type { KeyPackage } from './key_package.ts';
import { OwnUpdate } from './process.ts';
import {
  Add,
  GroupContextExtensions,
  PreSharedKey,
  type Proposal,
  type ReInit,
  Remove,
} from './proposal.ts';
import { protectPrivate, protectPublic, signContent } from './protection.ts';
import type { PreSharedKeyId } from './psk_id.ts';
import { GroupView } from './view.ts';

/** How a proposal is sent. */
export interface ProposeOptions {
  /** Encrypted; in the clear when left out. */
  readonly private?: boolean | undefined;
}

/** How an Update is proposed. */
export interface ProposeUpdateOptions extends ProposeOptions {
  /** A new signature key and credential. */
  readonly identity?: Identity | undefined;
}

/** The half of a Group that sends, Commits apart. */
export class GroupSender extends GroupView {
  /**
   * An encoded PrivateMessage, padded; `authenticated` travels readable but bound to it.
   *
   * The ratchet has moved on when this returns: save `ratchetState` before sending.
   * Throws GroupUsageError, with code `mls_commit_first` while `mustCommit`.
   */
  encrypt(plaintext: Uint8Array, authenticated: Uint8Array = EMPTY): Uint8Array {
    this.requireOpen();
    if (this.mustCommit) {
      throw new GroupUsageError('Proposals are waiting: commit them before sending a message.', {
        code: 'mls_commit_first',
      });
    }
    return this.#frame(plaintext, authenticated, WireFormat.PRIVATE_MESSAGE)[1];
  }

  /** Propose to add a device; committed by whoever commits next. Throws CodecError. */
  proposeAdd(keyPackage: Uint8Array | KeyPackage, options: ProposeOptions = {}): Uint8Array {
    const [parsed] = parseKeyPackages([keyPackage]).map((item) => new Add(item));
    if (parsed === undefined) {
      throw new GroupUsageError('A key package is needed.');
    }
    return this.#propose(parsed, options);
  }

  /** Propose fresh keys for this device, and with `identity` a new signature key. */
  proposeUpdate(options: ProposeUpdateOptions = {}): Uint8Array {
    this.requireActive();
    const { epoch, ownUpdates } = this.current;
    const [proposal, ...keys] = makeUpdate(epoch, options.identity);
    ownUpdates.set(toHex(proposal.leafNode.encryptionKey), new OwnUpdate(...keys));
    return this.#propose(proposal, options);
  }

  /** Propose to remove a member; one's own leaf means: I want to leave. */
  proposeRemove(leafIndex: number, options: ProposeOptions = {}): Uint8Array {
    this.member(leafIndex);
    return this.#propose(new Remove(leafIndex), options);
  }

  /** Propose to mix a pre-shared key in. */
  proposePsk(psk: PreSharedKeyId, options: ProposeOptions = {}): Uint8Array {
    return this.#propose(new PreSharedKey(psk), options);
  }

  /** Propose to end this group in favour of another one. */
  proposeReinit(reinit: ReInit, options: ProposeOptions = {}): Uint8Array {
    return this.#propose(reinit, options);
  }

  /** Propose to replace the GroupContext's extensions. */
  proposeContextExtensions(extensions: Extensions, options: ProposeOptions = {}): Uint8Array {
    return this.#propose(new GroupContextExtensions(extensions), options);
  }

  #propose(proposal: Proposal, { private: encrypted = false }: ProposeOptions): Uint8Array {
    this.requireOpen();
    const wire = encrypted ? WireFormat.PRIVATE_MESSAGE : WireFormat.PUBLIC_MESSAGE;
    const [message, raw] = this.#frame(proposal, EMPTY, wire);
    const reference = toHex(message.reference(this.current.epoch.suite));
    // Read again, because the proposal may hold buffers of the caller.
    this.current.proposals.set(reference, AuthenticatedContent.fromBytes(message.toBytes()));
    this.epochState = undefined;
    return raw;
  }

  #frame(
    body: Body,
    authenticated: Uint8Array,
    wire: WireFormat,
  ): readonly [message: AuthenticatedContent, raw: Uint8Array] {
    const { epoch } = this.current;
    const sender = member(this.ownLeaf);
    const content = FramedContent.of(this.groupId, epoch.number, sender, authenticated, body);
    const context = epoch.context.encoded;
    const signature = signContent(epoch.suite, epoch.signerPrivate, wire, content, context);
    const message = new AuthenticatedContent(wire, content, signature);
    return [message, this.protect(message)];
  }

  /** The encoded MLSMessage; a private one has moved the ratchet on. */
  protected protect(message: AuthenticatedContent): Uint8Array {
    const { epoch, messages } = this.current;
    const { suite, secrets, context } = epoch;
    if (message.wireFormat === WireFormat.PRIVATE_MESSAGE) {
      return protectPrivate(suite, secrets.senderData, messages, message).toMessage();
    }
    return protectPublic(suite, secrets.membershipKey, message, context.encoded).toMessage();
  }
}
