/**
 * Saving and loading a group: two parts, because one of them changes with every message.
 *
 * Format (spec/mls.md): version, kind, body, SHA-256 of all before it. The digest finds damage,
 * not forgery: whoever can write here holds the secrets anyway; the vault encrypts and seals them.
 * The bytes are those of `plausch.mls.saved`: what one of the two saves, the other loads.
 */

import { concat, concatErasing, equalBytes, fromHex, toHex } from '../base/bytes.ts';
import {
  MAX_VARINT,
  opaque,
  optional,
  Reader,
  u16,
  u32,
  u32Vector,
  u64,
  u8,
  vector,
  vectorErasing,
} from './codec.ts';
import { Credential } from './credential.ts';
import { Change, Epoch, Member, NextEpoch } from './epoch.ts';
import { ProtocolError, SavedStateRefused, UnsupportedSuite } from './errors.ts';
import { AuthenticatedContent } from './framing.ts';
import { GroupContext } from './group_context.ts';
import { EpochSecrets } from './key_schedule.ts';
import { PastEpoch } from './past.ts';
import { sha256 } from './primitives.ts';
import { OwnUpdate } from './process.ts';
import { RatchetTree } from './ratchet_tree.ts';
import { SecretTree } from './secret_tree.ts';
import { type Suite, suite } from './suite.ts';
import { TreePrivate } from './tree_kem.ts';

export const VERSION = 1;
export const EPOCH_STATE = 1;
export const RATCHET_STATE = 2;

/**
 * Bytes of one saved field: whatever could be written can be read again. What a group may grow to
 * is decided where it grows (`tree-limit`, `proposals-limit`), not here, where it would be lost.
 */
const PART_LIMIT = MAX_VARINT;

const DIGEST_BYTES = 32;

/**
 * A group as bytes; both parts are secret, and belong into one transaction.
 *
 * `epochState` changes with the epoch, proposals and the pending commit; `ratchetState` is
 * small and changes with every message sent or accepted.
 */
export class SavedGroup {
  constructor(
    readonly epochState: Uint8Array,
    readonly ratchetState: Uint8Array,
  ) {}
}

/** A Commit of ours that the delivery service has not accepted yet. */
export class PendingState {
  constructor(
    readonly commit: Uint8Array,
    readonly welcome: Uint8Array,
    readonly groupInfo: Uint8Array,
    readonly following: NextEpoch,
  ) {}
}

/** The fields of a GroupState that a new group does not have yet. */
export interface GroupStateFields {
  readonly active?: boolean;
  readonly past?: PastEpoch[];
  readonly proposals?: Map<string, AuthenticatedContent>;
  readonly ownUpdates?: Map<string, OwnUpdate>;
  readonly resumption?: Map<bigint, Uint8Array>;
  readonly pending?: PendingState | undefined;
}

/** Everything a group consists of. */
export class GroupState {
  readonly active: boolean;

  /** The newest first. */
  readonly past: PastEpoch[];

  /** By the hexadecimal digits of their references, in the order of their arrival. */
  readonly proposals: Map<string, AuthenticatedContent>;

  /** By the hexadecimal digits of the public encryption key. */
  readonly ownUpdates: Map<string, OwnUpdate>;

  /** Resumption secrets of the retained epochs, by epoch. */
  readonly resumption: Map<bigint, Uint8Array>;

  pending: PendingState | undefined;

  constructor(
    readonly epoch: Epoch,
    readonly messages: SecretTree,
    fields: GroupStateFields = {},
  ) {
    this.active = fields.active ?? true;
    this.past = fields.past ?? [];
    this.proposals = fields.proposals ?? new Map<string, AuthenticatedContent>();
    this.ownUpdates = fields.ownUpdates ?? new Map<string, OwnUpdate>();
    this.resumption = fields.resumption ?? new Map<bigint, Uint8Array>();
    this.pending = fields.pending;
  }

  /** The same without the pending Commit. */
  withoutPending(): GroupState {
    const { active, past, proposals, ownUpdates, resumption } = this;
    const fields = { active, past, proposals, ownUpdates, resumption };
    return new GroupState(this.epoch, this.messages, fields);
  }

  /** `next` takes its place: overwrite the secrets that it does not hold, message keys too. */
  giveWayTo(next: GroupState): void {
    const secrets = next.secrets();
    for (const secret of this.secrets()) {
      if (!secrets.has(secret)) {
        secret.fill(0);
      }
    }
    const trees = next.#messageKeys();
    for (const tree of this.#messageKeys()) {
      if (!trees.has(tree)) {
        tree.erase();
      }
    }
  }

