import { expect, test } from 'vitest';

import {
  type NumberField,
  PACING_RANGES,
  type PacingField,
  RANGES,
  type ServiceField,
  ServicesEditor,
} from '../../src/models/services_editor.svelte.ts';
import type { BusinessView, ServiceView } from '../../src/sdk/protocol.ts';
import { house } from './house.ts';

function open(change: (view: BusinessView) => Partial<BusinessView> = () => ({})) {
  const home = house();
  const view = { ...home.view, ...change(home.view) };
  home.device.agent.view = view;
  const editor = new ServicesEditor(home.side, view);
  const first = (): (typeof editor.services)[number] => editor.services[0]!;
  const why = (field: ServiceField, at = 0): string | undefined =>
    editor.mistakeIn(editor.services[at]!.key, field)?.why;
  return { ...home, view, editor, first, why };
}

const sent = ({ device }: ReturnType<typeof open>): readonly ServiceView[] =>
  (device.agent.asked.at(-1)?.params as { services: readonly ServiceView[] }).services;

test('it begins as the house is, and is sent back whole', async () => {
  const home = open();
  expect(home.editor.isChanged).toBe(false);
  expect(home.editor.mistakes.size).toBe(0);
  await home.editor.save();
  expect(sent(home)).toEqual(home.view.services);
});

test('what is typed is what the agent gets, and then how it begins', async () => {
  const home = open();
  const { editor, first } = home;
  editor.change(first().key, { name: ' Abendessen ', bufferAfterMinutes: 10 });
  editor.changeTurn(first().key, first().turns[0]!.key, { minutes: 75 });
  editor.dropTurn(first().key, first().turns[2]!.key);
  expect(editor.isChanged).toBe(true);
  const saved = await editor.save();
  expect(saved?.services[0]).toMatchObject({
    ...{ identifier: 'table', name: 'Abendessen', bufferAfterMinutes: 10, offerMinutes: 15 },
    turnTimes: [
      { partyMax: 2, minutes: 75 },
      { partyMax: 6, minutes: 120 },
    ],
  });
  expect(sent(home)[0]).not.toHaveProperty('key');
  expect(editor.isChanged).toBe(false);
});

test('a new one has the rules of the last, and a name for programs of its own', async () => {
  const home = open();
  const { editor, why } = home;
  editor.add();
  expect(why('name', 1)).toBe('name');
  editor.change(editor.services[1]!.key, { name: 'Käsefondue & Öl' });
  editor.add();
  editor.change(editor.services[2]!.key, { name: 'Käse-Fondue … öl' });
  editor.add();
  editor.change(editor.services[3]!.key, { name: '寿司' });
  await editor.save();
  expect(sent(home).map(({ identifier }) => identifier)).toEqual([
    ...['table', 'kasefondue-ol', 'kase-fondue-ol', 'service'],
  ]);
  expect(sent(home)[1]).toMatchObject({ slotIntervalMinutes: 30, bookingWindowDays: 60 });
});

test('two of nearly one name are two to programs', async () => {
  const home = open();
  for (const name of ['Schnitt', 'Schnitt!']) {
    home.editor.add();
    home.editor.change(home.editor.services.at(-1)!.key, { name });
  }
  await home.editor.save();
  expect(sent(home).map(({ identifier }) => identifier)).toEqual(['table', 'schnitt', 'schnitt-2']);
});

test('the last one stays', () => {
  const { editor, first } = open();
  editor.drop(first().key);
  expect(editor.services).toHaveLength(1);
  editor.add();
  editor.drop(first().key);
  expect(editor.services.map(({ name }) => name)).toEqual(['']);
});

test('a name is a line that is seen, and nobody else has it', () => {
  const { editor, first, why } = open();
  const named = (name: string): string | undefined => {
    editor.change(first().key, { name });
    return why('name');
  };
  expect(named('x'.repeat(80))).toBeUndefined();
  expect(named('😀'.repeat(80))).toBeUndefined();
  expect(named('x'.repeat(81))).toBe('long');
  expect(named('Ti\u200bsch')).toBe('line');
  expect(named('')).toBeUndefined();
  editor.add();
  expect(why('name')).toBe('name');
  expect(named('Essen')).toBeUndefined();
  editor.change(editor.services[1]!.key, { name: 'Essen ' });
  expect(why('name', 1)).toBe('twice');
});

test.each(Object.entries(RANGES))('%s has its limits', (name, [low, high]) => {
  const { editor, first, why } = open();
  const field = name as NumberField;
  for (const [value, mistake] of [
    [low, undefined],
    [high, undefined],
    [low - 1, 'number'],
    [high + 1, 'number'],
    [low + 0.5, 'number'],
    [Number.NaN, 'number'],
  ] as const) {
    editor.change(first().key, { [field]: value });
    expect(why(field), `${value}`).toBe(mistake);
  }
});

test('how long places are held and offers are good, and when guests are reminded, is set', async () => {
  const home = open();
  const { editor, first } = home;
  const fields = { holdMinutes: 20, offerMinutes: 45, reminderMinutes: 0 };
  expect(Object.keys(RANGES)).toEqual(expect.arrayContaining(Object.keys(fields)));
  editor.change(first().key, fields);
  await editor.save();
  expect(sent(home)[0]).toMatchObject(fields);
});

