/** Messages of words, and how any message reads as text. */

import { describe, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import {
  decode,
  Disposition,
  ExternalPart,
  MimiContent,
  MultiPart,
  NullPart,
  type Part,
  Semantics,
  SinglePart,
} from '../../src/content/mimi.ts';
import {
  accountOf,
  deletion,
  edit,
  markdownPart,
  mediaType,
  mentionMessage,
  mentionsIn,
  reaction,
  reactionsOf,
  readableText,
  readings,
  reply,
  textMessage,
  textPart,
  unlike,
} from '../../src/content/text.ts';
import { forAll } from '../mls/random.ts';
import { anyText, textOfPieces } from './chance.ts';
import { ANNA, BEN, codeOf, FIRST, SALT, SECOND } from './samples.ts';

const salt = SALT;
const FANCY = new SinglePart({
  contentType: 'application/vnd.example+cbor',
  content: Uint8Array.of(0xa0),
});

function of(part: Part): MimiContent {
  return new MimiContent({ salt, part });
}

function choice(...parts: readonly Part[]): MimiContent {
  return of(new MultiPart({ semantics: Semantics.CHOOSE_ONE, parts }));
}

function again(content: MimiContent): MimiContent {
  return decode(content.encode());
}

test('words are plain text and read back as typed', () => {
  const content = again(textMessage('*5* > 3 <b>\nzwei', { salt, language: 'de' }));
  expect(readableText(content)).toBe('*5* > 3 <b>\nzwei');
  expect(content.part).toMatchObject({
    contentType: 'text/plain;charset=utf-8',
    language: 'de',
  });
});

test('an expiring message in a topic', () => {
  const expires = { relative: true, timeS: 3600 };
  const content = again(textMessage('x', { salt, expires, topicId: utf8('t') }));
  expect([content.expires, content.topicId]).toEqual([expires, utf8('t')]);
});

test('a reply names what it answers', () => {
  expect(again(reply('ja', FIRST, { salt })).inReplyTo).toEqual(FIRST);
  expect(reply('ja', FIRST, { salt, language: 'de' }).part.language).toBe('de');
});

test('a reaction and its end', () => {
  const liked = again(reaction('❤', FIRST, { salt }));
  expect([reactionsOf(liked), liked.inReplyTo]).toEqual([['❤'], FIRST]);
  expect(liked.part.disposition).toBe(Disposition.REACTION);
  const unliked = again(unlike(SECOND, FIRST, { salt }));
  expect(unliked.part).toEqual(new NullPart({ disposition: Disposition.REACTION }));
  expect([unliked.replaces, unliked.inReplyTo]).toEqual([SECOND, FIRST]);
  expect(readableText(unliked)).toBe('');
});

test('the longest emoji is a reaction and a speech is none', () => {
  const family = '👩🏽‍❤️‍💋‍👨🏿';
  expect(reactionsOf(reaction(family, FIRST, { salt }))).toEqual([family]);
  for (const text of ['', 'x'.repeat(65), '\ud83d']) {
    expect(codeOf(() => reaction(text, FIRST, { salt }))).toBe('bad_content');
  }
});

test('several reactions in one message', () => {
  const disposition = Disposition.REACTION;
  const parts = ['❤', '🥳'].map((sign) => textPart(sign, { disposition }));
  const whole = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts, disposition });
  expect(reactionsOf(of(whole))).toEqual(['❤', '🥳']);
  expect(reactionsOf(textMessage('❤', { salt }))).toEqual([]);
  const speech = textPart('x'.repeat(65), { disposition });
  const picture = new SinglePart({ contentType: 'image/png', content: utf8('x'), disposition });
  for (const part of [speech, picture, new NullPart({ disposition })]) {
    expect(reactionsOf(of(part))).toEqual([]);
  }
});