  /** The message keys of every epoch. */
  #messageKeys(): Set<SecretTree> {
    const found = new Set([this.messages, ...this.past.map((item) => item.messages)]);
    return this.pending === undefined ? found : found.add(this.pending.following.messages);
  }

  /** The buffers of every secret but those of messages. */
  secrets(): Set<Uint8Array> {
    const found = new Set<Uint8Array>();
    for (const epoch of [this.epoch, this.pending?.following.epoch]) {
      const kept =
        epoch === undefined ? [] : [...epoch.treePrivate.keys.values(), epoch.signerPrivate];
      [...kept, ...(epoch?.secrets.all() ?? [])].forEach((secret) => found.add(secret));
    }
    this.past.forEach((item) => found.add(item.senderData));
    this.resumption.forEach((secret) => found.add(secret));
    for (const own of this.ownUpdates.values()) {
      found.add(own.encryptionPrivate).add(own.signerPrivate);
    }
    return found;
  }
}

/** The part that changes with the epoch. */
export function encodeEpochState(state: GroupState): Uint8Array {
  const past = state.past.map((item) =>
    concat(opaque(item.context.encoded), vector(replacedItems(item.replaced))),
  );
  const proposals = Array.from(state.proposals.values(), (item) => opaque(item.toBytes()));
  const updates = Array.from(state.ownUpdates, ([publicKey, own]) =>
    concatErasing(
      opaque(fromHex(publicKey)),
      opaque(own.encryptionPrivate),
      opaque(own.signerPrivate),
    ),
  );
  const resumption = Array.from(state.resumption, ([epoch, key]) =>
    concatErasing(u64(epoch), opaque(key)),
  );
  const { pending } = state;
  return seal(
    EPOCH_STATE,
    u8(state.active ? 1 : 0),
    epochBytes(state.epoch),
    vector(past),
    vector(proposals),
    vectorErasing(updates),
    vectorErasing(resumption),
    ...(pending === undefined ? [u8(0)] : [u8(1), pendingBytes(pending)]),
  );
}

/** The part that changes with every message. */
export function encodeRatchetState(state: GroupState): Uint8Array {
  const past = state.past.map((item) =>
    concatErasing(opaque(item.senderData), item.messages.toBytes().slice()),
  );
  const tag = opaque(state.epoch.confirmationTag);
  return seal(RATCHET_STATE, tag, state.messages.toBytes().slice(), vectorErasing(past));
}

/** Throws SavedStateRefused; UnsupportedSuite when this program does not have the group's. */
export function decode(saved: SavedGroup): GroupState {
  try {
    return decodeParts(saved);
  } catch (error) {
    if (error instanceof ProtocolError && !(error instanceof UnsupportedSuite)) {
      throw new SavedStateRefused(
        `The saved state of a group is damaged: ${error.message}; ` +
          'restore it from a backup or rejoin.',
        { cause: error },
      );
    }
    throw error;
  }
}

function decodeParts(saved: SavedGroup): GroupState {
  const reader = unseal(EPOCH_STATE, saved.epochState);
  const active = reader.u8() !== 0;
  const epoch = readEpoch(reader);
  const crypto = epoch.suite;
  const pastPublic = reader.vector(readPast, PART_LIMIT);
  const proposals = reader.vector(
    (inner) => AuthenticatedContent.fromBytes(inner.opaque(PART_LIMIT)),
    PART_LIMIT,
  );
  const updates = reader.vector(
    (inner) => [toHex(inner.opaque()), new OwnUpdate(inner.opaque(), inner.opaque())] as const,
  );
  const resumption = reader.vector((inner) => [inner.u64(), inner.opaque()] as const);
  const pending = reader.optional((inner) => readPending(inner, crypto));
  reader.finish();
  const ratchets = unseal(RATCHET_STATE, saved.ratchetState);
  if (!equalBytes(ratchets.opaque(), epoch.confirmationTag)) {
    throw new SavedStateRefused(
      'The two parts of a saved group are of different epochs; save both in one transaction.',
    );
  }
  const messages = SecretTree.read(ratchets, crypto);
  const pastKeys = ratchets.vector(
    (inner) => [inner.opaque(), SecretTree.read(inner, crypto)] as const,
    PART_LIMIT,
  );
  ratchets.finish();
  return new GroupState(epoch, messages, {
    active,
    past: joinPast(pastPublic, pastKeys),
    proposals: new Map(proposals.map((item) => [toHex(item.reference(crypto)), item])),
    ownUpdates: new Map(updates),
    resumption: new Map(resumption),
    pending,
  });
}

type PastPublic = readonly [context: GroupContext, replaced: Map<number, Member | undefined>];
type PastKeys = readonly [senderData: Uint8Array, messages: SecretTree];

