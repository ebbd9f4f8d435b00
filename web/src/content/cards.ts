/**
 * Cards: structured business content inside a message, beside a sentence that everyone can read.
 *
 * A card is deterministic CBOR (cbor.ts) of media type `application/vnd.plausch.card+cbor`: a map
 * with schema.org's names where schema.org has one (spec/booking.md lists all fields and limits,
 * spec/vectors/cards.json has an example of each). It travels as the second part of a `chooseOne`
 * whose first part is the same in Markdown, so that a client that knows no cards shows that.
 *
 * Reading is strict: unknown fields, types and versions, and anything beyond a limit, are refused.
 */

import type { MessageId } from '../base/ids.ts';
import * as cbor from './cbor.ts';
import { isDate, isTime } from './calendar.ts';
import { CardError, Fields } from './card_fields.ts';
import { ContentError } from './errors.ts';
import { Cardinality, leaves, MimiContent, MultiPart, Semantics, SinglePart } from './mimi.ts';
import { markdownPart } from './text.ts';

export { CardError } from './card_fields.ts';

export const CARD_TYPE = 'application/vnd.plausch.card+cbor';
export const VERSION = 1;

export const MAX_CARD_BYTES = 16 * 1024;
export const MAX_OPTIONS = 20;
export const MAX_SLOTS = 48;
export const MAX_LABEL_CHARACTERS = 120;
export const MAX_NAME_CHARACTERS = 80;
export const MAX_PARTY = 1000;
export const MAX_DURATION_S = 86_400;
/** The end of the year 9999. */
export const MAX_INSTANT_S = 253_402_300_799;

const CBOR_DEPTH = 3;
const IDENTIFIER = /^[A-Za-z0-9:._+-]{1,64}$/;
const ZONE = /^[A-Za-z0-9/_+-]{1,64}$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME = /^[0-9]{2}:[0-9]{2}$/;

/** What the customer may do with a booking now. */
export const ACTIONS = ['confirm', 'change', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

/** Where a booking stands (schema.org ReservationStatusType, and three of a restaurant's). */
export const BOOKING_STATES = [
  'pending',
  'held',
  'confirmed',
  'declined',
  'cancelled',
  'seated',
  'completed',
  'no_show',
] as const;
export type BookingState = (typeof BOOKING_STATES)[number];

/** One thing to choose: `identifier` is sent back, `label` is shown. */
export interface Option {
  readonly identifier: string;
  readonly label: string;
}

/** The business asks, with buttons: a greeting, or a question with likely answers. */
export interface Choices {
  readonly kind: 'choices';
  readonly title: string;
  readonly options: readonly Option[];
}

/** A free time: begin in seconds since the Unix epoch, length of the stay in seconds. */
export interface OfferedSlot {
  readonly identifier: string;
  readonly startS: number;
  readonly durationS: number;
}

/** The business offers times for a party; `requestId` names this offer in the answer. */
export interface SlotOffer {
  readonly kind: 'slotOffer';
  readonly requestId: string;
  readonly party: number;
  readonly zone: string;
  readonly slots: readonly OfferedSlot[];
}

/** Where a booking stands (schema.org FoodEstablishmentReservation). */
export interface BookingCard {
  readonly kind: 'booking';
  readonly uid: string;
  readonly sequence: number;
  readonly state: BookingState;
  readonly party: number;
  readonly startS: number;
  readonly durationS: number;
  readonly zone: string;
  readonly underName: string;
  readonly business: string;
  readonly actions: readonly Action[];
}

/** The customer picks an option or a slot; `requestId` is the offer's, or empty. */
export interface Choose {
  readonly kind: 'choose';
  readonly identifier: string;
  readonly requestId: string;
}

/**
 * The customer asks for a table; what is null the business will ask for.
 *
 * `day` (`2026-12-24`) and `at` (`19:00`) are those on the wall at the business.
 */
export interface BookingRequest {
  readonly kind: 'bookingRequest';
  readonly party: number | null;
  readonly day: string | null;
  readonly at: string | null;
  readonly underName: string;
}

/** The customer cancels a booking. */
export interface CancelRequest {
  readonly kind: 'cancelRequest';
  readonly uid: string;
}

/** Told apart by `kind`. */
export type BusinessCard = Choices | SlotOffer | BookingCard;
export type CustomerCard = Choose | BookingRequest | CancelRequest;
export type Card = BusinessCard | CustomerCard;

/**
 * A message with a card and the Markdown that says the same.
 *
 * `language` is the text's (BCP 47), `salt` 16 fresh random bytes. Throws ContentError for a card
 * beyond the limits.
 */
export function cardMessage(
  card: Card,
  text: string,
  fields: {
    readonly salt: Uint8Array;
    readonly language: string;
    readonly inReplyTo?: MessageId | null;
  },
): MimiContent {
  const { language, ...others } = fields;
  const readable = markdownPart(text, { language });
  const structured = new SinglePart({ contentType: CARD_TYPE, content: encodeCard(card) });
  const part = new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts: [readable, structured] });
  return new MimiContent({ ...others, part });
}

