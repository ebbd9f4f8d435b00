/**
 * What a device asks its server for, in words of this program: `server_frames.ts` says it in frames.
 *
 * All of it throws ServerRefused, ServerMisbehaved, Unreachable (at once when there is no
 * connection).
 */

import type { ConversationId } from '../base/ids.ts';
import type { Recovery } from './recovery_settings.ts';

/** One entry of a log as the server shows it. Kinds: 1 message, 2 proposal, 3 Commit. */
export interface Envelope {
  readonly seq: number;
  readonly epoch: number;
  readonly kind: number;
  readonly acceptedAtMs: number;
  readonly sender: string;
  readonly message: Uint8Array;

  /** By which the server knows the message again (sdk/franked.ts); empty if it has none. */
  readonly stamp: Uint8Array;
}

export interface Appended {
  readonly seq: number;
  readonly acceptedAtMs: number;
}

/** What is appended. Nobody is woken for what is `quiet`: reports, reactions, changes. */
export type AppendKind = 'message' | 'quiet' | 'proposal';

/** A Commit with what travels beside it. */
export interface Bundle {
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly welcome: Uint8Array;
  readonly welcomeTo: readonly string[];
}

export interface Moved {
  readonly conversation: Uint8Array;
  readonly cursor: number;
  readonly head: number;
}

export interface Resumed {
  readonly hasMail: boolean;
  readonly moved: readonly Moved[];
  readonly hasMore: boolean;
}

export interface MailboxItem {
  readonly item: number;
  readonly conversation: Uint8Array;
  readonly seq: number;
  readonly acceptedAtMs: number;
  readonly welcome: Uint8Array;
}

/** An account as the server shows it; nothing of it is believed before it is verified. */
export interface ShownAccount {
  readonly kind: string;
  readonly identityKey: Uint8Array;
  readonly deviceList: Uint8Array;
}

/** A message as it was decrypted, and with what the server finds out whether it is genuine. */
export interface ReportedMessage {
  readonly conversation: Uint8Array;
  readonly sender: string;
  readonly acceptedAtMs: number;
  readonly stamp: Uint8Array;
  readonly key: Uint8Array;
  readonly content: Uint8Array;
}

/** A report about the account `name`; the same one again has the same id. */
export interface HandedIn {
  readonly name: string;
  readonly reason: string;
  readonly note: string;
  readonly messages: readonly ReportedMessage[];
  readonly idempotencyId: Uint8Array;
}

/** Which businesses; empty is any. `after`: the name of the last one of the page before. */
export interface DirectoryQuery {
  readonly words: string;
  readonly kind: string;
  readonly place: string;
  readonly after: string;
  readonly limit: number;
}

/** What the directory says: accounts' names, not checked yet, and what they are called. */
export interface DirectoryPage {
  readonly found: readonly {
    readonly name: string;
    readonly title: string;
    readonly kind: string;
    readonly postalCode: string;
    readonly locality: string;
  }[];
  readonly more: boolean;
}

/** The server, as long as there is a connection to it. */
export interface Server {
  /** Connected and logged in. */
  readonly isOnline: boolean;

  /** Counts the connections; what was looked up on one may be stale on the next. */
  readonly generation: number;

  /** Throws Unreachable when no connection comes about soon. */
  waitOnline(): Promise<void>;

  getAccount(name: string): Promise<ShownAccount>;
  publishDeviceList(list: Uint8Array, certificates: readonly Uint8Array[]): Promise<void>;
  uploadKeyPackages(packages: readonly Uint8Array[], lastResort: Uint8Array): Promise<void>;
  claimKeyPackages(
    name: string,
    suite: number,
    devices: readonly string[],
  ): Promise<readonly Uint8Array[]>;

  createConversation(id: ConversationId, groupInfo: Uint8Array): Promise<void>;
  append(
    id: ConversationId,
    epoch: bigint,
    kind: AppendKind,
    message: Uint8Array,
    idempotencyId: Uint8Array,
  ): Promise<Appended>;
  appendCommit(
    id: ConversationId,
    epoch: bigint,
    bundle: Bundle,
    idempotencyId: Uint8Array,
  ): Promise<Appended>;
  read(
    id: ConversationId,
    after: number,
    limit: number,
  ): Promise<{ readonly head: number; readonly envelopes: readonly Envelope[] }>;
  resume(after: Uint8Array): Promise<Resumed>;
  cursors(id: ConversationId): Promise<readonly (readonly [device: string, seq: number])[]>;
  readMailbox(after: number, limit: number): Promise<readonly MailboxItem[]>;

  /** Begin a blob or ask how far it is: how many of its bytes the server has. */
  beginBlob(blob: Uint8Array, length: number, digest: Uint8Array): Promise<number>;

  /** The next bytes of a blob; how many of its bytes the server has now. */
  putBlobChunk(blob: Uint8Array, offset: number, chunk: Uint8Array): Promise<number>;
  getBlobChunk(blob: Uint8Array, offset: number, limit: number): Promise<Uint8Array>;
  dropBlob(blob: Uint8Array): Promise<void>;

  /**
   * The account's backup, in place of the one before. `believed`: the lookup of the recovery key
   * that counts, as far as this device knows; empty when a person has just made this one.
   */
  keepBackup(
    recovery: Recovery,
    record: Uint8Array,
    blob: Uint8Array,
    believed: Uint8Array,
  ): Promise<void>;
  dropBackup(): Promise<void>;

  /** Disclose messages to the operator. */
  report(report: HandedIn): Promise<void>;

  /** The newest signed profile of the account `name`; empty when it never had one. */
  profile(name: string): Promise<Uint8Array>;

  /** The next signed profile of this account; the same one again is taken again. */
  publishProfile(profile: Uint8Array): Promise<void>;

  /** This account has no public profile any more: the signed one is empty. */
  withdrawProfile(profile: Uint8Array): Promise<void>;
  searchDirectory(query: DirectoryQuery): Promise<DirectoryPage>;

  /** By which key the server signs its wake-ups: an uncompressed point of P-256. */
  wakeUpKey(): Promise<Uint8Array>;

  /** Wake this device at this endpoint of a push service from now on. */
  setWakeUp(endpoint: string): Promise<void>;
  dropWakeUp(): Promise<void>;

  /** These have no answer; without a connection nothing happens. */
  acknowledge(id: Uint8Array, seq: number): void;
  acknowledgeMailbox(item: number): void;
}
