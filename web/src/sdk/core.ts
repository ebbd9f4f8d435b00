/**
 * What the parts of a device share: vault, trust, server, feed, and its live conversations.
 *
 * A live conversation is the one place where its MLS group is changed. Whoever changes it does so
 * inside `Core.changing`, and writes the group's new state and everything that follows from it in
 * one transaction; only after that is anything sent or told. When anything fails, the group in
 * memory is dropped, and the vault's is the truth again.
 */

import { PlauschError } from '../base/errors.ts';
import {
  type AccountAddress,
  type ConversationId,
  conversationUri,
  DeviceAddress,
} from '../base/ids.ts';
import { EpochMark } from '../content/fork.ts';
import { Credential, type CredentialJudge, PLAUSCH } from '../mls/credential.ts';
import type { Group } from '../mls/group.ts';
import type { SignatureVerifier } from '../mls/signature_checks.ts';
import type { Clock } from '../platform/clock.ts';
import { StorageUnavailable, type Write } from '../platform/database.ts';
import { Turns } from '../platform/turns.ts';
import { type AccountOwn, AccountOwnTable } from '../vault/account_own.ts';
import { Conversations, type KeptConversation } from '../vault/conversations.ts';
import { Chunks } from '../vault/chunks.ts';
import { debtName, Debts } from '../vault/debts.ts';
import { Groups } from '../vault/groups.ts';

import { Marks } from '../vault/marks.ts';
import { Messages } from '../vault/messages.ts';
import { Problems } from '../vault/problems.ts';
import { KeyPackages } from '../vault/key_packages.ts';
import type { Vault } from '../vault/vault.ts';
import { DeviceNaming } from './device_naming.ts';
import { ConversationBroken, ServerRefused, TrustRefused } from './errors.ts';
import type { Event, Feed } from './events.ts';
import { failureOf } from './failure.ts';
import type { Server } from './server.ts';
import { NeedsAccount, type Trust } from './trust.ts';

/** Epoch authenticators kept to check marks of messages written a little earlier. */
export const EPOCHS_REMEMBERED = 8;

const FIRST_PATIENCE_MS = 250;
const LONGEST_PATIENCE_MS = 60_000;

/** A conversation in memory. */
export class Live {
  /** The largest seq that the server spoke of. */
  head = 0;

  /** The largest seq that was pushed since the log was last asked for. */
  told = 0;

  /** The largest seq at which the server took a message of ours. */
  accepted = 0;

  group: Group | undefined;
  readonly turns = new Turns();
  readonly reading = new Turns();
  readonly authenticators = new Map<bigint, Uint8Array>();

  /** Devices that cannot be added, with the connection on which that was found. */
  readonly tried = new Map<string, number>();

  /**
   * Devices that proposed their own removal in an epoch that ended without it; forgotten when this
   * device ends, as others have seen it too.
   */
  readonly leaving = new Set<string>();

  constructor(public kept: KeptConversation) {}

  get id(): ConversationId {
    return this.kept.id;
  }

  /** Keep this epoch's authenticator for a while. */
  rememberEpoch(group: Group): void {
    this.authenticators.set(group.epoch, group.epochAuthenticator);
    for (const epoch of this.authenticators.keys()) {
      if (this.authenticators.size <= EPOCHS_REMEMBERED) {
        return;
      }
      this.authenticators.delete(epoch);
    }
  }

  /** Devices of this account may be added again. */
  tryAgain(address: AccountAddress): void {
    for (const uri of this.tried.keys()) {
      if (DeviceAddress.parseUri(uri).account.equals(address)) {
        this.tried.delete(uri);
      }
    }
  }

  /** It came with the history of another device: this one is about to be added to it. */
  get isAwaited(): boolean {
    return this.kept.state === 'broken' && this.kept.epoch === 0n;
  }

  /** The participants without this account. */
  others(own: AccountAddress): readonly AccountAddress[] {
    return this.kept.participants.filter((address) => !address.equals(own));
  }
}

/** What a core is made of. */
export interface CoreParts {
  readonly vault: Vault;
  readonly own: AccountOwn;
  readonly server: Server;
  readonly trust: Trust;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly verifier: SignatureVerifier;
  readonly subtle: SubtleCrypto;
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** The shared parts of one device. */
export class Core {
  readonly vault: Vault;
  readonly server: Server;
  readonly trust: Trust;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly verifier: SignatureVerifier;
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly ownTable: AccountOwnTable;
  readonly keyPackages: KeyPackages;
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly messages: Messages;
  readonly debts: Debts;
  readonly marks: Marks;
  readonly problems: Problems;
  readonly chunks: Chunks;
  readonly naming: DeviceNaming;
  readonly subtle: SubtleCrypto;
  readonly lives = new Map<string, Live>();

