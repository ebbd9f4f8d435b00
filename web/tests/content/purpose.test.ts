/** What each kind of message is for. */

import { expect, test } from 'vitest';

import { cardMessage } from '../../src/content/cards.ts';
import { titleMessage } from '../../src/content/conversation.ts';
import {
  ExternalPart,
  MimiContent,
  MultiPart,
  NullPart,
  Semantics,
} from '../../src/content/mimi.ts';
import { type Purpose, purposeOf } from '../../src/content/purpose.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import { deletion, edit, reaction, reply, textMessage, unlike } from '../../src/content/text.ts';
import { FIRST, SALT } from './samples.ts';

const salt = SALT;
const NOTHINGS = new MultiPart({
  semantics: Semantics.PROCESS_ALL,
  parts: [new NullPart(), new NullPart()],
});

test.each<[string, Purpose, MimiContent]>([
  ['a text', 'show', textMessage('x', { salt })],
  ['a reply', 'show', reply('x', FIRST, { salt })],
  [
    'a picture',
    'show',
    new MimiContent({
      salt,
      part: new ExternalPart({ contentType: 'image/png', url: 'https://x' }),
    }),
  ],
  [
    'a card',
    'show',
    cardMessage({ kind: 'cancelRequest', uid: 'b' }, 'x', { salt, language: 'de' }),
  ],
  ['an edit', 'edit', edit('x', FIRST, { salt })],
  ['a deletion', 'delete', deletion(FIRST, { salt })],
  ['the end of a reaction', 'delete', unlike(FIRST, FIRST, { salt })],
  ['a reaction', 'reaction', reaction('❤', FIRST, { salt })],
  ['a report', 'status', statusMessage([[FIRST, Status.READ]], { salt })],
  ['a title', 'title', titleMessage('Kegelclub', { salt })],
  ['nothing', 'nothing', new MimiContent({ salt, part: new NullPart() })],
  ['nothings', 'nothing', new MimiContent({ salt, part: NOTHINGS })],
  ['a deletion in parts', 'delete', new MimiContent({ salt, part: NOTHINGS, replaces: FIRST })],
])('the purpose of %s is %s', (_, purpose, content) => {
  expect(purposeOf(content)).toBe(purpose);
});

test('a reaction to nothing is shown', () => {
  const { part } = reaction('❤', FIRST, { salt });
  expect(purposeOf(new MimiContent({ salt, part }))).toBe('show');
});

test('a reaction that replaces another message is an edit', () => {
  const { part } = reaction('❤', FIRST, { salt });
  const content = new MimiContent({ salt, part, replaces: FIRST, inReplyTo: FIRST });
  expect(purposeOf(content)).toBe('edit');
});
