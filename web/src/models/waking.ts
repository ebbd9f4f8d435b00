/**
 * What the service worker does when it is woken: read what is new by the device itself, show it, go
 * back to sleep. The wake-up says nothing; everything is fetched and decrypted here.
 *
 * While a page is open, the page has the vault and shows what comes; then the service worker only
 * makes sure that something is shown, because browsers end the subscription of who shows nothing.
 */

import type { Notice, NoticeChoices } from '../base/notices.ts';
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
import { isCounted, isFresh, isWanted, nothingNotice, noticeOf, unreadNotice } from './notices.ts';

/** Browsers end a service worker after about 30 s. */
export const PATIENCE_MS = 18_000;

/** A page that is there, though nobody looks at it, has this long to show something. */
export const PAGE_MS = 6_000;

/** More notifications than this at once nobody reads: the rest is said by the badge. */
export const MOST_NOTICES = 8;

/** The device, as long as the service worker has it. */
export interface Awake {
  answer(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

/** What the service worker has around it. */
export interface Shore {
  /** Tell the pages to look for news; whether somebody looks at one of them. */
  hurryPages(): Promise<boolean>;
  /** How many notifications are there. */
  shown(): Promise<number>;
  show(notice: Notice): Promise<void>;
  badge(count: number): void;
  choices(): Promise<NoticeChoices>;
  /** Languages of the browser, for when none was chosen. */
  readonly wishes: readonly string[];
  /** There is nobody to be woken here any more. */
  unsubscribe(): Promise<void>;
  now(): number;
  /** Returns after this time, or as soon as the signal is given. */
  pause(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Opens the vault and connects; undefined when a page has it. What happens goes to `tell`. */
export type OpenDevice = (tell: (told: Told) => void) => Promise<Awake | undefined>;

/** Take care of one wake-up. Never throws: whatever fails, something is shown. */
export async function wake(shore: Shore, open: OpenDevice): Promise<void> {
  const choices = await shore.choices();
  const words = wordsOf(choices.language, shore.wishes);
  try {
    if (!(await shore.hurryPages())) {
      await readAndShow(shore, open, { words, showsText: choices.showsText });
    }
  } catch {
    // Damaged, full, or a defect: the page says which. It may not be allowed to show anything.
    await shore.show(unreadNotice(words)).catch(() => undefined);
  }
}

interface Manner {
  readonly words: Words;
  readonly showsText: boolean;
}

async function readAndShow(shore: Shore, open: OpenDevice, manner: Manner): Promise<void> {
  const caughtUp = new AbortController();
  const messages = new Map<string, MessageView>();
  const device = await open((told) => {
    if (told.what === 'message') {
      messages.set(told.message.id, told.message);
    } else if (told.what === 'caught_up') {
      caughtUp.abort();
    }
  });
  if (device === undefined) {
    await leaveToPage(shore, manner.words);
    return;
  }
  try {
    const { own } = await ask(device, 'open', {});
    if (own === undefined) {
      await shore.unsubscribe();
      await shore.show(nothingNotice(manner.words));
      return;
    }
    await shore.pause(PATIENCE_MS, caughtUp.signal);
    const reader = { ...manner, own: own.address, nowMs: shore.now() };
    const views = await ask(device, 'conversations', {});
    if (await shore.hurryPages()) {
      return; // the person has opened the app meanwhile
    }
    shore.badge(views.filter((view) => isCounted(view, reader.nowMs)).length);
    const notices = await noticesOf(device, [...messages.values()], views, reader);
    for (const notice of notices) {
      await shore.show(notice);
    }
    if (notices.length === 0 && (await shore.shown()) === 0) {
      const isRead = caughtUp.signal.aborted;
      await shore.show(isRead ? nothingNotice(manner.words) : unreadNotice(manner.words));
    }
  } finally {
    await device.close();
  }
}

/** A page has the vault and was told to hurry. */
async function leaveToPage(shore: Shore, words: Words): Promise<void> {
  await shore.pause(PAGE_MS);
  if ((await shore.shown()) === 0 && !(await shore.hurryPages())) {
    await shore.show(unreadNotice(words)); // it sleeps, as pages on telephones do
  }
}

/** The newest of what came in each conversation that the person wants to be told of. */
async function noticesOf(
  device: Awake,
  messages: readonly MessageView[],
  views: readonly ConversationView[],
  reader: Manner & { readonly own: string; readonly nowMs: number },
): Promise<readonly Notice[]> {
  const newest = new Map<string, readonly [MessageView, ConversationView]>();
  for (const message of messages) {
    const view = views.find(({ id }) => id === message.conversation);
    const before = newest.get(message.conversation)?.[0];
    if (view === undefined || view.unread === 0 || !isFresh(message)) {
      continue;
    }
    const { isBlocked } = await ask(device, 'contact', { address: message.sender });
    const isLater = before === undefined || before.sentAtMs <= message.sentAtMs;
    if (isLater && isWanted(message, view, reader, isBlocked)) {
      newest.set(view.id, [message, view]);
    }
  }
  return [...newest.values()]
    .sort(([one], [other]) => other.sentAtMs - one.sentAtMs)
    .slice(0, MOST_NOTICES)
    .map(([message, view]) => noticeOf(message, view, reader));
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
