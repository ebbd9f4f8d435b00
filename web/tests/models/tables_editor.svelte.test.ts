import { expect, test } from 'vitest';

import { TablesEditor } from '../../src/models/tables_editor.svelte.ts';
import { house } from './house.ts';

function open(isEmpty = false) {
  const home = house(isEmpty);
  return { ...home, editor: new TablesEditor(home.side, home.view) };
}

test('it begins as the house is', () => {
  const { editor } = open();
  expect(editor.isChanged).toBe(false);
  expect(editor.seats).toBe(34);
  expect(editor.areas).toEqual(['Gaststube', 'Terrasse', 'Nebenzimmer']);
  expect(editor.combinations).toHaveLength(1);
});

test('the next table is like the last one, with the next number', () => {
  const { editor } = open();
  editor.add();
  expect(editor.resources.at(-1)).toMatchObject({
    identifier: 'Tisch 9',
    minParty: 6,
    maxParty: 8,
    area: 'Nebenzimmer',
  });
  expect(editor.isChanged).toBe(true);
});

test('names do not repeat, whatever the last one is called', () => {
  const { editor } = open(true);
  editor.add();
  expect(editor.resources[0]?.identifier).toBe('1');
  editor.change(editor.resources[0]!.key, { identifier: 'Stammtisch' });
  editor.add();
  expect(editor.resources[1]?.identifier).toBe('Stammtisch 2');
  editor.add();
  expect(editor.resources[2]?.identifier).toBe('Stammtisch 3');
  editor.change(editor.resources[2]!.key, { identifier: 'Stammtisch 1' });
  editor.add();
  expect(editor.resources[3]?.identifier).toBe('Stammtisch 3');
});

test('a table by another name is still pushed together with the same', async () => {
  const { editor } = open();
  const three = editor.resources.find(({ identifier }) => identifier === 'Tisch 3');
  editor.change(three!.key, { identifier: 'Fenster' });
  const saved = await editor.save();
  expect(saved?.combinations).toEqual([
    { resources: ['Fenster', 'Tisch 4'], minParty: 5, maxParty: 8 },
  ]);
  expect(editor.isChanged).toBe(false);
});

test('a table that goes takes its combinations along, if one is left alone', () => {
  const { editor } = open();
  const keyOf = (name: string): number =>
    editor.resources.find(({ identifier }) => identifier === name)!.key;
  editor.combine([keyOf('Tisch 3'), keyOf('Tisch 4'), keyOf('Tisch 5')]);
  editor.drop(keyOf('Tisch 4'));
  expect(editor.combinations.map(({ members }) => members)).toEqual([
    [keyOf('Tisch 3'), keyOf('Tisch 5')],
  ]);
});

test('what is pushed together seats more than its largest', () => {
  const { editor } = open();
  const [one, two] = editor.resources;
  editor.combine([one!.key, two!.key]);
  expect(editor.combinations.at(-1)).toMatchObject({ minParty: 3, maxParty: 4 });
  const { key } = editor.combinations.at(-1)!;
  editor.changeCombination(key, { maxParty: 5 });
  expect(editor.combinations.at(-1)?.maxParty).toBe(5);
  editor.separate(key);
  expect(editor.combinations).toHaveLength(1);
});

test.each([
  [{ identifier: ' ' }, 'name'],
  [{ identifier: 'x'.repeat(41) }, 'long'],
  [{ identifier: 'Tisch 1' }, 'twice'],
  [{ minParty: 0 }, 'seats'],
  [{ maxParty: 201 }, 'seats'],
  [{ maxParty: Number.NaN }, 'seats'],
  [{ maxParty: 2.5 }, 'seats'],
  [{ minParty: 4, maxParty: 3 }, 'order'],
] as const)('%o is a mistake', async (fields, mistake) => {
  const { editor, operations } = open();
  const { key } = editor.resources[1]!;
  editor.change(key, fields);
  expect(editor.mistakes.get(key)).toBe(mistake);
  expect(await editor.save()).toBeUndefined();
  expect(operations()).toEqual([]);
});

test('combinations are of two at least, and each once', () => {
  const { editor } = open();
  const [first] = editor.combinations;
  editor.combine([...first!.members].reverse());
  expect(editor.mistakes.get(editor.combinations[1]!.key)).toBe('same');
  editor.changeCombination(editor.combinations[1]!.key, { members: [first!.members[0]!] });
  expect(editor.mistakes.get(editor.combinations[1]!.key)).toBe('few');
});

test('what the agent refuses stays as it was typed', async () => {
  const { editor, device, refused } = open();
  device.agent.refusing.set('business.setTables', 'in_use');
  editor.drop(editor.resources[0]!.key);
  expect(await editor.save()).toBeUndefined();
  expect(refused).toEqual(['in_use']);
  expect([editor.isChanged, editor.isSaving]).toEqual([true, false]);
});
