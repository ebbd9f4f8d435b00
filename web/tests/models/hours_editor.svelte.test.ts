import { expect, test } from 'vitest';

import { HoursEditor } from '../../src/models/hours_editor.svelte.ts';
import { Clock } from './clock.ts';
import { house, TODAY } from './house.ts';

async function open() {
  const home = house();
  const clock = new Clock();
  const editor = new HoursEditor(home.side, home.view.hours, TODAY, clock);
  await clock.pass(0);
  return { ...home, editor, clock };
}

test('it begins as the house is, and shows what comes', async () => {
  const { editor, device } = await open();
  expect(editor.isChanged).toBe(false);
  expect(editor.preview).toHaveLength(28);
  expect(editor.spansOf({ weekday: 4 }).map(({ opens }) => opens)).toEqual(['11:30', '17:30']);
  expect(device.agent.asked.at(-1)?.params).toMatchObject({ from: TODAY, days: 28 });
});

test('the preview follows what is typed, after a moment', async () => {
  const { editor, clock, operations } = await open();
  const before = operations().length;
  editor.add({ weekday: 0 });
  const [span] = editor.spansOf({ weekday: 0 });
  editor.type({ weekday: 0 }, span!.key, { opens: '10' });
  editor.type({ weekday: 0 }, span!.key, { closes: '12' });
  expect(operations()).toHaveLength(before);
  await clock.pass(400);
  expect(operations()).toHaveLength(before + 1);
  const monday = editor.preview?.find(({ date }) => date === '2026-11-30');
  expect(monday?.spans).toEqual([{ opensMinute: 600, closesMinute: 720 }]);
});

test('with a mistake there is no preview and no saving', async () => {
  const { editor, clock, operations } = await open();
  const [span] = editor.spansOf({ weekday: 1 });
  editor.type({ weekday: 1 }, span!.key, { opens: 'früh' });
  const before = operations().length;
  await clock.pass(400);
  expect(editor.mistakes.get(span!.key)).toBe('time');
  expect(await editor.save()).toBeUndefined();
  expect(operations()).toHaveLength(before);
  expect(editor.isChanged).toBe(true);
});

test('saved hours are the new beginning', async () => {
  const { editor } = await open();
  const [span] = editor.spansOf({ weekday: 1 });
  editor.drop({ weekday: 1 }, span!.key);
  expect(editor.isChanged).toBe(true);
  const saved = await editor.save();
  expect(saved?.hours.weekly[1]).toEqual([]);
  expect([editor.isChanged, editor.isSaving]).toEqual([false, false]);
});

test('refused hours stay as they were typed', async () => {
  const { editor, device, refused } = await open();
  device.agent.refusing.set('business.setHours', 'bad_hours');
  editor.setState('');
  expect(await editor.save()).toBeUndefined();
  expect(refused).toEqual(['bad_hours']);
  expect(editor.isChanged).toBe(true);
});

test('the next span begins where the last one ends', async () => {
  const { editor } = await open();
  editor.add({ weekday: 6 });
  expect(editor.spansOf({ weekday: 6 }).map(({ opens, closes }) => [opens, closes])).toEqual([
    ['11:30', '15:00'],
    ['15:00', '22:00'],
  ]);
});

test('one day is copied to the others that are open', async () => {
  const { editor } = await open();
  editor.copyToOpenDays(6);
  const opens = editor.typed.weekly.map((spans) => spans.map((span) => span.opens));
  expect(opens).toEqual([[], ...Array.from({ length: 6 }, () => ['11:30'])]);
  const keys = editor.typed.weekly.flat().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test('special days are added, described and removed', async () => {
  const { editor } = await open();
  editor.addSpecial();
  const added = editor.typed.specials.at(-1)!;
  expect(added.date).toBe('2026-12-06');
  editor.describe(added.key, { date: '2026-12-24', note: 'Heiligabend' });
  editor.add({ special: added.key });
  expect(editor.spansOf({ special: added.key })).toHaveLength(1);
  const saved = await editor.save();
  expect(saved?.hours.specialDays.at(-1)).toEqual({
    date: '2026-12-24',
    note: 'Heiligabend',
    spans: [{ opensMinute: 690, closesMinute: 1320 }],
  });
  editor.dropSpecial(editor.typed.specials.at(-1)!.key);
  expect(editor.typed.specials).toHaveLength(1);
});

test('holidays are those of a state, or none', async () => {
  const { editor } = await open();
  editor.setState('BY');
  editor.setHolidays({ assumptionDay: true, isOpen: true });
  expect(editor.typed.holidays).toEqual({
    state: 'BY',
    assumptionDay: true,
    peaceFestival: false,
    isOpen: true,
  });
  editor.setState('');
  editor.setHolidays({ isOpen: true });
  expect(editor.typed.holidays).toBeNull();
});