function joinPast(pastPublic: readonly PastPublic[], pastKeys: readonly PastKeys[]): PastEpoch[] {
  const past = pastPublic.flatMap(([context, replaced], index) => {
    const keys = pastKeys[index];
    if (keys === undefined) {
      return [];
    }
    const [senderData, messages] = keys;
    messages.retire();
    return [new PastEpoch(context, senderData, messages, replaced)];
  });
  if (past.length !== pastPublic.length || past.length !== pastKeys.length) {
    throw new SavedStateRefused(
      'The saved state of a group is damaged: its two parts do not retain the same epochs; ' +
        'restore it from a backup or rejoin.',
    );
  }
  return past;
}

/** The parts, which are the caller's to give away: they are overwritten. */
function seal(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concatErasing(u16(VERSION), u8(kind), ...parts);
  return concatErasing(body, sha256(body));
}

function unseal(kind: number, raw: Uint8Array): Reader {
  const end = Math.max(0, raw.length - DIGEST_BYTES);
  const body = raw.subarray(0, end);
  const reader = new Reader(body, MAX_VARINT);
  const version = reader.u16();
  if (version !== VERSION) {
    throw new SavedStateRefused(
      `The saved state of a group has version ${version}; this program reads ${VERSION}.`,
    );
  }
  if (!equalBytes(sha256(body), raw.subarray(end))) {
    throw new SavedStateRefused('The saved state of a group is damaged: its digest is wrong.');
  }
  if (reader.u8() !== kind) {
    throw new SavedStateRefused('The two parts of a saved group were given in the wrong order.');
  }
  return reader;
}

function epochBytes(epoch: Epoch): Uint8Array {
  const keys = [...epoch.treePrivate.keys].sort(([one], [other]) => one - other);
  return concatErasing(
    opaque(epoch.context.encoded),
    opaque(epoch.tree.toBytes()),
    u32(epoch.ownLeaf),
    vectorErasing(keys.map(([node, key]) => concatErasing(u32(node), opaque(key)))),
    opaque(epoch.signerPrivate),
    epoch.secrets.toBytes(),
    opaque(epoch.interimTranscriptHash),
    opaque(epoch.confirmationTag),
    u8(epoch.ended ? 1 : 0),
  );
}

function readEpoch(reader: Reader): Epoch {
  const context = GroupContext.fromBytes(reader.opaque(PART_LIMIT));
  const crypto = suite(context.cipherSuite);
  const tree = RatchetTree.fromBytes(crypto, reader.opaque(PART_LIMIT));
  const ownLeaf = reader.u32();
  const keys = new Map(reader.vector((inner) => [inner.u32(), inner.opaque()] as const));
  return new Epoch(
    crypto,
    context,
    tree,
    new TreePrivate(ownLeaf, keys),
    reader.opaque(),
    EpochSecrets.read(reader),
    reader.opaque(),
    reader.opaque(),
    reader.u8() !== 0,
  );
}

function memberBytes(member: Member): Uint8Array {
  return concat(u32(member.leafIndex), member.credential.toBytes(), opaque(member.signatureKey));
}

function readMember(reader: Reader): Member {
  return new Member(reader.u32(), Credential.read(reader), reader.opaque());
}

function replacedItems(items: ReadonlyMap<number, Member | undefined>): Uint8Array[] {
  return Array.from(items, ([leafIndex, member]) =>
    concat(u32(leafIndex), optional(member === undefined ? undefined : memberBytes(member))),
  );
}

function readPast(reader: Reader): PastPublic {
  const context = GroupContext.fromBytes(reader.opaque(PART_LIMIT));
  const replaced = reader.vector(
    (inner) => [inner.u32(), inner.optional(readMember)] as const,
    PART_LIMIT,
  );
  return [context, new Map(replaced)];
}

function pendingBytes(pending: PendingState): Uint8Array {
  const { epoch, messages, change } = pending.following;
  return concatErasing(
    opaque(pending.commit),
    opaque(pending.welcome),
    opaque(pending.groupInfo),
    epochBytes(epoch),
    messages.toBytes().slice(),
    u32(change.committer),
    u32Vector(change.added),
    vector(change.removed.map(memberBytes)),
    vector(change.updated.map(memberBytes)),
  );
}

function readPending(reader: Reader, crypto: Suite): PendingState {
  const commit = reader.opaque(PART_LIMIT);
  const welcome = reader.opaque(PART_LIMIT);
  const groupInfo = reader.opaque(PART_LIMIT);
  const epoch = readEpoch(reader);
  const messages = SecretTree.read(reader, crypto);
  const change = new Change(
    reader.u32(),
    reader.u32Vector(PART_LIMIT),
    reader.vector(readMember, PART_LIMIT),
    reader.vector(readMember, PART_LIMIT),
  );
  return new PendingState(commit, welcome, groupInfo, new NextEpoch(epoch, messages, change));
}