test('how many begin at once is limited, and no more', async () => {
  const home = open();
  const { editor, first, why } = home;
  editor.changePacing(first().key, 'maxCovers', 5);
  expect(first().pacing).toBeNull();
  editor.pace(first().key, true);
  expect(editor.mistakes.size).toBe(0); // the largest party fits
  editor.changePacing(first().key, 'maxCovers', 40);
  editor.changePacing(first().key, 'slotMinutes', 15);
  await editor.save();
  expect(sent(home)[0]?.pacing).toEqual({ slotMinutes: 15, maxCovers: 40 });
  editor.changePacing(first().key, 'maxCovers', 1);
  expect(why('whole')).toBe('pacing');
  editor.pace(first().key, false);
  expect(editor.mistakes.size).toBe(0);
  await editor.save();
  expect(sent(home)[0]?.pacing).toBeNull();
});

test.each(Object.entries(PACING_RANGES))('%s has its limits', (name, [low, high]) => {
  const { editor, first, why } = open();
  const field = name as PacingField;
  editor.pace(first().key, true);
  for (const [value, mistake] of [
    [low, undefined],
    [high, undefined],
    [low - 1, 'number'],
    [high + 1, 'number'],
    [Number.NaN, 'number'],
  ] as const) {
    editor.changePacing(first().key, field, value);
    expect(why(field), `${value}`).toBe(mistake);
  }
});

test('lengths ascend with the party, and are from a quarter of an hour to eight hours', async () => {
  const home = open();
  const { editor, first, why } = home;
  const { key, turns } = first();
  const second = turns[1]!.key;
  const turn = `turn ${second}` as const;
  for (const [fields, mistake] of [
    [{ partyMax: 2 }, 'order'],
    [{ partyMax: 0 }, 'number'],
    [{ partyMax: 4, minutes: 14 }, 'number'],
    [{ minutes: 481 }, 'number'],
    [{ minutes: 480 }, undefined],
  ] as const) {
    editor.changeTurn(key, second, fields);
    expect(why(turn)).toBe(mistake);
  }
  editor.changeTurn(key, second, { partyMax: 1001 });
  const before = home.operations().length;
  expect(await editor.save()).toBeUndefined();
  expect(home.operations()).toHaveLength(before);
});

test('a further length is for larger parties', () => {
  const { editor, first } = open();
  editor.addTurn(first().key);
  expect(first().turns.at(-1)).toMatchObject({ partyMax: 22, minutes: 150 });
  expect(editor.mistakes.size).toBe(0);
});

test('where one comes at a time there are no larger parties', () => {
  const { editor, first } = open((view) => ({
    services: view.services.map((one) => ({ ...one, turnTimes: one.turnTimes.slice(0, 1) })),
  }));
  expect(editor.takesGroups(first())).toBe(true);
  editor.change(first().key, { maxParty: 1 });
  expect(editor.takesGroups(first())).toBe(false);
  editor.addTurn(first().key);
  expect(editor.takesGroups(first())).toBe(true);
});

test('who does it is said in the order of the house; all is nobody in particular', async () => {
  const home = open();
  const { editor, first, why } = home;
  editor.change(first().key, { servesAll: false });
  expect(why('resources')).toBe('nobody');
  editor.serve(first().key, 'Tisch 8', true);
  editor.serve(first().key, 'Tisch 2', true);
  editor.serve(first().key, 'Tisch 5', true);
  editor.serve(first().key, 'Tisch 5', false);
  expect(editor.mistakes.size).toBe(0);
  await editor.save();
  expect(sent(home)[0]?.resources).toEqual(['Tisch 2', 'Tisch 8']);
  editor.change(first().key, { servesAll: true });
  await editor.save();
  expect(sent(home)[0]?.resources).toEqual([]);
});

test('more than the agent takes one by one is a mistake; all of them is none', () => {
  const names = Array.from({ length: 41 }, (_, at) => `Chair ${at + 1}`);
  const { editor, first, why } = open(({ resources: [one] }) => ({
    resources: names.map((identifier) => ({ ...one!, identifier })),
    combinations: [],
  }));
  editor.change(first().key, { servesAll: false, resources: names });
  expect(why('resources')).toBe('many');
  editor.serve(first().key, 'Chair 7', false);
  expect(why('resources')).toBeUndefined();
  editor.serve(first().key, 'Chair 7', true);
  expect(why('resources')).toBe('many');
  editor.change(first().key, { servesAll: true });
  expect(why('resources')).toBeUndefined();
});

test('what nobody could ever book is said before the agent refuses it', () => {
  const { editor, first, why } = open();
  editor.change(first().key, { servesAll: false, maxParty: 5 });
  editor.serve(first().key, 'Tisch 8', true);
  expect(why('whole')).toBe('seats');
  editor.serve(first().key, 'Tisch 3', true);
  expect(why('whole')).toBeUndefined();
  for (const { key } of first().turns) {
    editor.changeTurn(first().key, key, { minutes: 400 });
  }
  expect(why('whole')).toBe('stay');
});

test('combinations count with all of their parts only', () => {
  const pacing = { slotMinutes: 15, maxCovers: 7 };
  const { editor, first, why } = open((view) => ({
    services: view.services.map((one) => ({ ...one, pacing })),
  }));
  expect(why('whole')).toBe('pacing');
  editor.change(first().key, { servesAll: false });
  editor.serve(first().key, 'Tisch 3', true);
  expect(why('whole')).toBeUndefined();
  editor.serve(first().key, 'Tisch 4', true);
  expect(why('whole')).toBe('pacing');
  editor.change(first().key, { maxParty: 7 });
  expect(why('whole')).toBeUndefined();
});

test('what was refused stays typed', async () => {
  const { editor, first, device, refused } = open();
  editor.change(first().key, { name: 'Abendessen' });
  device.agent.refusing.set('business.setServices', 'not_allowed');
  expect(await editor.save()).toBeUndefined();
  expect(refused).toEqual(['not_allowed']);
  expect([first().name, editor.isChanged, editor.isSaving]).toEqual(['Abendessen', true, false]);
});