/** The message's card, or null if it has none that this version understands. */
export function cardOf(content: MimiContent): Card | null {
  for (const part of leaves(content.part)) {
    if (part.cardinality === Cardinality.SINGLE && part.contentType === CARD_TYPE) {
      try {
        return decodeCard(part.content);
      } catch (error) {
        if (error instanceof ContentError) {
          return null;
        }
        throw error;
      }
    }
  }
  return null;
}

/** The one encoding of a card. Throws ContentError when a field is beyond its limit. */
export function encodeCard(card: Card): Uint8Array {
  const raw = cbor.encode(new Map<string, cbor.Value>([['v', VERSION], ...written(card)]));
  decodeCard(raw);
  return raw;
}

/** The card of exactly these bytes. Throws CardError (or its base ContentError for CBOR). */
export function decodeCard(raw: Uint8Array): Card {
  if (raw.length > MAX_CARD_BYTES) {
    throw new CardError(`A card has at most ${MAX_CARD_BYTES} bytes, not ${raw.length}.`);
  }
  const fields = new Fields(cbor.decode(raw, CBOR_DEPTH), 'A card');
  const version = fields.number('v', 0, 2 ** 31);
  if (version !== VERSION) {
    throw new CardError(`A card of version ${version}; only ${VERSION} is known.`, {
      code: 'unknown_card',
    });
  }
  const type = fields.text('@type', MAX_LABEL_CHARACTERS);
  const read = READERS.get(type);
  if (read === undefined) {
    throw new CardError(`There is no card ${JSON.stringify(type)}.`, { code: 'unknown_card' });
  }
  const card = read(fields);
  fields.finish();
  return card;
}

// --- writing -----------------------------------------------------------------------------------

type Entries = readonly (readonly [string, cbor.Value])[];

function written(card: Card): Entries {
  switch (card.kind) {
    case 'choices':
      return [
        ['@type', 'Choices'],
        ['name', card.title],
        ['actionOption', card.options.map(writtenOption)],
      ];
    case 'slotOffer':
      return [
        ['@type', 'SlotOffer'],
        ['identifier', card.requestId],
        ['partySize', card.party],
        ['scheduleTimezone', card.zone],
        ['slots', card.slots.map(writtenSlot)],
      ];
    case 'booking':
      return [
        ['@type', 'FoodEstablishmentReservation'],
        ['reservationId', card.uid],
        ['sequence', card.sequence],
        ['reservationStatus', card.state],
        ['partySize', card.party],
        ['start', card.startS],
        ['duration', card.durationS],
        ['scheduleTimezone', card.zone],
        ['underName', card.underName],
        ['provider', card.business],
        ['potentialAction', card.actions],
      ];
    case 'choose':
      return [
        ['@type', 'ChooseAction'],
        ['identifier', card.identifier],
        ['object', card.requestId],
      ];
    case 'bookingRequest':
      return [['@type', 'ReserveAction'], ...wishes(card)];
    case 'cancelRequest':
      return [
        ['@type', 'CancelAction'],
        ['reservationId', card.uid],
      ];
  }
}

function writtenOption(option: Option): cbor.Value {
  return new Map([
    ['identifier', option.identifier],
    ['name', option.label],
  ]);
}

function writtenSlot(slot: OfferedSlot): cbor.Value {
  return new Map<string, cbor.Value>([
    ['identifier', slot.identifier],
    ['start', slot.startS],
    ['duration', slot.durationS],
  ]);
}

