/** The mailbox: Welcomes, each judged once the log says what it is, and the logs that they open. */

import { ConversationId } from '../base/ids.ts';
import type { Core, Live } from './core.ts';
import type { Epochs } from './epochs.ts';
import { ServerRefused, Unreachable } from './errors.ts';
import type { Joining } from './joining.ts';
import type { MailboxItem } from './server.ts';
import type { Stock } from './stock.ts';

const MAILBOX_LIMIT = 50;

/** Who reads logs. */
export interface LogReader {
  readonly catchUpIfAllowed: (live: Live, head: number) => Promise<void>;
  readonly readUpTo: (live: Live, seq: number) => Promise<void>;
}

/** Reads the mailbox. */
export class Mail {
  readonly #core: Core;
  readonly #joining: Joining;
  readonly #stock: Stock;
  readonly #epochs: Epochs;
  readonly #reader: LogReader;

  /** On this connection a Welcome could not be judged: nothing of the mailbox is forgotten. */
  #isLeft = false;

  constructor(core: Core, joining: Joining, stock: Stock, epochs: Epochs, reader: LogReader) {
    this.#core = core;
    this.#joining = joining;
    this.#stock = stock;
    this.#epochs = epochs;
    this.#reader = reader;
  }

  /** Something has come: take it, however long the vault does not. */
  async look(): Promise<void> {
    const core = this.#core;
    try {
      await core.patiently(() => this.fetch(core.own.mailbox));
    } catch (error) {
      if (error instanceof Unreachable) {
        return; // the next connection asks again
      }
      if (!(error instanceof ServerRefused)) {
        throw error;
      }
      await core.report(undefined, undefined, error);
    }
  }

  /**
   * Join what we were invited to, and read those logs. Throws Unreachable, ServerRefused.
   *
   * `after` is 0 once on each connection: what was taken is not in the mailbox any more, unless its
   * acknowledgement was lost, or its number was a lie behind which others would be hidden.
   */
  async fetch(after: number): Promise<void> {
    await this.#joining.inTurn(async () => {
      this.#isLeft &&= after > 0;
      for (let last: number | undefined = after; last !== undefined;) {
        last = await this.#fetchSome(last);
      }
    });
  }

  /** Take the items after this one; the last of them, undefined when there are no more. */
  async #fetchSome(after: number): Promise<number | undefined> {
    const items = await this.#core.server.readMailbox(after, MAILBOX_LIMIT);
    let hasJoined = false;
    for (const item of items) {
      const live = await this.#take(item);
      if (live !== undefined) {
        hasJoined = true;
        // One more than known: the answer says what the head really is.
        await this.#reader.catchUpIfAllowed(live, live.kept.cursor + 1);
        this.#epochs.lookAfter(live, true); // what was owed before it was left or torn
      }
    }
    if (hasJoined) {
      this.#core.spawn(() => this.#core.patiently(() => this.#stock.refill()));
    }
    const last = Math.max(after, ...items.map(({ item }) => item));
    return last > after ? last : undefined;
  }

  /**
   * Take a Welcome, once the log says what it is; until then it stays in the mailbox, and with it
   * those behind it, which are taken all the same. Throws Unreachable.
   */
  async #take(item: MailboxItem): Promise<Live | undefined> {
    const live = this.#core.live(ConversationId.of(item.conversation));
    let isAnew = false;
    if (live?.kept.state === 'open') {
      try {
        isAnew = await this.#readBefore(item, live);
      } catch (error) {
        if (!(error instanceof ServerRefused)) {
          throw error;
        }
        this.#isLeft = true;
        await this.#core.report(live.id, item.seq, error);
        return undefined;
      }
    }
    return this.#joining.take(item, { isAnew, isLeft: this.#isLeft });
  }

  /**
   * A Welcome for a conversation that this device is in: it comes a second time, or this device was
   * removed before it and has not read so yet. Read up to the Welcome's Commit.
   *
   * Whether the server says that this device is in only after that Commit, though its log holds no
   * removal: it is too old, or was not believed. Throws Unreachable, ServerRefused.
   */
  async #readBefore({ seq }: MailboxItem, live: Live): Promise<boolean> {
    await this.#reader.readUpTo(live, seq);
    return Math.max(live.kept.cursor, live.kept.known) < seq && seq <= live.head;
  }
}
