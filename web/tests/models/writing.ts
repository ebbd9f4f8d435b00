/** Messages and conversations for tests of models, with what is not said filled in. */

import type {
  BookingState,
  CardView,
  ConversationView,
  MessageView,
} from '../../src/sdk/protocol.ts';

export const ANNA = 'anna@example.org';
export const BEN = 'ben@example.org';
export const NOON_MS = Date.UTC(2026, 10, 26, 12);
export const MINUTE_MS = 60_000;

export function message(fields: Partial<MessageView> & { readonly id: string }): MessageView {
  const sender = fields.sender ?? BEN;
  const sentAtMs = fields.sentAtMs ?? NOON_MS;
  return {
    conversation: 'c1',
    place: [sentAtMs, 0, 0],
    sender,
    isOutgoing: sender === ANNA,
    kind: 'text',
    text: `text of ${fields.id}`,
    isMarkdown: false,
    mentions: [],
    reactions: [],
    isEdited: false,
    isDeleted: false,
    isForwarded: false,
    state: sender === ANNA ? 'sent' : 'received',
    sentAtMs,
    isForkSuspected: false,
    ...fields,
  };
}

/** `count` messages a minute apart, the first at noon, named m0, m1, ... */
export function series(count: number, fields: Partial<MessageView> = {}): MessageView[] {
  return Array.from({ length: count }, (_, at) =>
    message({ id: `m${at}`, sentAtMs: NOON_MS + at * MINUTE_MS, ...fields }),
  );
}

export function conversation(
  fields: Partial<ConversationView> & { readonly id: string },
): ConversationView {
  return {
    kind: 'direct',
    title: '',
    peer: BEN,
    participants: [ANNA, BEN],
    admins: [],
    state: 'open',
    isRequest: false,
    isBlocked: false,
    changed: [],
    unread: 0,
    activeAtMs: NOON_MS,
    isPinned: false,
    isArchived: false,
    mutedUntilMs: 0,
    isMentionsOnly: false,
    draft: '',
    expiresAfterS: 0,
    ...fields,
  };
}

/** A booking as its card shows it. */
export function bookingCard(state: BookingState): CardView {
  return {
    kind: 'booking',
    uid: 'b',
    sequence: 2,
    state,
    party: 4,
    startS: NOON_MS / 1000,
    durationS: 7200,
    zone: 'UTC',
    underName: 'Ben',
    business: 'Linde',
    actions: [],
  };
}
