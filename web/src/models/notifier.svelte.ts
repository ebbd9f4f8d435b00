/**
 * How the page tells of messages: a tone while it is looked at, a notification while it is not, and
 * the server's wake-ups while it is closed. Nothing is asked of the browser before the person wants it.
 */

import type { AccountSlot } from '../base/account_slots.ts';
import { PlauschError } from '../base/errors.ts';
import type { Notice, NoticeChoices, Permission } from '../base/notices.ts';
import type { ConversationView, MessageView } from '../sdk/protocol.ts';
import { language, words } from '../words/words.svelte.ts';
import type { Messenger } from './messenger.ts';
import {
  ANSWER_MS,
  GENERAL_TAG,
  isBookingNews,
  isFresh,
  isWanted,
  noticeOf,
  tagOf,
  unreadTagOf,
} from './notices.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { PageTimers } from './timing.ts';

/** Older messages are caught up on: they make no noise. */
const FRESH_MS = 60_000;

/** The browser's notifications (platform/notice_board.ts). */
export interface Board {
  readonly permission: Permission;
  ask(): Promise<Permission>;
  show(notice: Notice): Promise<void>;
  close(tag: string): Promise<void>;
  badge(count: number): void;
  subscribe(key: Uint8Array): Promise<string | undefined>;
  unsubscribe(): Promise<void>;
}

/** What the browser does for notices. */
export interface NoticeSide {
  readonly board: Board;
  /** Nobody looks at the page. */
  readonly isHidden: () => boolean;
  readonly chime: () => void;
  /** For the service worker. */
  readonly keep: (choices: NoticeChoices) => Promise<void>;
  /** In how many conversations something is new, for the browser's other account. */
  readonly tally: (unread: number) => Promise<void>;
  /** The account is gone: for the service worker too. */
  readonly drop: () => Promise<void>;
}

/** A browser that has nothing of the kind. */
export const NO_NOTICES: NoticeSide = {
  board: {
    permission: 'unsupported',
    ask: () => Promise.resolve('unsupported'),
    show: () => Promise.resolve(),
    close: () => Promise.resolve(),
    badge: () => undefined,
    subscribe: () => Promise.resolve(undefined),
    unsubscribe: () => Promise.resolve(),
  },
  isHidden: () => false,
  chime: () => undefined,
  keep: () => Promise.resolve(),
  tally: () => Promise.resolve(),
  drop: () => Promise.resolve(),
};

export interface NotifierParts extends NoticeSide {
  readonly messenger: Messenger;
  readonly preferences: Preferences;
  readonly own: () => string;
  readonly timers: PageTimers;
  /** A conversation as the list has it now. */
  readonly viewOf: (conversation: string) => ConversationView | undefined;
  /** A business's agent is there and answers most of what comes by itself. */
  readonly isTended: () => boolean;
  readonly slot: AccountSlot;
  /** There is another account in this browser; the browser's one subscription is its as well. */
  readonly isOneOfTwo: () => boolean;
}

