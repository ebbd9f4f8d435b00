/**
 * Store `received`: what came out of received envelopes, in the order in which it was taken.
 *
 * A row is written together with the keys that its envelope used up. It is found by the digest of
 * the envelope, so that the same envelope, processed again after a crash, has the same answer; and
 * by its position, so that a reader goes on where it was.
 */

import { concat } from '../base/bytes.ts';
import {
  MAX_VARINT,
  opaque,
  optional,
  parseWhole,
  type Reader,
  u16,
  u32,
  u64,
  u8,
  vector,
} from '../mls/codec.ts';
import { keysAfter, keysUnder, type Write } from '../platform/database.ts';
import { damaged, Row } from './row.ts';
import { BY_ENVELOPE, BY_GROUP, RECEIVED } from './schema.ts';
import type { Vault } from './vault.ts';

/** A member of a group as the page sees it. */
export interface MemberView {
  readonly leafIndex: number;
  readonly credentialType: number;
  readonly credential: Uint8Array;
  readonly signatureKey: Uint8Array;
}

/** A decrypted message. */
export interface MessageTaken {
  readonly kind: 'message';
  readonly epoch: bigint;
  readonly sender: MemberView;
  readonly authenticated: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** A proposal that waits for a Commit; `type` as in RFC 9420 section 17.4. */
export interface ProposalTaken {
  readonly kind: 'proposal';
  readonly epoch: bigint;
  readonly sender: MemberView | undefined;
  readonly type: number;
  readonly reference: Uint8Array;
}

/** A Commit; `epoch` is the one that it led to. A pending Commit of ours is gone with it. */
export interface CommitTaken {
  readonly kind: 'commit';
  readonly epoch: bigint;
  readonly sender: MemberView;
  readonly added: readonly MemberView[];
  readonly removed: readonly MemberView[];
  readonly isOwn: boolean;
  readonly isSelfRemoved: boolean;
  readonly endsGroup: boolean;
}

export type Taken = MessageTaken | ProposalTaken | CommitTaken;

/** Something taken, and where it stands. */
export interface Received {
  readonly position: number;
  readonly group: Uint8Array;
  readonly taken: Taken;
}

const MESSAGE = 1;
const PROPOSAL = 2;
const COMMIT = 3;

/** The vault's received content. */
export class ReceivedTable {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Keep it; `envelope` is the digest of what it came in. */
  async add(received: Received, envelope: Uint8Array): Promise<Write> {
    const { position, group, taken } = received;
    const plaintext = takenBytes(taken);
    const place = rowBytes(position, group, envelope);
    const sealed = await this.#vault.seal.close(RECEIVED, place, plaintext);
    plaintext.fill(0);
    return { store: RECEIVED, put: { position, group: group.slice(), envelope, sealed } };
  }

  /** What came out of this envelope. Throws VaultDamaged, StorageUnavailable. */
  async byEnvelope(group: Uint8Array, envelope: Uint8Array): Promise<Received | undefined> {
    const row = await this.#vault.find(RECEIVED, BY_ENVELOPE, [group, envelope]);
    return row === undefined ? undefined : this.#opened(row);
  }

  /** At most `limit` after a position, of one group or of all, oldest first. */
  async after(position: number, limit: number, group?: Uint8Array): Promise<readonly Received[]> {
    const selection =
      group === undefined
        ? { range: keysAfter(position), limit }
        : {
            index: BY_GROUP,
            range: keysUnder(group, position),
            limit,
          };
    const rows = await this.#vault.select(RECEIVED, selection);
    return Promise.all(rows.map((row) => this.#opened(row)));
  }

  /** The position of the last row, 0 before the first. */
  async last(): Promise<number> {
    return this.#vault.lastNumber(RECEIVED);
  }

  async #opened(found: unknown): Promise<Received> {
    const row = new Row(RECEIVED, found);
    const position = row.number('position');
    const group = row.bytes('group');
    const place = rowBytes(position, group, row.bytes('envelope'));
    const opened = await this.#vault.seal.open(RECEIVED, place, row.bytes('sealed'));
    return { position, group, taken: parseWhole(readTaken, opened) };
  }
}

/** Everything about a row that is not sealed, which its seal therefore binds. */
function rowBytes(position: number, group: Uint8Array, envelope: Uint8Array): Uint8Array {
  return concat(u64(BigInt(position)), opaque(group), opaque(envelope));
}

function takenBytes(taken: Taken): Uint8Array {
  switch (taken.kind) {
    case 'message':
      return concat(
        u8(MESSAGE),
        u64(taken.epoch),
        memberBytes(taken.sender),
        opaque(taken.authenticated),
        opaque(taken.plaintext),
      );
    case 'proposal':
      return concat(
        u8(PROPOSAL),
        u64(taken.epoch),
        optional(taken.sender && memberBytes(taken.sender)),
        u16(taken.type),
        opaque(taken.reference),
      );
    case 'commit':
      return concat(
        u8(COMMIT),
        u64(taken.epoch),
        memberBytes(taken.sender),
        vector(taken.added.map(memberBytes)),
        vector(taken.removed.map(memberBytes)),
        u8((taken.isOwn ? 1 : 0) | (taken.isSelfRemoved ? 2 : 0) | (taken.endsGroup ? 4 : 0)),
      );
  }
}

function readTaken(reader: Reader): Taken {
  const kind = reader.u8();
  const epoch = reader.u64();
  switch (kind) {
    case MESSAGE:
      return {
        kind: 'message',
        epoch,
        sender: readMember(reader),
        authenticated: reader.opaque(MAX_VARINT),
        plaintext: reader.opaque(MAX_VARINT),
      };
    case PROPOSAL:
      return {
        kind: 'proposal',
        epoch,
        sender: reader.optional(readMember),
        type: reader.u16(),
        reference: reader.opaque(),
      };
    case COMMIT:
      return readCommit(reader, epoch);
    default:
      throw damaged(RECEIVED);
  }
}

function readCommit(reader: Reader, epoch: bigint): CommitTaken {
  const sender = readMember(reader);
  const added = reader.vector(readMember, MAX_VARINT);
  const removed = reader.vector(readMember, MAX_VARINT);
  const flags = reader.u8();
  return {
    kind: 'commit',
    epoch,
    sender,
    added,
    removed,
    isOwn: (flags & 1) !== 0,
    isSelfRemoved: (flags & 2) !== 0,
    endsGroup: (flags & 4) !== 0,
  };
}

function memberBytes(member: MemberView): Uint8Array {
  return concat(
    u32(member.leafIndex),
    u16(member.credentialType),
    opaque(member.credential),
    opaque(member.signatureKey),
  );
}

function readMember(reader: Reader): MemberView {
  return {
    leafIndex: reader.u32(),
    credentialType: reader.u16(),
    credential: reader.opaque(),
    signatureKey: reader.opaque(),
  };
}
