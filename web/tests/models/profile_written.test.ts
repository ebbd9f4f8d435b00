import { expect, test } from 'vitest';

import { blankProfile, previewOf, tidied } from '../../src/models/profile_written.ts';
import { LINDE_DRAFT, LINDE_PROFILE } from '../stage/profiles.ts';

test('a new profile knows only what is known', () => {
  const blank = blankProfile('Zur Linde', 'de', 'Europe/Berlin');
  expect([blank.name, blank.spoken, blank.zone]).toEqual(['Zur Linde', ['de'], 'Europe/Berlin']);
  expect(blank.hours.weekly).toEqual(Array(7).fill([]));
});

test('what people write beside it goes', () => {
  const { imprint } = LINDE_DRAFT;
  const written = {
    ...LINDE_DRAFT,
    name: ' Zur Linde ',
    privacyUrl: 'www.linde.example/datenschutz ',
    links: [
      { label: ' Karte ', url: 'linde.example' },
      { label: 'x', url: 'http://linde.example/' },
      { label: 'y', url: 'what I mean' },
      { label: 'z', url: 'javascript:alert(1)' },
    ],
    imprint: { ...imprint, vatId: 'de 123 456 789' },
  };
  const tidy = tidied(written);
  expect([tidy.name, tidy.imprint.vatId]).toEqual(['Zur Linde', 'DE123456789']);
  expect(tidy.privacyUrl).toBe('https://www.linde.example/datenschutz');
  expect(tidy.links).toEqual([
    { label: 'Karte', url: 'https://linde.example' },
    { label: 'x', url: 'http://linde.example/' },
    { label: 'y', url: 'what I mean' },
    { label: 'z', url: 'javascript:alert(1)' },
  ]);
  expect(tidied(LINDE_DRAFT)).toEqual(LINDE_DRAFT);
});

test('the preview is what others are told', () => {
  const preview = previewOf(LINDE_DRAFT, LINDE_PROFILE.account);
  expect({ ...preview, seq: 3, issuedAtMs: LINDE_PROFILE.issuedAtMs }).toEqual(LINDE_PROFILE);
  const { holidays } = LINDE_DRAFT.hours;
  const hours = { ...LINDE_DRAFT.hours, holidays: { ...holidays!, isOpen: true } };
  expect(previewOf({ ...LINDE_DRAFT, hours }, 'x').holidayState).toBe('');
});
