import { expect, test } from 'vitest';

import { HoursTyping } from '../../src/models/hours_typing.svelte.ts';
import { LINDE_DRAFT } from '../stage/profiles.ts';

test('changes are told, a beginning is not', () => {
  let told = 0;
  const typing = new HoursTyping(LINDE_DRAFT.hours, '2026-11-26', () => (told += 1));
  expect([typing.hours, told]).toEqual([LINDE_DRAFT.hours, 0]);
  typing.add({ weekday: 0 });
  expect(typing.hours?.weekly[0]).toEqual([{ opensMinute: 690, closesMinute: 1_320 }]);
  expect(told).toBe(1);
  const [span] = typing.spansOf({ weekday: 0 });
  typing.type({ weekday: 0 }, span!.key, { opens: 'früh' });
  expect([typing.hours, typing.mistakes.size, told]).toEqual([undefined, 1, 2]);
  typing.begin(LINDE_DRAFT.hours);
  expect([typing.mistakes.size, told]).toEqual([0, 2]);
});

test('a special day comes after the last one, and goes', () => {
  const typing = new HoursTyping(LINDE_DRAFT.hours, '2026-11-26', () => undefined);
  typing.addSpecial();
  expect(typing.typed.specials.map(({ date }) => date)).toEqual(['2099-12-24', '2099-12-25']);
  const last = typing.typed.specials.at(-1)!;
  typing.describe(last.key, { note: 'Weihnachten' });
  typing.dropSpecial(typing.typed.specials[0]!.key);
  expect(typing.typed.specials.map(({ note }) => note)).toEqual(['Weihnachten']);
});
