/**
 * One open conversation: the stretch of its log that is loaded, and what was new when it was opened.
 *
 * The stretch grows at either end as the person scrolls; after a jump it begins anew around the
 * message jumped to. What arrives is taken in only when the stretch reaches the log's end.
 */

import { comparePlaces } from '../base/place.ts';
import type { Answered, MessageView, Stretch } from '../sdk/protocol.ts';
import { dayKey } from '../words/format.ts';
import { cardStates, type CardStates } from './cards.ts';
import type { Messenger } from './messenger.ts';
import { merged, type Row, Rows, type UnreadLine } from './rows.ts';

/** Messages fetched at once. */
export const STRETCH = 60;

/** With more unread messages than this the log opens at the first of them, not whole. */
const MOST_UNREAD_AT_ONCE = 150;

/** Of what is shown, so many messages are read again when the device is in another worker. */
const MOST_READ_AGAIN = STRETCH + MOST_UNREAD_AT_ONCE;

export class OpenConversation {
  readonly id: string;
  messages = $state.raw<readonly MessageView[]>([]);
  hasEarlier = $state(false);
  hasLater = $state(false);
  isLoaded = $state(false);
  /** True for the moment in which lines are put before the others: the list keeps its place. */
  isPrepending = $state(false);
  unread = $state.raw<UnreadLine | undefined>(undefined);
  /** Arrived at the end while the person was reading further up. */
  newBelow = $state(0);
  /** The message that was jumped to, marked for a moment. */
  marked = $state<string | undefined>(undefined);
  selected = $state.raw<ReadonlySet<string> | undefined>(undefined);
  readonly rows: readonly Row[] = $derived.by(() =>
    this.#rows.of(this.messages, {
      unread: this.unread,
      isWhole: this.isLoaded && !this.hasEarlier,
      dayOf: dayKey,
    }),
  );
  readonly cards: CardStates = $derived.by(() => cardStates(this.messages));
  readonly #messenger: Messenger;
  readonly #rows = new Rows();
  readonly #early = new Map<string, MessageView>();
  #isAtEnd = true;
  #loading: Promise<void> | undefined;
  #readUpTo = '';

  constructor(id: string, messenger: Messenger) {
    this.id = id;
    this.#messenger = messenger;
  }

  /**
   * The newest messages, with a line above the first of the `unreadCount` that wait to be read;
   * those around it where it is further up. Throws Refused.
   */
  async open(unreadCount: number): Promise<void> {
    const conversation = this.id;
    const ask = (stretch: Stretch, limit: number): Promise<Answered<'messages'>> =>
      this.#messenger.ask('messages', { conversation, stretch, limit });
    let answer =
      unreadCount > MOST_UNREAD_AT_ONCE
        ? await ask({ from: 'unread' }, STRETCH)
        : await ask({ from: 'end' }, STRETCH + unreadCount);
    if (answer.firstUnread !== undefined && !holds(answer, answer.firstUnread)) {
      answer = await ask({ from: 'unread' }, STRETCH);
    }
    const { firstUnread: before } = answer;
    this.#replace(answer);
    this.unread = before === undefined ? undefined : { before, count: Math.max(1, unreadCount) };
  }

  /**
   * Another worker has the device now, and what was told meanwhile nobody heard: read what is shown
   * once more, where it stands. Throws Refused.
   */
  async readAgain(): Promise<void> {
    const shown = this.messages;
    const middle = shown[Math.floor(shown.length / 2)];
    const stretch: Stretch =
      this.hasLater && middle !== undefined ? { around: middle.id } : { from: 'end' };
    const limit = Math.max(STRETCH, Math.min(shown.length, MOST_READ_AGAIN));
    const asked = { conversation: this.id, stretch, limit };
    const answer = await this.#messenger.ask('messages', asked);
    this.#readUpTo = ''; // the other worker may have ended before it said so
    const [first] = answer.messages;
    const last = answer.messages.at(-1);
    if (first === undefined || last === undefined || isBefore(shown.at(-1) ?? first, first)) {
      this.#replace(answer); // so much came that what is between is not known
      return;
    }
    const gone = shown.filter(
      (message) =>
        !isBefore(message, first) && !isBefore(last, message) && !holds(answer, message.id),
    );
    if (gone.length > 0) {
      this.drop(new Set(gone.map(({ id }) => id)));
    }
    this.apply(answer.messages);
  }

  /** More above. Throws Refused. */
  loadEarlier(): Promise<void> {
    const first = this.messages[0];
    return first === undefined || !this.hasEarlier
      ? Promise.resolve()
      : this.#once({ before: first.place }, (answer) => {
          this.isPrepending = true;
          this.messages = [...fresh(answer.messages, this.messages), ...this.messages];
          this.hasEarlier = answer.hasEarlier;
        });
  }

  /** More below, after a jump. Throws Refused. */
  loadLater(): Promise<void> {
    const last = this.messages.at(-1);
    return last === undefined || !this.hasLater
      ? Promise.resolve()
      : this.#once({ after: last.place }, (answer) => {
          this.isPrepending = false;
          this.messages = [...this.messages, ...fresh(answer.messages, this.messages)];
          this.hasLater = answer.hasLater;
        });
  }

  /** Whether a message is there to be scrolled to, fetching what is around it. Throws Refused. */
  async reach(message: string): Promise<boolean> {
    if (!this.messages.some(({ id }) => id === message)) {
      const stretch: Stretch = { around: message };
      const asked = { conversation: this.id, stretch, limit: STRETCH };
      this.#replace(await this.#messenger.ask('messages', asked));
    }
    const isThere = this.messages.some(({ id }) => id === message);
    this.marked = isThere ? message : undefined;
    return isThere;
  }

  /** Make sure that the stretch reaches the end. Throws Refused. */
  async reachEnd(): Promise<void> {
    this.newBelow = 0;
    if (this.hasLater) {
      const stretch: Stretch = { from: 'end' };
      const asked = { conversation: this.id, stretch, limit: STRETCH };
      this.#replace(await this.#messenger.ask('messages', asked));
    }
  }

  /** Take in what was told: new messages, and changes of those that are shown. */
  apply(changed: readonly MessageView[]): void {
    if (!this.isLoaded) {
      for (const message of changed) {
        this.#early.set(message.id, message);
      }
      return;
    }
    const known = new Set(this.messages.map(({ id }) => id));
    const first = this.messages[0];
    const fitting = changed.filter(
      (message) =>
        known.has(message.id) ||
        ((!this.hasLater || isBefore(message, this.messages.at(-1))) &&
          (!this.hasEarlier || first === undefined || isBefore(first, message))),
    );
    if (fitting.length === 0) {
      return;
    }
    const arrived = fitting.filter(
      ({ id, isOutgoing, kind }) => !known.has(id) && !isOutgoing && kind !== 'event',
    );
    this.isPrepending = false;
    this.messages = merged(this.messages, fitting);
    if (!this.#isAtEnd) {
      this.newBelow += arrived.length;
    }
  }

  /** Take a message off the screen: deleted for oneself, or expired. */
  drop(ids: ReadonlySet<string>): void {
    this.isPrepending = false;
    this.messages = this.messages.filter(({ id }) => !ids.has(id));
  }

  /** The person sees the newest message, or scrolled away from it. */
  setAtEnd(isAtEnd: boolean): void {
    this.#isAtEnd = isAtEnd;
    if (isAtEnd && !this.hasLater) {
      this.newBelow = 0;
    }
  }

  /** What was seen is read; the senders are told, once. Throws Refused. */
  async markRead(upTo: string | undefined): Promise<void> {
    if (upTo !== undefined && upTo !== this.#readUpTo) {
      this.#readUpTo = upTo;
      await this.#messenger.ask('markRead', { conversation: this.id, upTo });
    }
  }

  find(id: string): MessageView | undefined {
    return this.messages.find((message) => message.id === id);
  }

  /** The last message of ours that can still be edited. */
  lastOwn(): MessageView | undefined {
    return this.messages.findLast(
      ({ isOutgoing, kind, isDeleted }) => isOutgoing && kind === 'text' && !isDeleted,
    );
  }

  toggleSelected(id: string): void {
    const selected = new Set(this.selected);
    if (!selected.delete(id)) {
      selected.add(id);
    }
    this.selected = selected.size === 0 ? undefined : selected;
  }

  #replace(answer: Answered<'messages'>): void {
    this.isPrepending = false;
    this.messages = merged(answer.messages, answer.hasLater ? [] : [...this.#early.values()]);
    this.#early.clear();
    this.hasEarlier = answer.hasEarlier;
    this.hasLater = answer.hasLater;
    this.isLoaded = true;
  }

  #once(stretch: Stretch, take: (answer: Answered<'messages'>) => void): Promise<void> {
    this.#loading ??= this.#messenger
      .ask('messages', { conversation: this.id, stretch, limit: STRETCH })
      .then(take)
      .finally(() => {
        this.#loading = undefined;
      });
    return this.#loading;
  }
}

function holds({ messages }: Answered<'messages'>, message: string): boolean {
  return messages.some(({ id }) => id === message);
}

function fresh(answer: readonly MessageView[], known: readonly MessageView[]): MessageView[] {
  const ids = new Set(known.map(({ id }) => id));
  return answer.filter(({ id }) => !ids.has(id));
}

function isBefore(one: MessageView, other: MessageView | undefined): boolean {
  return other !== undefined && comparePlaces(one.place, other.place) < 0;
}
