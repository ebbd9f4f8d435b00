/**
 * What the service worker does when it is woken: read what is new by the device itself, show it, go
 * back to sleep. The wake-up says nothing; everything is fetched and decrypted here.
 *
 * While a page is open, the page has the vault and shows what comes; then the service worker only
 * makes sure that something is shown, because browsers end the subscription of who shows nothing.
 *
 * Two accounts of one browser are woken by the same wake-up: they are read one after the other.
 */

import type { AccountSlot } from '../base/account_slots.ts';
import type { Notice, SlotChoices } from '../base/notices.ts';
import type {
  Answer,
  Answered,
  Asked,
  ConversationView,
  MessageView,
  Operation,
  Request,
  Told,
} from '../sdk/protocol.ts';
import { de } from '../words/de.ts';
import { en, type Words } from '../words/en.ts';
import {
  ANSWER_MS,
  isBookingNews,
  isCounted,
  isFresh,
  isWanted,
  nothingNotice,
  noticeOf,
  unreadNotice,
} from './notices.ts';

/** Browsers end a service worker after about 30 s. */
export const PATIENCE_MS = 18_000;

/**
 * A page that is there, though nobody looks at it, has this long to show something, in which it may
 * wait for a business's agent.
 */
export const PAGE_MS = 6_000 + ANSWER_MS;

/** What was said longer ago and has been read since was told when it was said. */
const JUST_SAID_MS = 120_000;

/** Of so many messages of a conversation one is told, if nothing came that was not there yet. */
const LATELY = 10;

/** More notifications than this at once nobody reads: the rest is said by the badge. */
export const MOST_NOTICES = 8;

