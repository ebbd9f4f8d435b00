/**
 * Whether an answer of the agent is what its operation promises. The agent is another program, perhaps
 * an older or newer one: nothing of it is shown before it was looked at here.
 */

import type { AgentOperation, AgentResult } from '../sdk/protocol.ts';

type Shape = (value: unknown) => boolean;

const LONGEST_TEXT = 16_384;
const LONGEST_FILE = 16 * 1024 * 1024;
const MOST = 20_000;

const flag: Shape = (value) => typeof value === 'boolean';
const text: Shape = (value) => typeof value === 'string' && value.length <= LONGEST_TEXT;
const file: Shape = (value) => typeof value === 'string' && value.length <= LONGEST_FILE;
const whole: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const amount: Shape = (value) => Number.isFinite(value) && Number(value) >= 0;
const nothing: Shape = (value) => typeof value === 'object' && value !== null;

const listOf =
  (item: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.length <= MOST && value.every(item);

const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);

const word =
  (...words: readonly string[]): Shape =>
  (value) =>
    words.some((one) => one === value);

const record =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, shape]) =>
      shape((value as Record<string, unknown>)[name]),
    );

const times = { startsAtS: whole, endsAtS: whole };
const sizes = { minParty: whole, maxParty: whole };
const span = record({ opensMinute: whole, closesMinute: whole });

const booking = record({
  uid: text,
  sequence: whole,
  state: word(
    ...['pending', 'held', 'confirmed', 'declined'],
    ...['cancelled', 'seated', 'completed', 'no_show'],
  ),
  party: whole,
  service: text,
  ...times,
  zone: text,
  underName: text,
  telephone: text,
  note: text,
  resources: listOf(text),
  isPinned: flag,
  source: word('chat', 'staff', 'walk_in', 'calendar'),
  conversation: text,
  holdUntilS: whole,
  bookedAtS: whole,
  modifiedAtS: whole,
  customer: text,
});

const block = record({
  id: text,
  resources: listOf(text),
  ...times,
  note: text,
  source: word('staff', 'calendar'),
});

const waiting = record({
  id: text,
  date: text,
  party: whole,
  fromS: whole,
  untilS: whole,
  underName: text,
  conversation: text,
  state: word('waiting', 'offered', 'taken', 'expired'),
  offeredUntilS: whole,
  addedAtS: whole,
});

const ticket = record({
  id: text,
  number: whole,
  party: whole,
  underName: text,
  state: word('waiting', 'called', 'seated', 'gone'),
  addedAtS: whole,
  estimatedWaitS: whole,
});

const opening = record({ date: text, spans: listOf(span), note: text, holiday: text });

const wording = record({ de: text, en: text });

const business = record({
  name: text,
  kind: word('restaurant', 'hairdresser', 'shop'),
  language: text,
  telephone: text,
  zone: text,
  hours: record({
    weekly: (value) => listOf(listOf(span))(value) && (value as unknown[]).length === 7,
    specialDays: listOf(record({ date: text, spans: listOf(span), note: text })),
    holidays: orNull(
      record({ state: text, assumptionDay: flag, peaceFestival: flag, isOpen: flag }),
    ),
  }),
  services: listOf(
    record({
      identifier: text,
      name: text,
      slotIntervalMinutes: whole,
      turnTimes: listOf(record({ partyMax: whole, minutes: whole })),
      bufferBeforeMinutes: whole,
      bufferAfterMinutes: whole,
      minNoticeMinutes: whole,
      bookingWindowDays: whole,
      cancelUntilMinutes: whole,
      holdMinutes: whole,
      pacing: orNull(record({ slotMinutes: whole, maxCovers: whole })),
      confirmationMode: word('automatic', 'by_hand'),
      resources: listOf(text),
      maxParty: whole,
      offerMinutes: whole,
      reminderMinutes: whole,
    }),
  ),
  resources: listOf(
    record({
      identifier: text,
      kind: word('table', 'person', 'room', 'chair'),
      ...sizes,
      area: text,
      priority: (value) => Number.isSafeInteger(value),
    }),
  ),
  combinations: listOf(record({ resources: listOf(text), ...sizes })),
  greeting: wording,
  away: wording,
});

const customer = record({
  id: text,
  name: text,
  conversation: text,
  language: text,
  visits: whole,
  noShows: whole,
  upcoming: whole,
  firstSeenS: whole,
  lastSeenS: whole,
  note: text,
});

const figures = record({
  days: listOf(
    record({
      date: text,
      covers: whole,
      bookings: whole,
      cancelled: whole,
      noShows: whole,
      walkIns: whole,
    }),
  ),
  newGuests: whole,
  returningGuests: whole,
  answerMedianS: amount,
  answerP95S: amount,
});

const ANSWERS: Readonly<Record<AgentOperation, Shape>> = {
  'business.get': business,
  'business.setHours': business,
  'business.previewHours': listOf(opening),
  'business.setTables': business,
  'business.setServices': business,
  'business.setWords': business,
  'bookings.plan': listOf(
    record({
      opening,
      bookings: listOf(booking),
      blocks: listOf(block),
      waiting: listOf(waiting),
    }),
  ),
  'bookings.available': record({
    slots: listOf(record({ startsAtS: whole, durationS: whole })),
    why: text,
  }),
  'bookings.book': booking,
  'bookings.move': booking,
  'bookings.confirm': booking,
  'bookings.decline': booking,
  'bookings.cancel': booking,
  'bookings.counter': booking,
  'bookings.attend': booking,
  'bookings.note': booking,
  'blocks.add': block,
  'blocks.remove': nothing,
  'waiting.list': listOf(waiting),
  'waiting.add': waiting,
  'waiting.remove': nothing,
  'queue.list': listOf(ticket),
  'queue.add': ticket,
  'queue.call': ticket,
  'queue.seat': ticket,
  'queue.remove': nothing,
  'customers.list': record({ customers: listOf(customer), next: text }),
  'customers.get': customer,
  'customers.note': customer,
  'customers.merge': customer,
  'customers.export': record({ file, mediaType: text }),
  'customers.erase': record({ erased: nothing }),
  'figures.get': figures,
};

export function isAnswer<K extends AgentOperation>(
  operation: K,
  answer: unknown,
): answer is AgentResult<K> {
  return ANSWERS[operation](answer);
}
