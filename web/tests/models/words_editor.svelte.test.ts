import { expect, test } from 'vitest';

import { MOST_CHARACTERS, WordsEditor } from '../../src/models/words_editor.svelte.ts';
import { house } from './house.ts';

function open() {
  const home = house();
  return { ...home, editor: new WordsEditor(home.side, home.view) };
}

test('it begins with what the house says', () => {
  const { editor, view } = open();
  expect(editor.typed).toEqual({ greeting: view.greeting, away: view.away });
  expect(editor.isChanged).toBe(false);
  expect(editor.mistakes.size).toBe(0);
});

test('what is typed is saved without the space around it', async () => {
  const { editor, device, operations } = open();
  editor.type('greeting', 'en', ' Welcome!\n');
  expect(editor.isChanged).toBe(true);
  const saved = await editor.save();
  expect(saved?.greeting).toEqual({ de: '', en: 'Welcome!' });
  expect(device.agent.view?.greeting.en).toBe('Welcome!');
  expect(operations()).toEqual(['business.setWords']);
  expect(editor.isChanged).toBe(false);
  expect(editor.isSaving).toBe(false);
});

test('space alone is nothing new', () => {
  const { editor } = open();
  editor.type('greeting', 'de', '  \n');
  expect(editor.isChanged).toBe(false);
});

test('what cannot be said is marked and not sent', async () => {
  const { editor, operations } = open();
  editor.type('greeting', 'de', 'Ab {opens}');
  editor.type('away', 'de', 'Ab {opens}, oder {spaeter}');
  editor.type('away', 'en', 'x'.repeat(MOST_CHARACTERS + 1));
  expect(editor.mistakeIn('greeting', 'de')).toBe('place');
  expect(editor.mistakeIn('away', 'de')).toBe('place');
  expect(editor.mistakeIn('away', 'en')).toBe('long');
  expect(await editor.save()).toBeUndefined();
  expect(operations()).toEqual([]);
  editor.type('greeting', 'de', 'Ein { allein');
  editor.type('away', 'de', '{opens} {opens}');
  editor.type('away', 'en', '💐'.repeat(MOST_CHARACTERS));
  expect(editor.mistakes.size).toBe(0);
});

test('a refusal keeps what was typed', async () => {
  const { editor, device, refused } = open();
  device.agent.refusing.set('business.setWords', 'bad_params');
  editor.type('away', 'en', 'Back soon.');
  expect(await editor.save()).toBeUndefined();
  expect(refused).toEqual(['bad_params']);
  expect(editor.typed.away.en).toBe('Back soon.');
  expect(editor.isChanged).toBe(true);
});
