/**
 * From an archive's records into the vault, some at a time, each portion in one transaction.
 *
 * Whatever this device has already stays as it is; the same records again change nothing. Nothing is
 * believed because it was sealed: a message has to have the id that follows from its content and its
 * author, a device list the signature of its key.
 */

import { textFrom } from '../base/bytes.ts';
import { type AccountAddress, NameRefused } from '../base/ids.ts';
import { ContentError } from '../content/errors.ts';
import { messageId } from '../content/message_id.ts';
import { checkOrigin, decode } from '../content/mimi.ts';
import { Status } from '../content/status.ts';
import { IdentityRefused } from '../identity/errors.ts';
import type { Write } from '../platform/database.ts';
import type { KeptAccount } from '../vault/accounts.ts';
import { type KeptConversation } from '../vault/conversations.ts';
import type { MessageRow } from '../vault/messages.ts';
import { type ArchiveRecord, refused } from './archive_records.ts';
import { type Core, Live } from './core.ts';
import { isEvent } from './event_shape.ts';
import { kindOf } from './history.ts';
import { lastLine } from './last_line.ts';
import { unreadOf } from './unread.ts';

/** Kinds of rows that are about another message. */
const ABOUT: ReadonlySet<MessageRow['kind']> = new Set(['edit', 'delete', 'reaction']);

/**
 * Where an archive comes from: another device that sent it while both were in one hand, or a backup
 * on the server or in a file, for which nobody but the recovery key vouches.
 */
export type ArchiveOrigin = 'device' | 'backup' | 'file';

/** What else is written in the transaction of a portion. */
export type Beside = () => Promise<readonly Write[]>;

/** Takes records over. */
export class ArchiveReading {
  /** Names of devices that were in it. */
  readonly names = new Map<string, string>();

  /** When it was made; undefined before its head was read. */
  madeAtMs: number | undefined;

  readonly #core: Core;
  readonly #origin: ArchiveOrigin;
  readonly #touched: Set<string>;
  #records: number;
  #isOver = false;

  /** `records`: those that were taken over before, when it goes on after an interruption. */
  constructor(core: Core, records = 0, origin: ArchiveOrigin = 'device') {
    this.#core = core;
    this.#origin = origin;
    this.#records = records;
    // Which ones the portions before an interruption were about is not known any more.
    this.#touched = new Set(records > 0 ? core.lives.keys() : []);
  }

  /** How many were taken over. */
  get records(): number {
    return this.#records;
  }

  /** All of it was read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Take some records over. Throws ArchiveRefused, VaultDamaged, StorageUnavailable. */
  async take(records: readonly ArchiveRecord[], beside: Beside): Promise<void> {
    const writes: Write[] = [];
    const fresh: Live[] = [];
    for (const record of records) {
      if (this.#isOver) {
        throw refused('it goes on after its end');
      }
      if (this.#records === 0 && record.kind !== 'head') {
        throw refused('it has no beginning');
      }
      writes.push(...(await this.#writesOf(record, fresh)));
      this.#records += record.kind === 'end' ? 0 : 1;
    }
    await this.#core.vault.write([...writes, ...(await beside())]);
    for (const live of fresh) {
      if (this.#core.live(live.id) === undefined) {
        this.#core.lives.set(live.id.hex, live);
      }
    }
  }

  /** All is there: the list of conversations is told how they stand now. */
  async finish(): Promise<void> {
    const { conversations, vault } = this.#core;
    for (const hex of this.#touched) {
      const live = this.#core.lives.get(hex);
      if (live === undefined) {
        continue;
      }
      await this.#core.changing(live, async () => {
        live.kept.unread = await unreadOf(this.#core, live);
        await vault.write([await conversations.put(live.kept)]);
      });
      await lastLine(this.#core, live);
    }
  }

  async #writesOf(record: ArchiveRecord, fresh: Live[]): Promise<readonly Write[]> {
    const { marks } = this.#core;
    switch (record.kind) {
      case 'head':
        this.#begin(record);
        return [];
      case 'name':
        this.names.set(record.device.uri, record.name);
        return [];
      case 'contact':
        await this.#contact(record.contact);
        return [];
      case 'conversation':
        return this.#conversation(record.conversation, fresh);
      case 'message':
        return this.#message(record.row, fresh);
      case 'reached':
        return [await marks.reach(record.conversation, record.account, record.seq)];
      case 'status':
        if (record.status !== Status.DELIVERED && record.status !== Status.READ) {
          throw refused('a message has a state that there is not');
        }
        return [await marks.report(record.message, record.account, record.status, 0)];
      case 'end':
        if (record.records !== this.#records) {
          throw refused('a part of it is missing');
        }
        this.#isOver = true;
        return [];
    }
  }

  #begin(head: { readonly account: AccountAddress; readonly madeAtMs: number }): void {
    if (this.#records > 0 || !head.account.equals(this.#core.address)) {
      throw refused(
        this.#records > 0 ? 'it begins twice' : `it is one of ${head.account.toString()}`,
      );
    }
    this.madeAtMs = head.madeAtMs;
  }

