/** The line between a device and the delivery service, on which a test may let anything go wrong. */

import { equalBytes, toHex } from '../../src/base/bytes.ts';
import type { ConversationId } from '../../src/base/ids.ts';
import type { Refusal } from '../../src/sdk/errors.ts';
import type {
  AppendKind,
  Appended,
  Bundle,
  DirectoryPage,
  DirectoryQuery,
  Envelope,
  HandedIn,
  MailboxItem,
  Moved,
  Resumed,
  Server,
  ShownAccount,
} from '../../src/sdk/server.ts';
import type { Recovery } from '../../src/sdk/recovery_settings.ts';
import type { Pushed } from '../../src/sdk/sync.ts';
import {
  accountOf,
  type Delivery,
  type Kept,
  Log,
  offline,
  refusal,
  type Stored,
  suiteOf,
} from './delivery.ts';

/** What is asked of the server. */
export type Word = Exclude<keyof Server, 'isOnline' | 'generation' | 'waitOnline'>;

/** The line between one device and the server: `Server` as the device sees it. */
export class Line implements Server {
  isOnline = false;
  generation = 0;

  /** What was asked and what was told without being asked, in order. */
  readonly asked: Word[] = [];

  /** Before the server hears it: throws to keep it from that. */
  before: (word: Word) => unknown = () => undefined;

  /** After the server has done it: the answer that comes, or throws. */
  after: (word: Word, answer: unknown) => unknown = (_, answer) => answer;

  /** What becomes of a push. */
  onPush: (pushed: Pushed) => readonly Pushed[] = (pushed) => [pushed];

  /** How many have waited for a connection. */
  waiting = 0;

  /** How many requests a test has made wait. */
  held = 0;

  /** Who hears the pushes. */
  listener: (pushed: Pushed) => void = () => undefined;

  #isListening = false;
  #online = Promise.withResolvers<undefined>();

  constructor(
    readonly delivery: Delivery,
    readonly device: string,
  ) {
    delivery.lines.add(this);
  }

  // --- the wire ------------------------------------------------------------------------------

  connect(): void {
    this.isOnline = true;
    this.generation += 1;
    this.#isListening = false;
    this.#online.resolve(undefined);
  }

  cut(): void {
    this.isOnline = false;
    this.#isListening = false;
    this.#online = Promise.withResolvers();
  }

  hear(pushed: Pushed): void {
    const { generation } = this;
    if (!this.#isListening) {
      return;
    }
    const heard = this.onPush(pushed);
    setImmediate(() => {
      if (this.isOnline && this.generation === generation) {
        heard.forEach((one) => {
          this.listener(one);
        });
      }
    });
  }

