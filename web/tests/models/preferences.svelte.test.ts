import { afterEach, expect, test } from 'vitest';

import { Preferences, type Shelf } from '../../src/models/preferences.svelte.ts';
import { language, speak } from '../../src/words/words.svelte.ts';

class Memory implements Shelf {
  readonly kept = new Map<string, string>();

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

const GERMAN_PHONE = { wishes: ['de-AT', 'en'], isTouch: true };

afterEach(() => {
  speak('en');
});

test('without a choice it is the browser that decides', () => {
  const preferences = new Preferences(new Memory(), GERMAN_PHONE);
  expect(language()).toBe('de');
  expect(preferences.theme).toBe('system');
  expect(preferences.enterSends).toBe(false);
  expect(new Preferences(undefined, { wishes: ['fr'], isTouch: false }).enterSends).toBe(true);
  expect(language()).toBe('en');
});

test('choices are kept', () => {
  const shelf = new Memory();
  const preferences = new Preferences(shelf, GERMAN_PHONE);
  preferences.setLanguage('en');
  preferences.setTheme('dark');
  preferences.setEnterSends(true);
  preferences.used('🎉');
  speak('de');
  const later = new Preferences(shelf, GERMAN_PHONE);
  expect(language()).toBe('en');
  expect([later.theme, later.enterSends, later.recent]).toEqual(['dark', true, ['🎉']]);
});

test('what was used last comes first, once, and the list ends', () => {
  const preferences = new Preferences(new Memory(), GERMAN_PHONE);
  for (let at = 0; at < 40; at += 1) {
    preferences.used(`${at}`);
  }
  preferences.used('20');
  expect(preferences.recent).toHaveLength(24);
  expect(preferences.recent.slice(0, 3)).toEqual(['20', '39', '38']);
});

test('there are always six signs to react with, none twice', () => {
  const preferences = new Preferences(new Memory(), GERMAN_PHONE);
  expect(preferences.signs).toHaveLength(6);
  preferences.used('👍');
  preferences.used('🎉');
  expect(preferences.signs.slice(0, 2)).toEqual(['🎉', '👍']);
  expect(new Set(preferences.signs).size).toBe(6);
});

test.each(['', '{', 'null', '7', '{"theme":3,"language":"xx","recent":[1,"a"],"enterSends":"no"}'])(
  'what was kept as %j does no harm',
  (kept) => {
    const shelf = new Memory();
    shelf.setItem('plausch.preferences', kept);
    const preferences = new Preferences(shelf, GERMAN_PHONE);
    expect(preferences.theme).toBe('system');
    expect(language()).toBe('de');
    expect(preferences.recent.every((one) => typeof one === 'string')).toBe(true);
  },
);

test('a browser that keeps nothing does no harm', () => {
  const refusing: Shelf = {
    getItem: () => {
      throw new Error('private mode');
    },
    setItem: () => {
      throw new Error('private mode');
    },
  };
  const preferences = new Preferences(refusing, GERMAN_PHONE);
  preferences.setTheme('light');
  expect(preferences.theme).toBe('light');
});

test('how to be told of messages is kept; by default nobody is, and sounds and texts are on', () => {
  const shelf = new Memory();
  const preferences = new Preferences(shelf, GERMAN_PHONE);
  const { notifies, showsText, sounds, isHintClosed } = preferences;
  expect({ notifies, showsText, sounds, isHintClosed }).toEqual({
    notifies: false,
    showsText: true,
    sounds: true,
    isHintClosed: false,
  });
  preferences.setNotifies(true);
  preferences.setShowsText(false);
  preferences.setSounds(false);
  preferences.closeHint();
  expect(new Preferences(shelf, GERMAN_PHONE)).toMatchObject({
    notifies: true,
    showsText: false,
    sounds: false,
    isHintClosed: true,
  });
});

test('each account has its own', () => {
  const shelf = new Memory();
  const first = new Preferences(shelf, GERMAN_PHONE);
  const second = new Preferences(shelf, GERMAN_PHONE, 'device-2');
  first.setOwnName('Anna');
  second.setNotifies(true);
  second.setTheme('dark');
  expect(new Preferences(shelf, GERMAN_PHONE)).toMatchObject({ ownName: 'Anna', theme: 'system' });
  const later = new Preferences(shelf, GERMAN_PHONE, 'device-2');
  expect(later).toMatchObject({ ownName: '', notifies: true, theme: 'dark' });
  expect([...shelf.kept.keys()]).toEqual(['plausch.preferences', 'plausch.preferences device-2']);
});

test('with the account goes what was its own, and the look stays', () => {
  const shelf = new Memory();
  const preferences = new Preferences(shelf, GERMAN_PHONE);
  preferences.setOwnName('Anna');
  preferences.setTheme('dark');
  preferences.setNotifies(true);
  preferences.setShowsText(false);
  preferences.closeHint();
  preferences.closeRecoveryHint();
  preferences.used('🎉');
  preferences.forget();
  expect(new Preferences(shelf, GERMAN_PHONE)).toMatchObject({
    ownName: '',
    theme: 'dark',
    notifies: false,
    showsText: true,
    isHintClosed: false,
    isRecoveryHintClosed: false,
    recent: [],
  });
});

test('the name that was written is kept for bookings', () => {
  const shelf = new Memory();
  expect(new Preferences(shelf, GERMAN_PHONE).ownName).toBe('');
  new Preferences(shelf, GERMAN_PHONE).setOwnName('Anna Müller');
  expect(new Preferences(shelf, GERMAN_PHONE).ownName).toBe('Anna Müller');
});