test('an edit and a deletion name the first version', () => {
  const edited = again(edit('besser', FIRST, { salt, inReplyTo: SECOND, language: 'de' }));
  expect([edited.replaces, edited.inReplyTo]).toEqual([FIRST, SECOND]);
  expect([readableText(edited), edited.part.language]).toEqual(['besser', 'de']);
  const deleted = again(deletion(FIRST, { salt, inReplyTo: SECOND }));
  expect([deleted.replaces, deleted.inReplyTo]).toEqual([FIRST, SECOND]);
  expect(deleted.part).toEqual(new NullPart());
});

describe('mentions', () => {
  const anna = { account: ANNA, name: 'Anna' };

  test('a mention is a link and reads as a name', () => {
    const pieces = [
      'Danke ',
      { account: ANNA, name: 'Anna S.' },
      ' & ',
      { account: BEN, name: 'Ben]' },
      '!\n- *fertig*',
    ];
    const content = mentionMessage(pieces, { salt });
    expect(mentionsIn(content)).toEqual([ANNA, BEN]);
    expect(readableText(content)).toBe('Danke @Anna S. & @Ben]!\n- *fertig*');
    const [reading] = readings(content);
    expect(reading?.kind).toBe('markdown');
    expect(reading?.text).toMatch(/^Danke \[@Anna S\.\]\(mimi:\/\/example\.org\/u\/anna\) \\& /);
  });

  test('links to other things are no mentions', () => {
    const markdown =
      '[@A](mimi://example.org/u/anna) [@B](mimi://example.org/r/00) ' +
      '[@C](https://example.org) [D](mimi://example.org/u/dora) ' +
      '[@A](mimi://example.org/u/anna)';
    expect(mentionsIn(of(markdownPart(markdown)))).toEqual([ANNA]);
    const typed = textMessage('[@A](mimi://example.org/u/anna)', { salt });
    expect(mentionsIn(typed)).toEqual([]);
    expect(mentionsIn(of(new NullPart()))).toEqual([]);
  });

  test.each(['-', '+', '='])('a line may begin with %s, after spaces too', (mark) => {
    for (const space of ['', ' ', '   ', '\t']) {
      const content = mentionMessage([`x\n${space}${mark} y `, anna], { salt });
      expect(readings(content)[0]?.text).toContain(`${space}\\${mark} y`);
      expect(readableText(content)).toBe(`x\n${space}${mark} y @Anna`);
    }
  });

  test('the words around a mention read as typed', () => {
    const pieces = ['*', '_', '\\', '[', ']', '(', ')', '@', '\n', '- ', '1.', '`', '#', 'x', ' '];
    forAll(1000, (chance) => {
      const words = chance.pick([anyText(chance, 60), textOfPieces(chance, pieces, 30)]);
      const content = mentionMessage([words, anna], { salt });
      expect(readableText(again(content))).toBe(`${words}@Anna`);
    });
  });

  test('hostile Markdown is read in linear time', () => {
    for (const pattern of ['[@', '[@a](mimi://', '\\', '[@\\', '[[[', '[@a](', '[@]']) {
      const content = of(markdownPart(pattern.repeat(Math.floor(50_000 / pattern.length))));
      expect(mentionsIn(content)).toEqual([]);
      expect(readableText(content)).not.toBe('');
    }
  });

  test('an account is read from a URI, and nothing else is one', () => {
    expect(accountOf('mimi://example.org/u/anna')).toEqual(ANNA);
    for (const uri of ['', 'mimi:', 'https://example.org/u/anna', 'mimi://example.org/r/00']) {
      expect(accountOf(uri)).toBeNull();
    }
  });
});

test('half a surrogate pair is not sent', () => {
  for (const make of [
    () => textMessage('\ud83d', { salt }),
    () => markdownPart('\ude00'),
    () => mentionMessage(['\ud83d'], { salt }),
    () => edit('\ud83d', FIRST, { salt }),
  ]) {
    expect(codeOf(make)).toBe('bad_content');
  }
});

