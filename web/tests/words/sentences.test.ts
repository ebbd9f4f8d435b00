import { expect, test } from 'vitest';

import type { EventView, LastView } from '../../src/sdk/protocol.ts';
import { de } from '../../src/words/de.ts';
import { en } from '../../src/words/en.ts';
import { timeOf } from '../../src/words/format.ts';
import {
  eventSentence,
  lastSentence,
  maintenanceSentence,
  plain,
} from '../../src/words/sentences.ts';

const ANNA = 'anna@example.org';
const EYES = { own: ANNA, nameOf: (address: string) => address.split('@', 1)[0] ?? '' };

function event(what: EventView['what'], fields: Partial<EventView> = {}): string {
  return eventSentence({ what, by: 'ben@x', who: [], ...fields }, EYES, en);
}

test('an event says who did what', () => {
  expect(event('created')).toBe('ben created the group');
  expect(event('joined', { who: ['cem@x', 'ida@x'] })).toBe('ben added cem and ida');
  expect(event('joined', { who: ['cem@x', ANNA] })).toBe('ben added cem and you');
  expect(event('joined', { who: ['ben@x'] })).toBe('ben joined');
  expect(event('joined')).toBe('ben joined');
  expect(event('left')).toBe('ben left');
  expect(event('left', { who: ['cem@x'] })).toBe('ben removed cem');
  expect(event('titled', { title: 'Choir' })).toBe('ben named the group “Choir”');
  expect(event('expiry', { expiresAfterS: 3600 })).toBe('ben lets messages disappear after 1 hour');
  expect(event('expiry', { expiresAfterS: 0 })).toBe('ben lets messages stay');
  expect(event('identity', { who: ['cem@x'] })).toBe('cem shows a new key');
  expect(event('pictured')).toBe('ben changed the group’s picture');
  expect(event('unpictured')).toBe('ben removed the group’s picture');
  expect(event('linked')).toBe('ben made a new invitation link');
  expect(event('unlinked')).toBe('ben turned the invitation link off');
  expect(event('promoted', { who: ['cem@x', ANNA] })).toBe('ben made cem and you an admin');
  expect(event('demoted', { who: ['cem@x'] })).toBe('ben dismissed cem as an admin');
  expect(event('out')).toBe(en.event.out);
  expect(event('ended')).toBe(en.event.ended);
});

test('what we did ourselves is said to us', () => {
  const by = ANNA;
  expect(event('created', { by })).toBe('You created the group');
  expect(event('joined', { by, who: ['cem@x'] })).toBe('You added cem');
  expect(event('left', { by })).toBe('You left');
  expect(event('left', { by, who: ['cem@x'] })).toBe('You removed cem');
  expect(event('titled', { by, title: 'Choir' })).toBe('You named the group “Choir”');
  expect(event('titled', { by })).toBe('You named the group “”');
  expect(event('expiry', { by, expiresAfterS: 60 })).toBe(
    'You let messages disappear after 1 minute',
  );
  expect(event('expiry', { by })).toBe('You let messages stay');
  expect(event('pictured', { by })).toBe('You changed the group’s picture');
  expect(event('unpictured', { by })).toBe('You removed the group’s picture');
  expect(event('linked', { by })).toBe('You made a new invitation link');
  expect(event('unlinked', { by })).toBe('You turned the invitation link off');
  expect(event('promoted', { by, who: ['cem@x'] })).toBe('You made cem an admin');
  expect(event('demoted', { by, who: ['cem@x'] })).toBe('You dismissed cem as an admin');
});

test('in German too', () => {
  const said = eventSentence({ what: 'left', by: 'ben@x', who: ['cem@x'] }, EYES, de);
  expect(said).toBe('ben hat cem entfernt');
});

function last(fields: Partial<LastView>, isGroup = false): string {
  const view: LastView = {
    text: 'Hello **there**',
    kind: 'text',
    sender: 'ben@x',
    isOutgoing: false,
    isDeleted: false,
    state: 'received',
    atMs: 0,
    ...fields,
  };
  return lastSentence(view, isGroup, EYES, en);
}

test('a row shows the last line, in a group with who wrote it', () => {
  expect(last({})).toBe('Hello there');
  expect(last({}, true)).toBe('ben: Hello there');
  expect(last({ isOutgoing: true }, true)).toBe('You: Hello there');
});

test('what has no words is called what it is', () => {
  expect(last({ text: '', kind: 'file' })).toBe('File');
  expect(last({ text: '', kind: 'file', file: 'file' })).toBe('File');
  expect(last({ text: '', kind: 'file', file: 'voice' })).toBe('Voice note');
  expect(last({ text: '', kind: 'file', file: 'picture' })).toBe('Picture');
  expect(last({ text: 'Look', kind: 'file', file: 'picture' })).toBe('Look');
  expect(last({ text: '', kind: 'card' })).toBe('Card');
  expect(last({ text: '', kind: 'other' })).toBe(en.message.unknown);
});

test('what was deleted is not told', () => {
  expect(last({ isDeleted: true })).toBe(en.message.deleted);
  expect(last({ isDeleted: true, isOutgoing: true })).toBe(en.message.deletedByYou);
});

test('an event is told as in the log', () => {
  expect(last({ event: { what: 'created', by: ANNA, who: [] }, kind: 'event' })).toBe(
    'You created the group',
  );
});

test.each([
  ['**bold** and __this__', 'bold and this'],
  ['[@anna](mimi://x/u/anna) hi', '@anna hi'],
  ['- one\n- two', 'one two'],
  ['1. one\n2. two', 'one two'],
  ['> quoted', 'quoted'],
  ['`code` ~~old~~', 'code old'],
  ['this *soft* one, *two words*', 'this soft one, two words'],
  ['2 * 3 * 4 = 24', '2 * 3 * 4 = 24'],
  ['3 * 4 = 12', '3 * 4 = 12'],
  ['snake_case_name', 'snake_case_name'],
])('%j is read as %j', (text, read) => {
  expect(plain(text)).toBe(read);
});

test('a very long one takes no time', () => {
  expect(plain('**'.repeat(100_000)).length).toBeLessThan(301);
});

const UNTIL_MS = Date.UTC(2027, 0, 15, 8);
const UNTIL = '2027-01-15T08:00Z';

test.each([
  [{ words: '' }, ''],
  [{ words: 'Wir ziehen um.' }, ' Wir ziehen um.'],
  [{ until: UNTIL, words: '' }, ' Bis TIME.'],
  [{ until: UNTIL, words: 'Wir ziehen um.' }, ' Bis TIME. Wir ziehen um.'],
  [{ until: '2027-99-99T08:00Z', words: 'Wir ziehen um.' }, ' Wir ziehen um.'],
])('maintenance: %j is said as %j', (said, expected) => {
  expect(maintenanceSentence(said, UNTIL_MS - 1, de, 'de')).toBe(
    de.connection.maintenance + expected.replace('TIME', timeOf(UNTIL_MS, 'de')),
  );
});

test('of maintenance, a time that is over is not named', () => {
  for (const nowMs of [UNTIL_MS, UNTIL_MS + 1, UNTIL_MS + 1e9]) {
    expect(maintenanceSentence({ until: UNTIL, words: 'New disks.' }, nowMs, en, 'en')).toBe(
      `${en.connection.maintenance} New disks.`,
    );
  }
});
