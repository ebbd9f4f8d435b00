/** An epoch without a Group: its members' keys, what they can frame, and Commits made by hand. */

import { type Credential } from '../../src/mls/credential.ts';
import { beginEpoch, Change, Epoch, type NextEpoch } from '../../src/mls/epoch.ts';
import type { Extensions } from '../../src/mls/extension.ts';
import { EXTERNAL_PUB } from '../../src/mls/extension.ts';
import {
  AuthenticatedContent,
  type Body,
  FramedContent,
  member,
  Sender,
  SenderType,
  WireFormat,
} from '../../src/mls/framing.ts';
import { GroupContext } from '../../src/mls/group_context.ts';
import { Reader } from '../../src/mls/codec.ts';
import { CredentialRefused } from '../../src/mls/errors.ts';
import { firstEpochKeys, nextEpochKeys } from '../../src/mls/key_schedule.ts';
import { Commit, ExternalInit, type Proposal, type ProposalRef } from '../../src/mls/proposal.ts';
import { protectPublic, signContent } from '../../src/mls/protection.ts';
import type { SecretTree } from '../../src/mls/secret_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { confirmedTranscriptHash } from '../../src/mls/transcript.ts';
import { newPath, type TreePrivate } from '../../src/mls/tree_kem.ts';
import {
  applyProposals,
  type ListedProposal,
  resolve,
  sortProposals,
} from '../../src/mls/validation.ts';
import { circle, type Device, GROUP_ID, there } from './tree_players.ts';

const EMPTY = new Uint8Array(0);

/** The judge who knows exactly these devices. */
export function judgeOf(
  devices: Iterable<Device>,
): (credential: Credential, signatureKey: Uint8Array) => void {
  const known = [...devices].map((item) => [item.name, item.signatureKey.join()].join('/'));
  return (credential, signatureKey) => {
    const name = new TextDecoder().decode(credential.body);
    if (!known.includes([name, signatureKey.join()].join('/'))) {
      throw new CredentialRefused(`${name} does not have this key.`);
    }
  };
}

/** A Commit that was made, and where it leads. */
export interface Made {
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly next: NextEpoch;
  readonly committer: Device;
}

/** What a Commit is made of; `path` false leaves the path out. */
export interface CommitOptions {
  readonly stored?: ReadonlyMap<string, ListedProposal>;
  readonly path?: boolean;
  /** The committer's new signature key. */
  readonly identity?: Device;
}

/** All members of one group, seen from above. */
export class Stage {
  constructor(
    public epoch: Epoch,
    public messages: SecretTree,
    readonly devices: Map<number, Device>,
  ) {}

  static of(size: number, { suiteId = 1, epoch = 1n, extensions = [] as Extensions } = {}): Stage {
    const crypto = suite(suiteId);
    const { tree, devices } = circle(size, crypto);
    const hash = new Uint8Array(epoch === 0n ? 0 : crypto.hashLength).fill(0x68);
    const context = new GroupContext(suiteId, GROUP_ID, epoch, tree.treeHash(), hash, extensions);
    const keys = firstEpochKeys(crypto, new Uint8Array(crypto.hashLength).fill(0x6b));
    const first = there(devices.get(0));
    const own = there(first.treePrivate);
    const begun = beginEpoch(crypto, context, tree, own, first.signer, keys, new Change(0));
    return new Stage(begun.epoch, begun.messages, devices);
  }

  device(leafIndex: number): Device {
    return there(this.devices.get(leafIndex));
  }

  get keys(): Map<number, Uint8Array> {
    return new Map([...this.devices].map(([place, item]) => [place, item.signatureKey]));
  }

  /** The epoch as the member at a leaf holds it. */
  as(leafIndex: number, own: TreePrivate = there(this.device(leafIndex).treePrivate)): Epoch {
    const { suite: crypto, context, tree, secrets, interimTranscriptHash: interim } = this.epoch;
    const { signer } = this.device(leafIndex);
    const tag = this.epoch.confirmationTag;
    return new Epoch(crypto, context, tree, own, signer, secrets, interim, tag);
  }