function wishes(card: BookingRequest): Entries {
  const stated: Entries = [
    ['partySize', card.party],
    ['startDate', card.day],
    ['startTime', card.at],
  ];
  return [['underName', card.underName], ...stated.filter(([, value]) => value !== null)];
}

// --- reading -----------------------------------------------------------------------------------

function choices(fields: Fields): Choices {
  return {
    kind: 'choices',
    title: fields.text('name', MAX_LABEL_CHARACTERS),
    options: fields.items('actionOption', 1, MAX_OPTIONS, option),
  };
}

function option(value: cbor.Value): Option {
  const fields = new Fields(value, 'An option');
  const read = {
    identifier: fields.matching('identifier', IDENTIFIER),
    label: fields.text('name', MAX_LABEL_CHARACTERS),
  };
  fields.finish();
  return read;
}

function slotOffer(fields: Fields): SlotOffer {
  return {
    kind: 'slotOffer',
    requestId: fields.matching('identifier', IDENTIFIER),
    party: fields.number('partySize', 1, MAX_PARTY),
    zone: fields.matching('scheduleTimezone', ZONE),
    slots: fields.items('slots', 1, MAX_SLOTS, offeredSlot),
  };
}

function offeredSlot(value: cbor.Value): OfferedSlot {
  const fields = new Fields(value, 'A slot');
  const slot = {
    identifier: fields.matching('identifier', IDENTIFIER),
    startS: fields.number('start', 0, MAX_INSTANT_S),
    durationS: fields.number('duration', 1, MAX_DURATION_S),
  };
  fields.finish();
  return slot;
}

function bookingCard(fields: Fields): BookingCard {
  return {
    kind: 'booking',
    uid: fields.matching('reservationId', IDENTIFIER),
    sequence: fields.number('sequence', 0, 2 ** 31),
    state: word(fields.take('reservationStatus'), BOOKING_STATES),
    party: fields.number('partySize', 1, MAX_PARTY),
    startS: fields.number('start', 0, MAX_INSTANT_S),
    durationS: fields.number('duration', 1, MAX_DURATION_S),
    zone: fields.matching('scheduleTimezone', ZONE),
    underName: fields.text('underName', MAX_NAME_CHARACTERS),
    business: fields.text('provider', MAX_LABEL_CHARACTERS),
    actions: fields.items('potentialAction', 0, ACTIONS.length, (value) => word(value, ACTIONS)),
  };
}

function word<W extends string>(value: cbor.Value, words: readonly W[]): W {
  const found = words.find((each) => each === value);
  if (found === undefined) {
    throw new CardError(`A word of the card is none of: ${words.join(', ')}.`);
  }
  return found;
}

function choose(fields: Fields): Choose {
  const requestId = fields.text('object', 64);
  if (requestId !== '' && !IDENTIFIER.test(requestId)) {
    throw new CardError("'object' must be empty or the identifier of an offer.");
  }
  return { kind: 'choose', identifier: fields.matching('identifier', IDENTIFIER), requestId };
}

function bookingRequest(fields: Fields): BookingRequest {
  const day = fields.has('startDate') ? fields.matching('startDate', DATE) : null;
  const at = fields.has('startTime') ? fields.matching('startTime', TIME) : null;
  if ((day !== null && !isDate(day)) || (at !== null && !isTime(at))) {
    throw new CardError(`There is no such date or time: ${day ?? ''} ${at ?? ''}.`);
  }
  const party = fields.has('partySize') ? fields.number('partySize', 1, MAX_PARTY) : null;
  const underName = fields.text('underName', MAX_NAME_CHARACTERS);
  return { kind: 'bookingRequest', party, day, at, underName };
}

function cancelRequest(fields: Fields): CancelRequest {
  return { kind: 'cancelRequest', uid: fields.matching('reservationId', IDENTIFIER) };
}

const READERS: ReadonlyMap<string, (fields: Fields) => Card> = new Map<
  string,
  (fields: Fields) => Card
>([
  ['Choices', choices],
  ['SlotOffer', slotOffer],
  ['FoodEstablishmentReservation', bookingCard],
  ['ChooseAction', choose],
  ['ReserveAction', bookingRequest],
  ['CancelAction', cancelRequest],
]);