  /** The answers to the next `count` of these are lost with the connection. */
  loseAnswers(word: Word, count = 1): void {
    this.#spoil(word, count, 'after', () => {
      this.cut();
      throw offline();
    });
  }

  /** The next `count` of these are refused. */
  refuse(word: Word, code: string, more: Partial<Refusal> = {}, count = 1): void {
    this.#spoil(word, count, 'before', () => {
      throw refusal(code, more);
    });
  }

  /** The next of these is answered so. */
  answer(word: Word, change: (answer: never) => unknown, count = 1): void {
    this.#spoil(word, count, 'after', change);
  }

  /** Wait with the next of these until the test says so. */
  hold(word: Word): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#spoil(word, 1, 'before', () => {
      this.held += 1;
      return promise;
    });
    return () => {
      resolve(undefined);
    };
  }

  #spoil(
    word: Word,
    count: number,
    when: 'before' | 'after',
    then: (answer: never) => unknown,
  ): void {
    let left = count;
    const before = this[when] as (...args: unknown[]) => unknown;
    this[when] = (asked: Word, ...answer: unknown[]): unknown => {
      if (asked === word && left > 0) {
        left -= 1;
        return (then as (...args: unknown[]) => unknown)(...answer);
      }
      return before(asked, ...answer);
    };
  }

  async waitOnline(): Promise<void> {
    if (!this.isOnline) {
      this.waiting += 1;
      await Promise.race([this.#online.promise, soon()]);
    }
    this.#demand(this.generation);
  }

  async #ask<T>(word: Word, step: () => T): Promise<T> {
    const { generation } = this;
    this.#demand(generation);
    await this.before(word);
    await turn();
    this.#demand(generation);
    this.asked.push(word);
    const answer = step();
    const heard = (await this.after(word, answer)) as T;
    await turn();
    this.#demand(generation);
    return heard;
  }

  #demand(generation: number): void {
    if (!this.isOnline || this.generation !== generation) {
      throw offline();
    }
  }

  // --- what is asked -------------------------------------------------------------------------

  getAccount(name: string): Promise<ShownAccount> {
    return this.#ask('getAccount', () => {
      const shown = this.delivery.accounts.get(name);
      if (shown === undefined) {
        throw refusal('unknown_account');
      }
      return shown;
    });
  }

  publishDeviceList(list: Uint8Array): Promise<void> {
    return this.#ask('publishDeviceList', () => {
      const { accounts, devices } = this.delivery;
      const name = accountOf(this.device);
      accounts.set(name, { ...accounts.get(name)!, deviceList: list });
      this.delivery.push(devices.keys(), { push: 'device_list', name });
    });
  }

  uploadKeyPackages(packages: readonly Uint8Array[], lastResort: Uint8Array): Promise<void> {
    return this.#ask('uploadKeyPackages', () => {
      const kept = this.delivery.device(this.device);
      const fresh = packages.filter((one) => !kept.packages.some((had) => equalBytes(had, one)));
      kept.packages.push(...fresh);
      if (lastResort.length > 0) {
        kept.lastResorts.set(suiteOf(lastResort), lastResort);
      }
    });
  }

  claimKeyPackages(
    name: string,
    wanted: number,
    devices: readonly string[],
  ): Promise<readonly Uint8Array[]> {
    return this.#ask('claimKeyPackages', () => {
      const found: Uint8Array[] = [];
      for (const device of devices) {
        const kept = this.delivery.devices.get(device);
        if (kept === undefined || accountOf(device) !== name) {
          throw refusal('unknown_device');
        }
        const at = kept.packages.findIndex((one) => suiteOf(one) === wanted);
        const one = at < 0 ? kept.lastResorts.get(wanted) : kept.packages.splice(at, 1)[0];
        found.push(...(one === undefined ? [] : [one]));
      }
      if (found.length === 0) {
        throw refusal('no_key_package');
      }
      return found;
    });
  }

  createConversation(id: ConversationId, groupInfo: Uint8Array): Promise<void> {
    return this.#ask('createConversation', () => {
      const before = this.delivery.logs.get(id.hex);
      if (before === undefined) {
        const log = new Log(id.bytes, groupInfo);
        log.stays.set(this.device, { from: 0, to: undefined });
        this.delivery.logs.set(id.hex, log);
      } else if (!equalBytes(before.groupInfo, groupInfo)) {
        throw refusal('conversation_exists');
      }
    });
  }

  append(
    id: ConversationId,
    epoch: bigint,
    kind: AppendKind,
    message: Uint8Array,
    idempotencyId: Uint8Array,
  ): Promise<Appended> {
    return this.#ask('append', () =>
      this.delivery.append(this.device, id, epoch, kind, message, idempotencyId),
    );
  }

  appendCommit(
    id: ConversationId,
    epoch: bigint,
    bundle: Bundle,
    idempotencyId: Uint8Array,
  ): Promise<Appended> {
    return this.#ask('appendCommit', () =>
      this.delivery.appendCommit(this.device, id, epoch, bundle, idempotencyId),
    );
  }

  read(
    id: ConversationId,
    after: number,
    limit: number,
  ): Promise<{ readonly head: number; readonly envelopes: readonly Envelope[] }> {
    return this.#ask('read', () => {
      const log = this.delivery.log(id);
      if (!log.stays.has(this.device)) {
        throw refusal('unknown_conversation');
      }
      const readable = log.readableFor(this.device).filter(({ seq }) => seq > after);
      return { head: log.endFor(this.device), envelopes: readable.slice(0, limit) };
    });
  }

  resume(after: Uint8Array): Promise<Resumed> {
    this.#isListening = true;
    return this.#ask('resume', () => {
      const moved: Moved[] = [...this.delivery.logs.values()]
        .filter((log) => log.endFor(this.device) > (log.cursors.get(this.device) ?? 0))
        .map((log) => ({
          conversation: log.id,
          cursor: log.cursors.get(this.device) ?? 0,
          head: log.endFor(this.device),
        }))
        .filter(({ conversation }) => toHex(conversation) > toHex(after));
      return { hasMail: this.#kept.mail.length > 0, moved, hasMore: false };
    });
  }

  cursors(id: ConversationId): Promise<readonly (readonly [device: string, seq: number])[]> {
    return this.#ask('cursors', () => [...this.delivery.log(id).cursors]);
  }

  readMailbox(after: number, limit: number): Promise<readonly MailboxItem[]> {
    return this.#ask('readMailbox', () =>
      this.#kept.mail.filter(({ item }) => item > after).slice(0, limit),
    );
  }

  beginBlob(blob: Uint8Array, length: number): Promise<number> {
    return this.#ask('beginBlob', () => {
      const name = toHex(blob);
      const stored = this.delivery.blobs.get(name) ?? { length, bytes: new Uint8Array(0) };
      this.delivery.blobs.set(name, stored);
      return stored.bytes.length;
    });
  }

  putBlobChunk(blob: Uint8Array, offset: number, chunk: Uint8Array): Promise<number> {
    return this.#ask('putBlobChunk', () => {
      const stored = this.#blob(blob);
      if (offset === stored.bytes.length) {
        stored.bytes = Uint8Array.from([...stored.bytes, ...chunk]);
      }
      return stored.bytes.length;
    });
  }

  getBlobChunk(blob: Uint8Array, offset: number, limit: number): Promise<Uint8Array> {
    return this.#ask('getBlobChunk', () => this.#blob(blob).bytes.slice(offset, offset + limit));
  }

  dropBlob(blob: Uint8Array): Promise<void> {
    return this.#ask('dropBlob', () => {
      this.delivery.blobs.delete(toHex(blob));
    });
  }

  wakeUpKey(): Promise<Uint8Array> {
    return this.#ask('wakeUpKey', () => this.delivery.wakeUpKey);
  }

  setWakeUp(endpoint: string): Promise<void> {
    return this.#ask('setWakeUp', () => {
      this.delivery.wakeUps.set(this.device, endpoint);
    });
  }

  dropWakeUp(): Promise<void> {
    return this.#ask('dropWakeUp', () => {
      this.delivery.wakeUps.delete(this.device);
    });
  }

  report(report: HandedIn): Promise<void> {
    return this.#ask('report', () => {
      this.delivery.report(this.device, report);
    });
  }

  profile(name: string): Promise<Uint8Array> {
    return this.#ask('profile', () => this.delivery.profiles.get(name) ?? new Uint8Array(0));
  }

  publishProfile(profile: Uint8Array): Promise<void> {
    return this.#ask('publishProfile', () => {
      this.delivery.publishProfile(accountOf(this.device), profile);
    });
  }

  withdrawProfile(profile: Uint8Array): Promise<void> {
    return this.#ask('withdrawProfile', () => {
      this.delivery.publishProfile(accountOf(this.device), profile);
    });
  }

  searchDirectory(query: DirectoryQuery): Promise<DirectoryPage> {
    return this.#ask('searchDirectory', () => {
      this.delivery.searched.push(query);
      return this.delivery.directory;
    });
  }

  keepBackup(
    recovery: Recovery,
    record: Uint8Array,
    blob: Uint8Array,
    believed: Uint8Array,
  ): Promise<void> {
    return this.#ask('keepBackup', () => {
      const account = accountOf(this.device);
      const current = this.delivery.recoveryKeys.get(account);
      const isCurrent = [recovery.lookup, believed].some((one) => toHex(one) === current);
      if (believed.length > 0 && current !== undefined && !isCurrent) {
        throw refusal('backup_moved');
      }
      this.delivery.recoveryKeys.set(account, toHex(recovery.lookup));
      this.delivery.backups.set(account, { recovery, record, blob });
    });
  }

  dropBackup(): Promise<void> {
    return this.#ask('dropBackup', () => {
      this.delivery.backups.delete(accountOf(this.device));
      this.delivery.recoveryKeys.set(accountOf(this.device), '');
    });
  }

  acknowledge(conversation: Uint8Array, seq: number): void {
    const log = this.delivery.logs.get(toHex(conversation));
    if (!this.isOnline || log === undefined || seq <= (log.cursors.get(this.device) ?? 0)) {
      return;
    }
    this.asked.push('acknowledge');
    log.cursors.set(this.device, seq);
    const others = log.members.filter((one) => one !== this.device);
    this.delivery.push(others, { push: 'cursor', conversation, device: this.device, seq });
  }

  acknowledgeMailbox(item: number): void {
    if (this.isOnline) {
      this.asked.push('acknowledgeMailbox');
      const { mail } = this.#kept;
      mail.splice(0, mail.filter((one) => one.item <= item).length);
    }
  }

  get #kept(): Kept {
    return this.delivery.device(this.device);
  }

  #blob(blob: Uint8Array): Stored {
    const stored = this.delivery.blobs.get(toHex(blob));
    if (stored === undefined) {
      throw refusal('unknown_blob');
    }
    return stored;
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function soon(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
}
