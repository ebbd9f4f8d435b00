import { expect, test } from 'vitest';

import type { ProfileWhy } from '../../src/sdk/protocol.ts';
import {
  dayAndMonth,
  dayNumber,
  lengthText,
  monthDay,
  problemText,
  rangeText,
  shareText,
  shortDay,
  spansText,
  weekdayName,
} from '../../src/words/business_format.ts';
import { deProfileForm } from '../../src/words/de_profile_form.ts';
import { deBusiness } from '../../src/words/de_business.ts';
import { enBusiness } from '../../src/words/en_business.ts';

test('dates are written as the language does', () => {
  expect(dayAndMonth('2026-11-27', 'de')).toBe('Freitag, 27. November');
  expect(dayAndMonth('2026-11-27', 'en')).toBe('Friday 27 November');
  expect(shortDay('2026-11-27', 'de')).toBe('Fr., 27. Nov.');
  expect(monthDay('2026-11-27', 'en')).toBe('27 Nov');
  expect(weekdayName('2026-11-27', 'de')).toBe('Fr');
  expect(dayNumber('2026-11-07')).toBe('7');
});

test('what is no date is shown as it came', () => {
  expect(dayAndMonth('tomorrow', 'de')).toBe('tomorrow');
});

test('spans are clock times, past midnight too', () => {
  const span = (opensMinute: number, closesMinute: number) => ({ opensMinute, closesMinute });
  expect(spansText([span(690, 900), span(1080, 1530)], 'zu')).toBe('11:30–15:00, 18:00–01:30');
  expect(spansText([span(0, 1440)], 'zu')).toBe('00:00–24:00');
  expect(spansText([], 'zu')).toBe('zu');
});

test('shares and lengths have as many digits as they need', () => {
  expect(shareText(0.125, 'en')).toBe('13%');
  expect(shareText(0.034, 'en')).toBe('3.4%');
  expect(shareText(0, 'en')).toBe('0%');
  expect(lengthText(0.24, 'de', deBusiness)).toBe('0,2 s');
  expect(lengthText(240, 'de', deBusiness)).toBe('4 min');
  expect(lengthText(86_400, 'en', enBusiness)).toBe('24 h');
});

test('a week is a range of days', () => {
  expect(rangeText('2026-11-23', '2026-11-29', 'de')).toBe('23.–29. Nov.');
  expect(rangeText('2026-11-30', '2026-12-06', 'de')).toMatch(/^30\. Nov\.\s–\s6\. Dez\.$/);
  expect(rangeText('x', 'y', 'en')).toBe('x – y');
});

test('what is wrong in a profile says what to do', () => {
  const say = deProfileForm.profileForm;
  const said = (field: string, why: ProfileWhy, most?: number): string =>
    problemText({ field, why, ...(most === undefined ? {} : { most }) }, say);
  expect(said('imprint.email', 'form')).toContain('info@example.org');
  expect(said('links.url', 'form')).toContain('https://');
  expect(said('imprint.contact_url', 'form')).toContain('https://');
  expect(said('address.postal_code', 'form')).toContain('fünf Ziffern');
  expect(said('time_zone', 'form')).toBe(say.mistakes.form);
  expect(said('name', 'long', 80)).toContain('80');
  expect(said('imprint.street', 'lacking')).toContain('Postfach');
  expect(said('imprint.telephone', 'lacking')).toContain('Kontaktformular');
  expect(said('imprint.name', 'lacking')).toBe(say.mistakes.lacking);
  expect(said('name', 'hidden')).toBe(say.mistakes.hidden);
});