test('a fallback is chosen over a fancy part', () => {
  expect(readableText(choice(FANCY, markdownPart('# Hallo')))).toBe('# Hallo');
  expect(readableText(choice(FANCY, FANCY))).toBe('[application/vnd.example+cbor]');
  expect(readings(choice(FANCY, FANCY))).toEqual([
    { kind: 'named', text: 'application/vnd.example+cbor' },
  ]);
});

test.each<[string[], string]>([
  [[], 'neutral'],
  [['de'], 'deutsch'],
  [['DE'], 'deutsch'],
  [['en'], 'english'],
  [['en-GB', 'de'], 'deutsch'],
  [['fr', 'en'], 'english'],
  [['fr'], 'english'],
  [['es', 'de-AT'], 'deutsch'],
  [['es'], 'neutral'],
  [['d'], 'neutral'],
])('of alternatives, for %j, %s', (languages, text) => {
  const content = choice(
    FANCY,
    textPart('english', { language: 'fr-CA, en' }),
    textPart('deutsch', { language: 'de-AT' }),
    textPart('neutral'),
  );
  expect(readableText(content, languages)).toBe(text);
});

test('without a neutral alternative it is the first readable one', () => {
  const content = choice(
    FANCY,
    textPart('english', { language: 'en' }),
    textPart('deutsch', { language: 'de' }),
  );
  expect(readableText(content, ['es'])).toBe('english');
});

test('parts that belong together are read together', () => {
  const picture = new ExternalPart({
    contentType: 'image/png',
    url: 'https://x',
    description: 'ein Bild',
  });
  const parts = [textPart('schau'), new NullPart(), textPart(''), picture];
  const both = of(new MultiPart({ semantics: Semantics.PROCESS_ALL, parts }));
  expect(readableText(both)).toBe('schau\n[ein Bild]');
});

test('a preview reads as nothing', () => {
  const disposition = Disposition.PREVIEW;
  const preview = new SinglePart({ contentType: 'image/png', content: utf8('x'), disposition });
  const parts = [preview, textPart('schau')];
  const both = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
  expect(readableText(of(both))).toBe('schau');
});

test('a unit with an unreadable part is not chosen', () => {
  const parts = [textPart('halb'), FANCY];
  const unit = new MultiPart({ semantics: Semantics.SINGLE_UNIT, parts });
  const mixed = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
  expect(readableText(choice(unit, textPart('ganz')))).toBe('ganz');
  expect(readableText(choice(mixed, textPart('ganz')))).toContain('halb');
});

const external = { contentType: 'a/b', url: 'u' };

test.each<[string, Part, string]>([
  ['a file with a name', new ExternalPart({ ...external, filename: 'f.png' }), '[f.png]'],
  ['a file without', new ExternalPart(external), '[a/b]'],
  ['a bare address', new ExternalPart({ ...external, contentType: '' }), '[u]'],
  ['nothing', new NullPart(), ''],
  ['a loud type', new SinglePart({ contentType: 'TEXT/Plain', content: utf8('ok') }), 'ok'],
  [
    'broken UTF-8',
    new SinglePart({ contentType: 'text/plain', content: Uint8Array.of(0xff) }),
    '\ufffd',
  ],
  ['HTML', new SinglePart({ contentType: 'text/html', content: utf8('<b>') }), '[text/html]'],
])('%s reads as what it is', (_, part, text) => {
  expect(readableText(of(part))).toBe(text);
});

test.each([
  ['text/plain', 'text/plain'],
  [' Text/Plain ; charset=utf-8;x', 'text/plain'],
  ['\x1c\u2003text/plain\x85', 'text/plain'],
  ['', ''],
  [' '.repeat(100_000) + 'a' + ' '.repeat(100_000) + 'b', 'a' + ' '.repeat(100_000) + 'b'],
])('the media type of %.30j', (contentType, type) => {
  expect(mediaType({ contentType })).toBe(type);
});