  /** Messages whose files are not on the server yet: they are passed over until they are. */
  readonly held = new Set<string>();

  /** The connection on which everything was read that had moved before it. */
  caughtUpOn = 0;

  own: AccountOwn;
  #waiting = new Map<string, PromiseWithResolvers<number>>();
  #isClosed = false;

  constructor(parts: CoreParts) {
    const { vault } = parts;
    this.vault = vault;
    this.own = parts.own;
    this.server = parts.server;
    this.trust = parts.trust;
    this.feed = parts.feed;
    this.clock = parts.clock;
    this.verifier = parts.verifier;
    this.pause = parts.pause;
    this.random = parts.random;
    this.ownTable = new AccountOwnTable(vault);
    this.keyPackages = new KeyPackages(vault);
    this.conversations = new Conversations(vault);
    this.groups = new Groups(vault);
    this.messages = new Messages(vault);
    this.debts = new Debts(vault);
    this.marks = new Marks(vault);
    this.problems = new Problems(vault);
    this.chunks = new Chunks(vault);
    this.naming = new DeviceNaming(vault);
    this.subtle = parts.subtle;
    this.feed.listen((event) => {
      if (event.what === 'contact') {
        this.#tellConversationsWith(event.address);
      }
    });
  }

  // -- who we are

  get address(): AccountAddress {
    return this.own.device.account;
  }

  get device(): DeviceAddress {
    return this.own.device;
  }

  /** What this device's leaves show. */
  get credential(): Credential {
    return new Credential(PLAUSCH, this.own.certificate);
  }