export class Notifier {
  permission = $state<Permission>('unsupported');
  /** The server wakes this browser also while Plausch is closed. */
  isWoken = $state(false);
  /** Something came while notifications were neither wanted nor refused. */
  hasMissed = $state(false);
  readonly #parts: NotifierParts;
  #isHanding = false;
  #isDropped = false;
  #isForgotten = false;
  #tallied: number | undefined;
  /** What became of bookings, as this page has told: a card comes again when it is read. */
  readonly #booked = new Set<string>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.permission = parts.board.permission;
  }

  /** Wanted, and allowed. */
  get isOn(): boolean {
    return this.permission === 'granted' && this.#parts.preferences.notifies;
  }

  /** A quiet question, once, after the first message that came. */
  get isHintDue(): boolean {
    const { preferences } = this.#parts;
    return (
      this.hasMissed && this.permission === 'default' && !preferences.isHintClosed && !this.isOn
    );
  }

  /** The person wants it: the browser asks, then the server is told. */
  async turnOn(): Promise<void> {
    const { board, preferences } = this.#parts;
    this.permission = await board.ask();
    preferences.setNotifies(this.permission === 'granted');
    preferences.closeHint();
    await this.online();
  }

  async turnOff(): Promise<void> {
    const { board, preferences, isOneOfTwo } = this.#parts;
    preferences.setNotifies(false);
    this.isWoken = false;
    if (!isOneOfTwo()) {
      await board.unsubscribe();
    }
    await this.#drop();
  }

  /** There is a connection: say where this browser is to be woken, once in a page's life. */
  async online(): Promise<void> {
    if (!this.isOn) {
      // Only the server can leave out one of two accounts, and may not have heard it the last time.
      if (this.permission === 'granted' && this.#parts.isOneOfTwo() && !this.#isDropped) {
        await this.#drop();
      }
      return;
    }
    if (this.isWoken || this.#isHanding) {
      return;
    }
    this.#isDropped = false;
    this.#isHanding = true;
    const { board, messenger } = this.#parts;
    try {
      const endpoint = await board.subscribe(await messenger.ask('wakeUpKey', {}));
      if (endpoint !== undefined) {
        await messenger.ask('setWakeUp', { endpoint });
        this.isWoken = true;
      }
    } catch (error) {
      demandExpected(error); // the next connection tries again
    } finally {
      this.#isHanding = false;
    }
  }

  /**
   * A message came. `isOpen`: its conversation is what the page shows. What a business's agent
   * answers, nobody is told of, except that something is booked or cancelled.
   */
  arrived(message: MessageView, isOpen: boolean, isBlocked: boolean): void {
    const { timers, viewOf, isTended } = this.#parts;
    const view = viewOf(message.conversation);
    if (view === undefined || message.sentAtMs <= timers.now() - FRESH_MS) {
      return;
    }
    if (isBookingNews(message)) {
      const booked = bookingIn(message);
      if (!this.#booked.has(booked)) {
        this.#booked.add(booked);
        this.#tell(message, view, true, isBlocked);
      }
    } else if (isFresh(message) && isTended()) {
      timers.setTimeout(() => {
        void this.#tellUnread(message, isOpen, isBlocked);
      }, ANSWER_MS);
    } else if (isFresh(message)) {
      this.#tell(message, view, isOpen, isBlocked);
    }
  }

  /** Only if this very message still waits to be read. */
  async #tellUnread(message: MessageView, isOpen: boolean, isBlocked: boolean): Promise<void> {
    const { messenger, viewOf } = this.#parts;
    const { conversation, id } = message;
    try {
      if (!(await messenger.ask('isUnread', { conversation, message: id }))) {
        return;
      }
    } catch (error) {
      demandExpected(error); // then its conversation says whether anything waits
    }
    const view = viewOf(conversation);
    if (view !== undefined && view.unread > 0) {
      this.#tell(message, view, isOpen, isBlocked);
    }
  }

  /** With a notification while the page is hidden, else with a tone unless it `isSeen` there. */
  #tell(message: MessageView, view: ConversationView, isSeen: boolean, isBlocked: boolean): void {
    const { board, preferences, own, timers, isHidden, chime, slot, isOneOfTwo } = this.#parts;
    const { showsText } = preferences;
    const about = { slot, isOneOfTwo: isOneOfTwo(), nowMs: timers.now() };
    const reader = { ...about, own: own(), words: words(), showsText };
    if (!isWanted(message, view, reader, isBlocked)) {
      return;
    }
    this.hasMissed = true;
    if (isHidden()) {
      if (this.isOn) {
        void board.show(noticeOf(message, view, reader));
      }
    } else if (!isSeen && preferences.sounds) {
      chime();
    }
  }

  /** A conversation was read, here or in another tab. */
  read(conversation: string): void {
    void this.#parts.board.close(tagOf(this.#parts.slot, conversation));
  }

  /** The page is looked at: what says no more than "look" has done its work. */
  seen(): void {
    const { board, slot } = this.#parts;
    void board.close(GENERAL_TAG);
    void board.close(unreadTagOf(slot));
  }

  /** How many conversations have something new, here and in the browser's other account. */
  count(unread: number, otherUnread: number): void {
    if (!this.#isForgotten) {
      this.#parts.board.badge(unread + otherUnread);
      if (unread !== this.#tallied) {
        this.#tallied = unread;
        void this.#parts.tally(unread);
      }
    }
  }

  /** For the service worker, which cannot read the preferences. */
  async keepChoices(): Promise<void> {
    const { preferences, keep, own } = this.#parts;
    const { showsText, notifies } = preferences;
    const choices = { language: language(), showsText, notifies, address: own() };
    if (choices.address !== '' && !this.#isForgotten) {
      await keep(choices);
    }
  }

  /**
   * The account is gone from this browser: nobody is woken for it. The other one hands in a new
   * subscription as soon as a page of it is opened, which is at once.
   */
  async forget(): Promise<void> {
    const { board, preferences, drop } = this.#parts;
    this.#isForgotten = true;
    preferences.forget();
    board.badge(0);
    await board.unsubscribe();
    await drop().catch(() => undefined); // A wake-up that comes all the same finds nobody here.
  }

  async #drop(): Promise<void> {
    try {
      await this.#parts.messenger.ask('dropWakeUp', {});
      this.#isDropped = true;
    } catch (error) {
      demandExpected(error); // the server finds out by its first wake-up, or at the next connection
    }
  }
}

/** Of which booking it is, and what became of it: said again, it is no news. */
function bookingIn({ card, id }: MessageView): string {
  return card?.kind === 'booking' ? `${card.uid} ${String(card.sequence)} ${card.state}` : id;
}

/** Throws what is a defect of this program. */
function demandExpected(error: unknown): void {
  if (!(error instanceof PlauschError)) {
    throw error;
  }
}
