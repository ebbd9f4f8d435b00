import { expect, test } from 'vitest';

import { cardStates, leadOf } from '../../src/models/cards.ts';
import type { CardView, MessageView } from '../../src/sdk/protocol.ts';
import { ANNA, message, series } from './writing.ts';

const CHOICES: CardView = {
  kind: 'choices',
  title: '',
  options: [
    { identifier: 'book', label: 'Reserve' },
    { identifier: 'hours', label: 'Hours' },
  ],
};
const OFFER: CardView = {
  kind: 'slot_offer',
  requestId: 'p4',
  party: 4,
  zone: 'Europe/Berlin',
  slots: [{ identifier: 's1', startS: 1, durationS: 2 }],
};

function choose(id: string, identifier: string, requestId = '', answers?: string): MessageView {
  return message({
    id,
    sender: ANNA,
    kind: 'card',
    card: { kind: 'choose', identifier, requestId },
    ...(answers === undefined ? {} : { answers: { id: answers } }),
  });
}

function booking(id: string, sequence: number, uid = 'u1'): MessageView {
  const card: CardView = {
    kind: 'booking',
    uid,
    sequence,
    state: 'confirmed',
    party: 4,
    startS: 1,
    durationS: 2,
    zone: 'UTC',
    underName: '',
    business: '',
    actions: [],
  };
  return message({ id, kind: 'card', card });
}

const card = (id: string, view: CardView): MessageView => message({ id, kind: 'card', card: view });

test('without cards there is nothing to know, and always the same nothing', () => {
  expect(cardStates(series(3)).chosen.size).toBe(0);
  expect(cardStates(series(3))).toBe(cardStates([]));
});

test('an answer that names its card answers that one', () => {
  const { chosen } = cardStates([
    card('q1', CHOICES),
    card('q2', CHOICES),
    choose('a', 'book', '', 'q1'),
  ]);
  expect([...chosen]).toEqual([['q1', 'book']]);
});

test('one that names none answers the newest that offers it', () => {
  const { chosen } = cardStates([
    card('q1', CHOICES),
    card('q2', CHOICES),
    choose('a', 'hours'),
    card('q3', OFFER),
    choose('b', 's1', 'p4'),
  ]);
  expect([...chosen]).toEqual([
    ['q2', 'hours'],
    ['q3', 's1'],
  ]);
});

test('one that nobody offered answers nothing', () => {
  const { chosen } = cardStates([card('q1', CHOICES), card('q2', OFFER), choose('a', 's1', 'p9')]);
  expect(chosen.size).toBe(0);
});

test('the last choice counts', () => {
  const { chosen } = cardStates([
    card('q1', CHOICES),
    choose('a', 'hours', '', 'q1'),
    choose('b', 'book', '', 'q1'),
  ]);
  expect(chosen.get('q1')).toBe('book');
});

test('what the other side chooses is no answer of ours', () => {
  const theirs = message({
    id: 'a',
    kind: 'card',
    card: { kind: 'choose', identifier: 'book', requestId: '' },
  });
  expect(cardStates([card('q1', CHOICES), theirs]).chosen.size).toBe(0);
});

test('of a booking the highest sequence counts, wherever it stands', () => {
  const { newest } = cardStates([
    booking('b1', 1),
    booking('b3', 3),
    booking('b2', 2),
    booking('other', 1, 'u2'),
  ]);
  expect([...newest]).toEqual([
    ['u1', 'b3'],
    ['u2', 'other'],
  ]);
});

test('a booking that we claim ourselves, or deleted, counts for nothing', () => {
  const ours = { ...booking('b9', 9), isOutgoing: true };
  const deleted = { ...booking('b8', 8), isDeleted: true };
  expect(cardStates([booking('b1', 1), ours, deleted]).newest.get('u1')).toBe('b1');
});

test('what a card says before its choices is kept, the list and what follows is not', () => {
  expect(
    leadOf('Nothing is free on **Friday**.\n\nThe next:\n\n1. Sat\n2. Sun\n\nWrite a number.', 2),
  ).toBe('Nothing is free on **Friday**.\n\nThe next:');
  expect(leadOf('Come at 7. It is free.', 2)).toBe('Come at 7. It is free.');
  expect(leadOf('1. Sat\n2. Sun', 2)).toBe('');
});

test('a date at the beginning of a line is no list', () => {
  const closed = 'We are closed on\n24. Dezember und\n1. Januar.\n\nWhen else?';
  expect(leadOf(closed, 2)).toBe(closed);
  expect(leadOf(`${closed}\n\n1. Sat\n2. Sun\n\nWrite a number.`, 2)).toBe(closed);
  expect(leadOf('24. Dezember um 18 Uhr, für 4.', 0)).toBe('24. Dezember um 18 Uhr, für 4.');
  expect(leadOf('1. Mai, 18 Uhr, für 4.', 0)).toBe('1. Mai, 18 Uhr, für 4.');
});