  get nowS(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The conversation's MIMI URI. */
  roomUri(conversation: ConversationId): string {
    return conversationUri(this.address.domain, conversation);
  }

  // -- conversations

  /** Read the conversations from the vault. Throws VaultDamaged, StorageUnavailable. */
  async load(): Promise<void> {
    await Promise.all([this.messages.load(), this.debts.load(), this.naming.load()]);
    for (const { message } of await this.chunks.uploads()) {
      this.held.add(message.hex);
    }
    for (const kept of await this.conversations.all()) {
      this.lives.set(kept.id.hex, new Live(kept));
    }
  }

  /** A conversation in memory, undefined when there is none of this id. */
  live(id: ConversationId): Live | undefined {
    return this.lives.get(id.hex);
  }

  /**
   * The conversation's group; call it inside `changing`.
   *
   * Throws ConversationBroken when this device has none, VaultDamaged.
   */
  async group(live: Live): Promise<Group> {
    if (live.group === undefined) {
      live.group = await this.groups.load(live.id.bytes);
      if (live.group === undefined) {
        throw new ConversationBroken('This device is not a member of the conversation.');
      }
      live.rememberEpoch(live.group);
    }
    return live.group;
  }

  /** The group's state as it is now; `epochMoved`: more than one message's keys changed. */
  async saveGroup(live: Live, epochMoved: boolean): Promise<readonly Write[]> {
    if (live.group === undefined) {
      return [];
    }
    const { epochState, ratchetState } = live.group.save();
    const writes = [await this.groups.putRatchet(live.id.bytes, ratchetState)];
    ratchetState.fill(0);
    if (epochMoved) {
      live.rememberEpoch(live.group);
      writes.push(await this.groups.putEpoch(live.id.bytes, epochState));
    }
    return writes;
  }

  /** Change a conversation; after any error memory is taken back to what the vault holds. */
  async changing<T>(live: Live, step: () => Promise<T>): Promise<T> {
    return live.turns.run(async () => {
      try {
        return await step();
      } catch (error) {
        live.group = undefined;
        if (!this.#isClosed) {
          live.kept = (await this.conversations.get(live.id)) ?? live.kept;
        }
        throw error;
      }
    });
  }

  /** The mark of the group's present epoch. */
  mark(group: Group): EpochMark {
    return EpochMark.of(group.epoch, group.epochAuthenticator);
  }

  // -- judging

  /**
   * Run an MLS operation with a judge that knows what it needs to know; `known` are accounts
   * (`name@domain`) that were looked up for it already.
   *
   * Throws what the operation throws, and Unreachable.
   */
  async judged<T>(
    operate: (judge: CredentialJudge) => Promise<T>,
    known: Iterable<string> = [],
  ): Promise<T> {
    const lookedUp = new Set(known);
    for (;;) {
      try {
        return await operate(this.trust.judge(lookedUp));
      } catch (error) {
        if (!(error instanceof NeedsAccount)) {
          throw error;
        }
        await this.lookUp(error.address);
        lookedUp.add(error.address.toString());
      }
    }
  }

  /** Refresh what is known; what cannot be believed becomes a problem. Throws Unreachable. */
  async lookUp(address: AccountAddress): Promise<void> {
    try {
      await this.trust.refresh(address);
    } catch (error) {
      if (error instanceof TrustRefused || error instanceof ServerRefused) {
        await this.report(undefined, undefined, error);
        return;
      }
      throw error;
    }
  }

  // -- telling

  /** What to write and to tell about something not believed. */
  async problem(
    conversation: ConversationId | undefined,
    seq: number | undefined,
    error: PlauschError,
  ): Promise<readonly [writes: readonly Write[], event: Event]> {
    const atMs = this.clock.nowMs();
    const { code, message: sentence } = error;
    const writes = await this.problems.add({ conversation, seq, code, sentence, atMs });
    return [writes, { what: 'problem', conversation, code, sentence, atMs }];
  }

  /** Write and tell about something not believed. */
  async report(
    conversation: ConversationId | undefined,
    seq: number | undefined,
    error: PlauschError,
  ): Promise<void> {
    const [writes, event] = await this.problem(conversation, seq, error);
    await this.vault.write(writes);
    this.feed.tell(event);
  }

  // -- waiting

  /** Resolved with the seq when this debt is in the log, or rejected with what prevents it. */
  waiter(idempotencyId: Uint8Array): Promise<number> {
    const name = debtName(idempotencyId);
    let waiting = this.#waiting.get(name);
    if (waiting === undefined) {
      waiting = Promise.withResolvers<number>();
      waiting.promise.catch(() => undefined); // nobody may be waiting
      this.#waiting.set(name, waiting);
    }
    return waiting.promise;
  }

  /** The debt is in the log at `seq`. */
  fulfil(idempotencyId: Uint8Array, seq: number): void {
    const name = debtName(idempotencyId);
    this.#waiting.get(name)?.resolve(seq);
    this.#waiting.delete(name);
  }

  /** It cannot be paid, for now or for good. */
  disappoint(idempotencyId: Uint8Array, error: PlauschError): void {
    const name = debtName(idempotencyId);
    this.#waiting.get(name)?.reject(error);
    this.#waiting.delete(name);
  }

  // -- tasks

  /**
   * Do something in the background; as long as the vault takes nothing (a full disk), again, with
   * growing patience. What was not written counts as not done.
   */
  async patiently(step: () => Promise<void>): Promise<void> {
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      try {
        await step();
        return;
      } catch (error) {
        if (!(error instanceof StorageUnavailable)) {
          throw error;
        }
        this.#tellProblem(error);
      }
      await this.pause(this.jitteredMs(attempt));
    }
  }

  /** How long to wait before another attempt: anything up to the bound of this one. */
  jitteredMs(attempt: number): number {
    const bound = Math.min(LONGEST_PATIENCE_MS, FIRST_PATIENCE_MS * 2 ** Math.min(attempt, 16));
    return this.random() * bound;
  }

  /** Run something in the background; what goes wrong in it is told. */
  spawn(step: () => Promise<void>): void {
    if (this.#isClosed) {
      return;
    }
    void step().catch((error: unknown) => {
      if (this.#isClosed) {
        return;
      }
      if (error instanceof PlauschError) {
        this.#tellProblem(error);
        return;
      }
      this.#tellProblem(asDefect(error));
    });
  }

  /** No more background work begins; whoever waits is told by `farewell`. */
  close(farewell: PlauschError): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) {
      reject(farewell);
    }
    this.#waiting.clear();
  }

  /** An account looks otherwise, so do its conversations: a key that has changed stops them. */
  #tellConversationsWith(address: AccountAddress): void {
    for (const { id, kept } of this.lives.values()) {
      if (kept.has(address)) {
        this.feed.tell({ what: 'conversation', conversation: id });
      }
    }
  }

  #tellProblem({ code, message: sentence }: PlauschError): void {
    const atMs = this.clock.nowMs();
    this.feed.tell({ what: 'problem', conversation: undefined, code, sentence, atMs });
  }
}

/** A defect of this program, as a problem that a person may pass on. */
function asDefect(error: unknown): PlauschError {
  const { code, fault, sentence } = failureOf(error);
  return new PlauschError(sentence, { code, fault, cause: error });
}