  /** A PublicMessage with any content; signature and membership tag are right. */
  frame(
    body: Body,
    leafIndex = 0,
    sender = member(leafIndex),
    signer = this.device(leafIndex),
  ): Uint8Array {
    const { suite: crypto, context, secrets } = this.epoch;
    const content = FramedContent.of(context.groupId, context.epoch, sender, EMPTY, body);
    const wire = WireFormat.PUBLIC_MESSAGE;
    const signature = signContent(crypto, signer.signer, wire, content, context.encoded);
    const tag = body instanceof Commit ? new Uint8Array(crypto.hashLength) : EMPTY;
    const message = new AuthenticatedContent(wire, content, signature, tag);
    return protectPublic(crypto, secrets.membershipKey, message, context.encoded).toMessage();
  }

  /** A Commit of any proposals, without a path and with a wrong confirmation tag. */
  forge(proposals: readonly (Proposal | ProposalRef)[], sender = member(0)): Uint8Array {
    return this.frame(new Commit(proposals, undefined), 0, sender);
  }

  /** A Commit by the member at a leaf. */
  commit(
    leafIndex: number,
    proposals: readonly (Proposal | ProposalRef)[] = [],
    options: CommitOptions = {},
  ): Made {
    const committer = this.device(leafIndex);
    return this.#make(committer, member(leafIndex), proposals, this.epoch.secrets.init, options);
  }

  /** An external commit by a newcomer, or by a member who comes back. */
  join(newcomer: Device, proposals: readonly Proposal[] = []): Made {
    const groupInfo = this.epoch.groupInfo(false, true);
    const publicKey = new Reader(there(groupInfo.extension(EXTERNAL_PUB))).opaque();
    const [kemOutput, init] = this.epoch.suite.exportSend(publicKey);
    const sender = new Sender(SenderType.NEW_MEMBER_COMMIT);
    return this.#make(newcomer, sender, [new ExternalInit(kemOutput), ...proposals], init);
  }

  /** Everybody moves on to where a Commit leads. */
  accept(made: Made): void {
    const { epoch, messages, change } = made.next;
    for (const leafIndex of [...this.devices.keys()]) {
      if (epoch.tree.leaf(leafIndex) === undefined) {
        this.devices.delete(leafIndex);
      }
    }
    this.devices.set(change.committer, made.committer);
    this.epoch = epoch;
    this.messages = messages;
  }

  #make(
    committer: Device,
    sender: Sender,
    proposals: readonly (Proposal | ProposalRef)[],
    init: Uint8Array,
    { stored = new Map(), path: hasPath = true, identity = committer }: CommitOptions = {},
  ): Made {
    const { suite: crypto, context, tree, secrets, interimTranscriptHash: interim } = this.epoch;
    const listed = resolve(new Commit(proposals, undefined), sender, stored);
    const applied = applyProposals(tree, context.extensions, sortProposals(listed, sender));
    const isMember = sender.type === SenderType.MEMBER;
    const place = isMember ? sender.index : applied.tree.addLeaf(committer.leaf());
    const start = there(applied.tree.leaf(place)).content();
    const leaf = start.with({ signatureKey: identity.signatureKey });
    const made = hasPath
      ? newPath(applied.tree, place, leaf, identity.signer, context.groupId)
      : undefined;
    const { extensions } = applied;
    const treeHash = applied.tree.treeHash();
    const provisional = context.next(treeHash, context.confirmedTranscriptHash, extensions);
    const path = made?.encrypt(applied.tree, provisional.encoded, applied.unpathed);
    const body = new Commit(proposals, path);
    const content = FramedContent.of(context.groupId, context.epoch, sender, EMPTY, body);
    const wire = WireFormat.PUBLIC_MESSAGE;
    const signature = signContent(crypto, committer.signer, wire, content, context.encoded);
    const transcript = confirmedTranscriptHash(crypto, interim, wire, content.encoded, signature);
    const after = context.next(treeHash, transcript, extensions);
    const zeros = new Uint8Array(crypto.hashLength);
    const keys = nextEpochKeys(crypto, init, made?.commitSecret ?? zeros, zeros, after.encoded);
    const own = made?.treePrivate ?? this.epoch.treePrivate;
    const change = new Change(
      place,
      applied.added.map(([leafIndex]) => leafIndex),
    );
    const next = beginEpoch(crypto, after, applied.tree, own, identity.signer, keys, change);
    const unconfirmed = new AuthenticatedContent(wire, content, signature);
    const message = unconfirmed.withConfirmationTag(next.epoch.confirmationTag);
    const sent = protectPublic(crypto, secrets.membershipKey, message, context.encoded);
    const groupInfo = next.epoch.groupInfo(true, true).toMessage();
    return { commit: sent.toMessage(), groupInfo, next, committer: identity };
  }
}
