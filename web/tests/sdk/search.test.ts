/** Words are found whatever their case and accents, as the messages are now. */

import { beforeEach, expect, test } from 'vitest';

import { Delivery } from './delivery.ts';
import { annaAndBen, groupOf, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  [anna, ben, id] = await annaAndBen(new Delivery());
});

const found = async (query: string, player = ben): Promise<string[]> =>
  (await player.parts.search.find(query)).map(({ text }) => text);

async function say(text: string): Promise<string> {
  const { id: message } = await anna.say(id, text);
  await quiet(anna, ben);
  return message;
}

test.each([
  ['Müller', 'muller'],
  ['muller', 'MÜLLER'],
  ['Cafe\u0301', 'café'],
  ['ÅNGSTRÖM', 'angstrom'],
  ['ﬁnally', 'finally'],
  ['Привет, Мир', 'привет'],
  ['日本語のテキスト', '本語'],
  ['Straße 12', 'straße'],
  ['Straße 12', 'STRASSE'],
  ['Frau Müller', 'mueller'],
  ['Frau Mueller', 'müller'],
])('%s is found by %s', async (text, query) => {
  await say(text);
  expect(await found(query)).toEqual([text]);
});

test('all words have to be there, in any order, and none finds nothing', async () => {
  await say('table for two at eight');
  expect(await found('eight table')).toHaveLength(1);
  expect(await found('eight chair')).toEqual([]);
  expect([await found(''), await found(' \n '), await found('\u0301')]).toEqual([[], [], []]);
});

test('it follows edits, deletions and what is hidden', async () => {
  const message = await say('original');
  expect(await found('original')).toHaveLength(1);
  await anna.talk.edit({ conversation: id, message, text: 'corrected' });
  await quiet(anna, ben);
  expect([await found('original'), await found('corrected')]).toEqual([[], ['corrected']]);
  await anna.talk.remove({ conversation: id, message });
  await quiet(anna, ben);
  expect(await found('corrected')).toEqual([]);
  const other = await say('to be hidden');
  await ben.talk.hide({ conversation: id, message: other });
  expect(await found('hidden')).toEqual([]);
});

test('the newest come first, everywhere or in one conversation', async () => {
  const other = await groupOf('words', anna, ben);
  await say('word one');
  await anna.say(other, 'word two');
  await quiet(anna, ben);
  expect(await found('word')).toEqual(['word two', 'word one']);
  const here = await ben.parts.search.find('word', ben.live(id).id);
  expect(here.map(({ conversation }) => conversation)).toEqual([id]);
  expect(await found('words')).toEqual([]);
});

test('a long text is cut around the match, also where letters grow when they are compared', async () => {
  const long = 'e\u0301 '.repeat(100) + 'needle' + ' \ufdfa'.repeat(60);
  await say(long);
  const [text] = await found('needle');
  expect(text).toContain('needle');
  expect(text!.length).toBeLessThan(200);
  expect([text!.startsWith('…'), text!.endsWith('…')]).toEqual([true, true]);
  await say('\ufdfa'.repeat(60) + ' needles');
  expect((await found('needles'))[0]).toContain('needles');
});

test('what comes while it is read is found the next time', async () => {
  const { messages } = ben.core;
  const shown = messages.shown.bind(messages);
  messages.shown = async (conversation) => {
    const rows = await shown(conversation);
    messages.shown = shown;
    await say('late arrival');
    return rows;
  };
  expect(await found('late')).toEqual([]);
  expect(await found('late')).toEqual(['late arrival']);
});

test('a forgotten conversation is not searched', async () => {
  await say('word');
  await ben.rooms.leave({ conversation: id });
  await ben.rooms.forget({ conversation: id });
  expect(await found('word')).toEqual([]);
});
