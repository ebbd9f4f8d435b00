/** Which messages a person is told of, and in which words; the page and the service worker agree. */

import { type AccountSlot, keyIn } from '../base/account_slots.ts';
import { fileKindOf } from '../base/file_kind.ts';
import type { Notice } from '../base/notices.ts';
import type { BookingState, ConversationView, MessageView } from '../sdk/protocol.ts';
import type { Words } from '../words/en.ts';
import { lastSentence } from '../words/sentences.ts';
import { domainOf, nameIn, nameOf, titleOf } from './people.ts';

/** The tag of what is about no account: any page takes it away. */
export const GENERAL_TAG = 'plausch';
const UNREAD_TAG = 'plausch unread';

/** A business's agent has this long to answer before the team is told. */
export const ANSWER_MS = 4_000;

const NEWS: ReadonlySet<BookingState> = new Set(['confirmed', 'cancelled']);

/** Whose messages, when, and in whose words. */
export interface Reader {
  readonly own: string;
  readonly nowMs: number;
  readonly words: Words;
  /** Sender and text; otherwise only that there is something new. */
  readonly showsText: boolean;
  readonly slot: AccountSlot;
  /** There is another account in this browser: notifications say of which they are. */
  readonly isOneOfTwo: boolean;
}

/** The tag of a conversation's notifications: both accounts may be in the same one. */
export function tagOf(slot: AccountSlot, conversation: string): string {
  return keyIn(slot, conversation);
}

/** The tag of what was booked there, which stays when the conversation is read. */
function bookingTagOf(slot: AccountSlot, conversation: string): string {
  return keyIn(slot, `${conversation} booking`);
}

/** The tag of what says no more than that an account has something new. */
export function unreadTagOf(slot: AccountSlot): string {
  return keyIn(slot, UNREAD_TAG);
}

/** Whether a message is one that nobody has seen yet, and somebody else has written. */
export function isFresh(message: MessageView): boolean {
  const { isOutgoing, isEdited, isDeleted, kind, reactions } = message;
  return !isOutgoing && !isEdited && !isDeleted && kind !== 'event' && reactions.length === 0;
}

/** Whether it says that something is booked or cancelled, which a business's agent has done. */
export function isBookingNews({ isOutgoing, isDeleted, card }: MessageView): boolean {
  const isNews = card?.kind === 'booking' && NEWS.has(card.state);
  return isNews && isOutgoing && !isDeleted;
}

/** Whether the person wants to be told of a message. `isBlocked`: its sender is. */
export function isWanted(
  message: MessageView,
  view: ConversationView,
  { own, nowMs }: Pick<Reader, 'own' | 'nowMs'>,
  isBlocked: boolean,
): boolean {
  if (isBlocked || view.isBlocked || view.mutedUntilMs > nowMs) {
    return false;
  }
  return !view.isMentionsOnly || message.mentions.includes(own) || message.answers?.sender === own;
}

/** Whether a conversation counts for the number at the app's icon. */
export function isCounted(view: ConversationView, nowMs: number): boolean {
  return view.unread > 0 && !view.isArchived && !view.isBlocked && view.mutedUntilMs <= nowMs;
}

/** The notification of a message. */
export function noticeOf(message: MessageView, view: ConversationView, reader: Reader): Notice {
  const { own, words, showsText, slot } = reader;
  const isBooking = isBookingNews(message);
  const about = {
    slot,
    tag: isBooking ? bookingTagOf(slot, view.id) : tagOf(slot, view.id),
    conversation: view.id,
    message: message.id,
    isSilent: false,
  };
  if (!showsText) {
    const body = isBooking ? words.notices.booking : words.notices.newMessage;
    return { ...about, title: titled(words.app.name, reader), body };
  }
  const title = titled(titleOf(view, own), reader);
  if (view.isRequest) {
    return { ...about, title, body: words.notices.request }; // a stranger's words are not put there
  }
  const { text, kind, sender, isDeleted, state, sentAtMs: atMs } = message;
  const isOutgoing = message.isOutgoing && !isBooking; // the agent's words are not one's own
  const file = message.attachment && { file: fileKindOf(message.attachment) };
  const last = { text, kind, ...file, sender, isOutgoing, isDeleted, state, atMs };
  const eyes = { own, nameOf: (address: string) => nameIn(view, address, own) };
  return { ...about, title, body: lastSentence(last, view.kind === 'group', eyes, words) };
}

function titled(title: string, { own, words, isOneOfTwo }: Reader): string {
  return isOneOfTwo ? words.notices.to(title, nameOf(own, domainOf(own))) : title;
}

/** Something came, and what it is could not be read in time. `slot`: whose page a tap opens. */
export function unreadNotice(words: Words, slot: AccountSlot): Notice {
  const title = words.app.name;
  const tag = unreadTagOf(slot);
  return { slot, tag, title, body: words.notices.newMessage, isSilent: false };
}

/** Browsers want to see something for each wake-up, also when there is nothing to tell. */
export function nothingNotice(words: Words, slot: AccountSlot): Notice {
  const title = words.app.name;
  return { slot, tag: GENERAL_TAG, title, body: words.notices.nothingNew, isSilent: true };
}