  async #contact(handed: KeptAccount): Promise<void> {
    if (handed.address.equals(this.#core.address)) {
      return; // nobody has to tell this device who it is
    }
    try {
      await this.#core.trust.take(this.#vouched(handed));
    } catch (error) {
      if (!(error instanceof IdentityRefused)) {
        throw error;
      }
      // What is known here stays; that it does not fit is told.
      await this.#core.report(undefined, undefined, error);
    }
  }

  /** A comparison of numbers counts as far as it is another device of the person that knows of it. */
  #vouched(handed: KeptAccount): KeptAccount {
    const isVouched = this.#origin === 'device' || handed.state !== 'verified';
    return isVouched ? handed : { ...handed, state: 'pinned' };
  }

  /** Settings are taken over; of who is in it, this device's own group is the truth. */
  async #conversation(handed: KeptConversation, fresh: Live[]): Promise<readonly Write[]> {
    const { conversations } = this.#core;
    this.#touched.add(handed.id.hex);
    const live = this.#core.live(handed.id) ?? fresh.find(({ id }) => id.equals(handed.id));
    if (live === undefined) {
      const kept = handed;
      // Its Welcome is on the way: until then it is as one that this device has to come back to.
      kept.state = kept.isOver ? kept.state : 'broken';
      kept.epoch = 0n;
      fresh.push(new Live(kept));
      return [await conversations.putNew(kept)];
    }
    await this.#core.changing(live, async () => {
      const { kept } = live;
      kept.title = kept.title === '' ? handed.title : kept.title;
      kept.picture = kept.picture.length === 0 ? handed.picture : kept.picture;
      kept.link = kept.link.length === 0 ? handed.link : kept.link;
      kept.draft = kept.draft === '' ? handed.draft : kept.draft;
      kept.isPinned ||= handed.isPinned;
      kept.isMentionsOnly ||= handed.isMentionsOnly;
      kept.isRequest = handed.isRequest;
      kept.isArchived = handed.isArchived && kept.unread === 0;
      kept.mutedUntilMs = Math.max(kept.mutedUntilMs, handed.mutedUntilMs);
      kept.expiresAfterS = kept.expiresAfterS === 0 ? handed.expiresAfterS : kept.expiresAfterS;
      kept.readSeq = Math.max(kept.readSeq, handed.readSeq);
      kept.activeAtMs = Math.max(kept.activeAtMs, handed.activeAtMs);
      kept.ordinalMs = Math.max(kept.ordinalMs, handed.ordinalMs);
      await this.#core.vault.write([await conversations.put(kept)]);
    });
    return [];
  }

  async #message(row: MessageRow, fresh: readonly Live[]): Promise<readonly Write[]> {
    const { conversation } = row;
    const isFresh = fresh.some(({ id }) => id.equals(conversation));
    if (!isFresh && this.#core.live(conversation) === undefined) {
      throw refused('a message is in no conversation');
    }
    this.#touched.add(conversation.hex);
    if (row.kind === 'event') {
      checkEvent(row);
    } else {
      this.#checkContent(row);
    }
    const { messages } = this.#core;
    const checked = ABOUT.has(row.kind) ? row : { ...row, target: undefined };
    const add = await messages.add(checked);
    return row.isHidden === true ? [add, messages.hide(row.messageId)] : [add];
  }

  #checkContent(row: MessageRow): void {
    const room = this.#core.roomUri(row.conversation);
    try {
      const content = decode(row.content);
      checkOrigin(content, row.sender.uri, room);
      const isIts = messageId(row.content, row.sender.uri, room).equals(row.messageId);
      if (!isIts || kindOf(content) !== row.kind || (ABOUT.has(row.kind) && !row.target)) {
        throw refused('a message is not what its id says');
      }
    } catch (error) {
      throw error instanceof ContentError || error instanceof NameRefused
        ? refused('a message is damaged', error)
        : error;
    }
  }
}

function checkEvent({ content }: MessageRow): void {
  let event: unknown;
  try {
    event = JSON.parse(textFrom(content));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw refused('a line of a log is damaged', error);
    }
    throw error;
  }
  if (!isEvent(event)) {
    throw refused('a line of a log is damaged');
  }
}
