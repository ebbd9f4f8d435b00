/** A conversation's title: one line, read by every client. */

import { expect, test } from 'vitest';

import * as cbor from '../../src/content/cbor.ts';
import {
  checkTitle,
  CONVERSATION_TYPE,
  MAX_TITLE_CHARACTERS,
  titleMessage,
  titleOf,
} from '../../src/content/conversation.ts';
import {
  decode,
  Disposition,
  MimiContent,
  MultiPart,
  Semantics,
  SinglePart,
} from '../../src/content/mimi.ts';
import { readableText, textMessage, textPart } from '../../src/content/text.ts';
import { forAll } from '../mls/random.ts';
import { anyText, anyValue } from './chance.ts';
import { codeOf, SALT } from './samples.ts';

const salt = SALT;

function part(content: Uint8Array): SinglePart {
  return new SinglePart({ contentType: CONVERSATION_TYPE, content });
}

function said(content: Uint8Array): MimiContent {
  return new MimiContent({ salt, part: part(content) });
}

function map(...entries: readonly (readonly [cbor.Key, cbor.Value])[]): Uint8Array {
  return cbor.encode(new Map(entries));
}

test('a title comes back and other clients can read it', () => {
  const content = decode(titleMessage('Kegelclub „Alle Neune“ 🎳', { salt }).encode());
  expect(titleOf(content)).toBe('Kegelclub „Alle Neune“ 🎳');
  expect(readableText(content)).toBe('Kegelclub „Alle Neune“ 🎳');
  expect(content.part.disposition).toBe(Disposition.PROFILE);
});

test('other messages change no title', () => {
  expect(titleOf(textMessage('Kegelclub', { salt }))).toBeNull();
});

test('unknown fields are left alone', () => {
  expect(titleOf(said(map(['title', 'a'], ['topic', [1, 2]])))).toBe('a');
  expect(titleOf(said(map(['topic', 1])))).toBeNull();
  expect(titleOf(said(map([7, 'a'])))).toBeNull();
});

test('the first part that has a title has it', () => {
  const parts = [textPart('x'), part(map(['topic', 1])), part(map(['title', 'a']))];
  const multi = new MultiPart({ semantics: Semantics.PROCESS_ALL, parts });
  expect(titleOf(new MimiContent({ salt, part: multi }))).toBe('a');
});

test.each([
  '',
  ' ',
  'a\nb',
  'a\x00',
  '\u202egnp',
  'a\u200bb',
  'a\u00a0b',
  'x'.repeat(MAX_TITLE_CHARACTERS + 1),
  'x'.repeat(100_000),
])('%.20j is neither sent nor read', (title) => {
  expect(codeOf(() => titleMessage(title, { salt }))).toBe('bad_content');
  expect(codeOf(() => titleOf(said(map(['title', title]))))).toBe('bad_content');
});

test.each([null, 7, [], new Uint8Array(0), true])('a title is no %j', (title) => {
  expect(codeOf(() => titleOf(said(map(['title', title]))))).toBe('bad_content');
});

test('half a surrogate pair is no title', () => {
  expect(codeOf(() => titleMessage('\ud83d', { salt }))).toBe('bad_content');
});

test('the longest title', () => {
  for (const character of ['ü', '🎳']) {
    const title = character.repeat(MAX_TITLE_CHARACTERS);
    expect(checkTitle(title)).toBe(title);
    expect(codeOf(() => checkTitle(`${title}x`))).toBe('bad_content');
  }
});

test('random bodies give nothing but a title or the error of this room', () => {
  forAll(500, (chance) => {
    const body = chance.pick([
      () => chance.bytes(60),
      () => cbor.encode(anyValue(chance, 2)),
      () => map(['title', anyText(chance, 10)]),
    ])();
    const content = said(body);
    if (codeOf(() => titleOf(content)) === 'none') {
      const title = titleOf(content);
      expect(title === null || checkTitle(title) === title).toBe(true);
    }
  });
});