/** The device, as long as the service worker has it. */
export interface Awake {
  answer(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

/** Opens a vault and connects; undefined when a page has it. What happens goes to `tell`. */
export type OpenDevice = (tell: (told: Told) => void) => Promise<Awake | undefined>;

/** An account of this browser, whose device is to be looked after. */
export interface Sleeper {
  readonly choices: SlotChoices;
  /** Tell its pages to look for news; whether somebody looks at one of them. */
  hurryPages(): Promise<boolean>;
  readonly open: OpenDevice;
}

/** What the service worker has around it. */
export interface Shore {
  /** At least one. A wake-up does not say for whom it is. */
  sleepers(): Promise<readonly [Sleeper, ...Sleeper[]]>;
  /** How many notifications are there. */
  shown(): Promise<number>;
  show(notice: Notice): Promise<void>;
  badge(count: number): void;
  /** In how many conversations of an account something is new, for the pages of the other one. */
  tally(slot: AccountSlot, unread: number): Promise<void>;
  /** Languages of the browser, for when none was chosen. */
  readonly wishes: readonly string[];
  /** There is nobody to be woken here any more. */
  unsubscribe(): Promise<void>;
  now(): number;
  /** Returns after this time, or as soon as the signal is given. */
  pause(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/**
 * How it is with one account afterwards: somebody looks at it; a page has its vault; everything is
 * read and told; not all of it could be read; its vault cannot be opened; there is none.
 */
type Outcome = 'looked_at' | 'with_page' | 'read' | 'unread' | 'failed' | 'nobody';

interface Manner {
  readonly words: Words;
  readonly showsText: boolean;
  readonly slot: AccountSlot;
  readonly isOneOfTwo: boolean;
  /** Of the time that the browser gives, this account's share. */
  readonly patienceMs: number;
}

/** Take care of one wake-up. Never throws: whatever fails, something is shown. */
export async function wake(shore: Shore): Promise<void> {
  const all = await shore.sleepers();
  const sleepers = all.filter(({ choices }) => choices.notifies);
  const isOneOfTwo = all.filter(({ choices }) => choices.address !== '').length > 1;
  const patienceMs = PATIENCE_MS / Math.max(1, sleepers.length);
  const [{ choices: first }] = all;
  const words = wordsOf(first.language, shore.wishes);
  const outcomes: (readonly [Sleeper, Outcome])[] = [];
  let counted = 0;
  try {
    // Before the first vault is opened: pages of the second need not wait for it.
    const hurried = await Promise.all(sleepers.map((sleeper) => sleeper.hurryPages()));
    for (const [at, sleeper] of sleepers.entries()) {
      const { slot, language, showsText } = sleeper.choices;
      const own = wordsOf(language, shore.wishes);
      const manner = { words: own, showsText, slot, isOneOfTwo, patienceMs };
      const outcome: Outcome =
        hurried[at] === true
          ? 'looked_at'
          : await readAndShow(shore, sleeper, manner, (count) => {
              counted += count;
              shore.badge(counted);
            });
      outcomes.push([sleeper, outcome]);
    }
    await conclude(shore, outcomes, words, first.slot);
  } catch {
    // A defect: the page says which. It may not be allowed to show anything.
    await shore.show(unreadNotice(words, first.slot)).catch(() => undefined);
  }
}

/** Whatever became of the accounts: browsers want to see something. */
async function conclude(
  shore: Shore,
  outcomes: readonly (readonly [Sleeper, Outcome])[],
  words: Words,
  first: AccountSlot,
): Promise<void> {
  const ofThose = (...wanted: readonly Outcome[]): readonly Sleeper[] =>
    outcomes.filter(([, outcome]) => wanted.includes(outcome)).map(([sleeper]) => sleeper);
  if (ofThose('nobody').length === outcomes.length) {
    await shore.unsubscribe();
    await shore.show(nothingNotice(words, first));
    return;
  }
  const [failed] = ofThose('failed');
  if (failed !== undefined) {
    await shore.show(unreadNotice(words, failed.choices.slot));
    return;
  }
  const withPages = ofThose('with_page');
  if (withPages.length > 0) {
    await shore.pause(PAGE_MS);
  }
  if ((await shore.shown()) > 0) {
    return;
  }
  const looked = await Promise.all(withPages.map((sleeper) => sleeper.hurryPages()));
  const sleeping = withPages.find((_, at) => looked[at] !== true); // as pages on telephones do
  const [unread] = ofThose('unread');
  if (unread !== undefined || sleeping !== undefined) {
    const slot = (unread ?? sleeping)?.choices.slot ?? first;
    await shore.show(unreadNotice(words, slot));
  } else if (ofThose('looked_at').length === 0 && withPages.length === 0) {
    await shore.show(nothingNotice(words, first));
  }
}

/** `count`: hears how many conversations have something new. Throws only defects of the shore. */
async function readAndShow(
  shore: Shore,
  sleeper: Sleeper,
  manner: Manner,
  count: (unread: number) => void,
): Promise<Outcome> {
  const caughtUp = new AbortController();
  const messages = new Map<string, MessageView>();
  let device: Awake | undefined;
  try {
    device = await sleeper.open((told) => {
      if (told.what === 'message') {
        const { id, state: now } = told.message;
        messages.set(id, { ...told.message, state: messages.get(id)?.state ?? now });
      } else if (told.what === 'caught_up') {
        caughtUp.abort();
      }
    });
    if (device === undefined) {
      return 'with_page';
    }
    const { own } = await ask(device, 'open', {});
    if (own === undefined) {
      return 'nobody';
    }
    await shore.pause(manner.patienceMs, caughtUp.signal);
    if (own.kind === 'business' && messages.size > 0) {
      await shore.pause(ANSWER_MS);
    }
    const reader = { ...manner, own: own.address, nowMs: shore.now() };
    const views = await ask(device, 'conversations', {});
    if (await sleeper.hurryPages()) {
      return 'looked_at'; // the person has opened the app meanwhile
    }
    const unread = views.filter((view) => isCounted(view, reader.nowMs)).length;
    count(unread);
    await shore.tally(manner.slot, unread);
    let notices = await noticesOf(device, [...messages.values()], views, reader);
    if (notices.length === 0 && (await shore.shown()) === 0) {
      notices = await noticesOf(device, await lately(device, views, reader.nowMs), views, reader);
    }
    for (const notice of notices) {
      await shore.show(notice);
    }
    return caughtUp.signal.aborted ? 'read' : 'unread';
  } catch {
    return 'failed'; // Damaged, full, or it refused: the other account is read all the same.
  } finally {
    await device?.close();
  }
}

/**
 * The newest of what came in each conversation that the person wants to be told of, and of what is
 * booked there.
 */
async function noticesOf(
  device: Awake,
  messages: readonly MessageView[],
  views: readonly ConversationView[],
  reader: Manner & { readonly own: string; readonly nowMs: number },
): Promise<readonly Notice[]> {
  const newest = new Map<string, readonly [MessageView, Notice]>();
  for (const message of messages) {
    const view = views.find(({ id }) => id === message.conversation);
    const isBooking = isBookingNews(message) && isJustSaid(message, reader.nowMs);
    const isNews = view !== undefined && view.unread > 0 && isFresh(message);
    if (view === undefined || !(isNews || isBooking)) {
      continue;
    }
    const { conversation, id } = message;
    if (isNews && !(await ask(device, 'isUnread', { conversation, message: id }))) {
      continue; // answered, or read elsewhere, behind one that waits
    }
    const { sender: address, isOutgoing } = message;
    const isBlocked = !isOutgoing && (await ask(device, 'contact', { address })).isBlocked;
    const notice = noticeOf(message, view, reader);
    const before = newest.get(notice.tag)?.[0];
    const isLater = before === undefined || before.sentAtMs <= message.sentAtMs;
    if (isLater && isWanted(message, view, reader, isBlocked)) {
      newest.set(notice.tag, [message, notice]);
    }
  }
  return [...newest.values()]
    .sort(([one], [other]) => other.sentAtMs - one.sentAtMs)
    .slice(0, MOST_NOTICES)
    .map(([, notice]) => notice);
}

/**
 * What is new in the vault: a page that was closed just as it took a message has told nobody of it,
 * and to this device it does not come a second time.
 */
async function lately(
  device: Awake,
  views: readonly ConversationView[],
  nowMs: number,
): Promise<readonly MessageView[]> {
  const found: MessageView[] = [];
  const sinceMs = nowMs - JUST_SAID_MS;
  for (const view of views.filter((one) => isCounted(one, nowMs) && one.activeAtMs > sinceMs)) {
    const about = { conversation: view.id, stretch: { from: 'end' }, limit: LATELY } as const;
    const { messages } = await ask(device, 'messages', about);
    found.push(...messages.filter((one) => isFresh(one) && one.sentAtMs > sinceMs));
  }
  return found;
}

/** What we said comes again when it is delivered or read, which is no news. `state`: at first. */
function isJustSaid({ state, sentAtMs }: MessageView, nowMs: number): boolean {
  return state === 'sent' || sentAtMs > nowMs - JUST_SAID_MS;
}

let lastId = 0;

async function ask<K extends Operation>(
  device: Awake,
  operation: K,
  asked: Asked<K>,
): Promise<Answered<K>> {
  lastId += 1;
  const answer = await device.answer({ id: lastId, operation, asked });
  if (!('value' in answer)) {
    throw new Error('The device refused what it can always do.');
  }
  return answer.value as Answered<K>;
}

function wordsOf(language: string, wishes: readonly string[]): Words {
  const wish = [language, ...wishes].map((one) => one.slice(0, 2).toLowerCase());
  return wish.find((one) => one === 'de' || one === 'en') === 'de' ? de : en;
}
