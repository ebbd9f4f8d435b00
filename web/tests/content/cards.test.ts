/** Cards: round trips, strict reading, the sentence beside them. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import {
  ACTIONS,
  BOOKING_STATES,
  type BookingCard,
  type BookingRequest,
  type Card,
  CARD_TYPE,
  CardError,
  cardMessage,
  cardOf,
  type Choices,
  decodeCard,
  encodeCard,
  MAX_CARD_BYTES,
  MAX_OPTIONS,
  MAX_SLOTS,
  type OfferedSlot,
  type SlotOffer,
} from '../../src/content/cards.ts';
import * as cbor from '../../src/content/cbor.ts';
import { ContentError } from '../../src/content/errors.ts';
import {
  decode,
  leaves,
  MimiContent,
  type MultiPart,
  Semantics,
  SinglePart,
  TEXT_MARKDOWN,
} from '../../src/content/mimi.ts';
import { isPrintable } from '../../src/content/printable.ts';
import { readableText, textMessage } from '../../src/content/text.ts';
import { type Chance, forAll } from '../mls/random.ts';
import { anyText, anyValue, damaged, textOfPieces } from './chance.ts';
import { codeOf, FIRST, SALT } from './samples.ts';

const BOOKING: BookingCard = {
  kind: 'booking',
  uid: 'b-1f2e3d4c',
  sequence: 2,
  state: 'confirmed',
  party: 4,
  startS: 1_798_135_200,
  durationS: 7200,
  zone: 'Europe/Berlin',
  underName: 'Anna Käfer',
  business: 'Zur Linde',
  actions: ['cancel'],
};
const OPTION = { identifier: 'book', label: 'Tisch reservieren' };
const CHOICES: Choices = { kind: 'choices', title: 'Was darf es sein?', options: [OPTION] };
const SLOT: OfferedSlot = { identifier: 'a', startS: 0, durationS: 60 };
const OFFER: SlotOffer = {
  kind: 'slotOffer',
  requestId: 'r1',
  party: 4,
  zone: 'Europe/Berlin',
  slots: [SLOT, { identifier: '20261224T183000Z', startS: 1_798_137_000, durationS: 7200 }],
};
const REQUEST: BookingRequest = {
  kind: 'bookingRequest',
  party: 4,
  day: '2026-12-24',
  at: '19:00',
  underName: 'Anna',
};
const EXAMPLES: readonly Card[] = [
  CHOICES,
  OFFER,
  BOOKING,
  { kind: 'choose', identifier: '20261224T180000Z', requestId: 'r1' },
  { kind: 'choose', identifier: 'book', requestId: '' },
  REQUEST,
  { kind: 'bookingRequest', party: 2, day: null, at: null, underName: '' },
  { kind: 'cancelRequest', uid: 'b-1f2e3d4c' },
];

function fieldsOf(card: Card): Map<cbor.Key, cbor.Value> {
  return new Map(cbor.expectMap(cbor.decode(encodeCard(card)), 'a card'));
}

function identifier(chance: Chance): string {
  return textOfPieces(chance, Array.from('aZ09:._+-'), 63) + 'x';
}

function label(chance: Chance): string {
  const printable = Array.from(anyText(chance, 80)).filter(isPrintable);
  return printable.join('');
}

function anyCard(chance: Chance): Card {
  const uid = identifier(chance);
  const party = chance.integer(1, 1000);
  const slot = () => ({
    identifier: identifier(chance),
    startS: chance.integer(0, 2 ** 36),
    durationS: chance.integer(1, 86_400),
  });
  const two = (integer: number) => `${integer}`.padStart(2, '0');
  return chance.pick<() => Card>([
    () => ({
      kind: 'choices',
      title: label(chance),
      options: chance.list(20, () => ({ identifier: identifier(chance), label: label(chance) }), 1),
    }),
    () => ({
      kind: 'slotOffer',
      requestId: uid,
      party,
      zone: 'Europe/Berlin',
      slots: chance.list(48, slot, 1),
    }),
    () => ({
      ...BOOKING,
      ...slot(),
      identifier: undefined,
      uid,
      party,
      sequence: chance.integer(0, 2 ** 31),
      state: chance.pick(BOOKING_STATES),
      underName: label(chance),
      business: label(chance),
      actions: chance.list(ACTIONS.length, () => chance.pick(ACTIONS)),
    }),
    () => ({ kind: 'choose', identifier: uid, requestId: chance.pick(['', uid]) }),
    () => ({
      kind: 'bookingRequest',
      party: chance.pick([null, party]),
      day: chance.pick([null, `2${two(chance.integer(0, 99))}4-02-${two(chance.integer(1, 28))}`]),
      at: chance.pick([null, `${two(chance.integer(0, 23))}:${two(chance.integer(0, 59))}`]),
      underName: label(chance),
    }),
    () => ({ kind: 'cancelRequest', uid }),
  ])();
}

test.each(EXAMPLES)('an example survives: $kind', (card) => {
  expect(decodeCard(encodeCard(card))).toStrictEqual(card);
});

test('every card survives or is too large', () => {
  forAll(300, (chance) => {
    const card = anyCard(chance);
    try {
      expect(decodeCard(encodeCard(card))).toEqual(card);
    } catch (error) {
      expect(error).toBeInstanceOf(CardError);
      expect((error as Error).message).toContain('bytes');
    }
  });
});

test('random bytes give nothing but errors of this room', () => {
  forAll(1000, (chance) => {
    const raw = chance.pick([chance.bytes(200), cbor.encode(anyValue(chance, 3))]);
    expect(codeOf(() => decodeCard(raw))).not.toBe('none');
  });
});

test('no field accepts just anything', () => {
  forAll(2000, (chance) => {
    const fields = fieldsOf(chance.pick(EXAMPLES));
    fields.set(chance.pick([...fields.keys()]), anyValue(chance, 2));
    const raw = cbor.encode(fields);
    if (codeOf(() => decodeCard(raw)) === 'none') {
      expect(encodeCard(decodeCard(raw))).toEqual(raw);
    }
  });
});

test('a damaged card is refused or another valid card', () => {
  forAll(3000, (chance) => {
    const raw = damaged(chance, encodeCard(chance.pick(EXAMPLES)));
    if (codeOf(() => decodeCard(raw)) === 'none') {
      expect(encodeCard(decodeCard(raw))).toEqual(raw);
    }
  });
});

test.each(EXAMPLES)('a missing or unknown field is refused: $kind', (card) => {
  const optional = card.kind === 'bookingRequest' ? ['partySize', 'startDate', 'startTime'] : [];
  const fields = fieldsOf(card);
  for (const key of fields.keys()) {
    if (!optional.includes(key as string)) {
      const without = new Map([...fields].filter(([name]) => name !== key));
      expect(() => decodeCard(cbor.encode(without))).toThrow(CardError);
    }
  }
  for (const [key, value] of [
    ['extra', 1],
    [7, 1],
    [utf8('v'), 1],
    ['__proto__', null],
  ] as const) {
    const more = new Map([...fields, [key, value] as const]);
    expect(() => decodeCard(cbor.encode(more))).toThrow(/unknown fields/);
  }
});

test.each<[string, cbor.Value]>([
  ['v', 2],
  ['@type', 'Teleport'],
  ['@type', 'constructor'],
])('what a later version sends is named unknown: %s %s', (key, value) => {
  try {
    decodeCard(cbor.encode(fieldsOf(BOOKING).set(key, value)));
  } catch (error) {
    expect(error).toBeInstanceOf(CardError);
    expect(error).toMatchObject({ code: 'unknown_card', fault: 'remote' });
    return;
  }
  expect.unreachable();
});

const BEYOND: readonly Card[] = [
  { ...CHOICES, options: [] },
  { ...CHOICES, options: Array.from({ length: MAX_OPTIONS + 1 }, () => OPTION) },
  { ...CHOICES, title: 'x'.repeat(121) },
  { ...CHOICES, title: '🙂'.repeat(121) },
  { ...CHOICES, title: 'two\nlines' },
  { ...CHOICES, title: '\ud800' },
  { ...CHOICES, options: [{ ...OPTION, identifier: 'with space' }] },
  { ...CHOICES, options: [{ ...OPTION, identifier: '' }] },
  { ...CHOICES, options: [{ ...OPTION, identifier: 'x\n' }] },
  { ...OFFER, party: 0 },
  { ...OFFER, party: 1001 },
  { ...OFFER, party: 1.5 },
  { ...OFFER, party: NaN },
  { ...OFFER, zone: 'UTC; DROP' },
  { ...OFFER, slots: [] },
  { ...OFFER, slots: Array.from({ length: MAX_SLOTS + 1 }, () => SLOT) },
  { ...OFFER, slots: [{ ...SLOT, startS: -1 }] },
  { ...OFFER, slots: [{ ...SLOT, startS: 253_402_300_800 }] },
  { ...OFFER, slots: [{ ...SLOT, durationS: 0 }] },
  { ...OFFER, slots: [{ ...SLOT, durationS: 86_401 }] },
  { ...BOOKING, underName: 'x'.repeat(81) },
  { ...BOOKING, underName: 'a\u202eb' },
  { ...BOOKING, sequence: -1 },
  { ...BOOKING, actions: ACTIONS.map(() => 'cancel' as const).concat('cancel') },
  { ...BOOKING, state: 'eaten' as 'seated' },
  { kind: 'choose', identifier: 'a'.repeat(65), requestId: '' },
  { kind: 'choose', identifier: 'a', requestId: 'b c' },
  { ...REQUEST, party: 0 },
  { ...REQUEST, at: '19:00:30' },
  { ...REQUEST, at: '24:00' },
  { ...REQUEST, day: '2026-02-30' },
  { ...REQUEST, day: '24.12.2026' },
  { ...REQUEST, day: '0000-01-01' },
  { kind: 'cancelRequest', uid: 'x'.repeat(65) },
];

test.each(BEYOND)('a card beyond the limits is not written: $kind', (card) => {
  expect(() => encodeCard(card)).toThrow(ContentError);
});

test.each<[string, cbor.Value]>([
  ['startDate', '2026-13-01'],
  ['startDate', '२०२६-१२-२४'],
  ['startTime', '7pm'],
  ['startTime', null],
  ['partySize', true],
  ['partySize', new cbor.Float(2)],
  ['partySize', 2n ** 60n],
  ['partySize', '2'],
  ['underName', null],
])('dates and numbers that do not exist: %s', (field, value) => {
  const raw = cbor.encode(fieldsOf(REQUEST).set(field, value));
  expect(() => decodeCard(raw)).toThrow(CardError);
});

test('too many bytes', () => {
  expect(() => decodeCard(new Uint8Array(MAX_CARD_BYTES + 1))).toThrow(/at most/);
});

test('a message carries the sentence first and the card second', () => {
  const sentence = 'Ihr Tisch ist *bestätigt*.';
  const content = cardMessage(BOOKING, sentence, { salt: SALT, language: 'de', inReplyTo: FIRST });
  const again = decode(content.encode());
  expect(again).toEqual(content);
  const [first, second] = leaves(again.part) as SinglePart[];
  expect([first?.contentType, first?.language]).toEqual([TEXT_MARKDOWN, 'de']);
  expect(first?.content).toEqual(utf8(sentence));
  expect(second?.contentType).toBe(CARD_TYPE);
  expect((again.part as MultiPart).semantics).toBe(Semantics.CHOOSE_ONE);
  expect(again.inReplyTo).toEqual(FIRST);
  expect(cardOf(again)).toEqual(BOOKING);
  expect(readableText(again)).toBe(sentence);
});

test('a sentence that is not valid Unicode is not sent', () => {
  const make = () => cardMessage(BOOKING, '\ud800', { salt: SALT, language: 'de' });
  expect(codeOf(make)).toBe('bad_content');
});

test('a message without a card has none', () => {
  expect(cardOf(textMessage('Hallo', { salt: SALT }))).toBeNull();
});

test('a hostile card part counts as none', () => {
  forAll(500, (chance) => {
    const content = chance.pick([chance.bytes(60), cbor.encode(anyValue(chance, 2))]);
    const part = new SinglePart({ contentType: CARD_TYPE, content });
    expect(cardOf(new MimiContent({ salt: SALT, part }))).toBeNull();
  });
});
