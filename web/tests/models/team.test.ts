import { expect, test } from 'vitest';

import {
  allLabels,
  answeringIn,
  assigneeOf,
  deviceOfThis,
  isTaken,
  labelsOf,
  NO_TEAM,
  notesOf,
  presentIn,
  repliesFor,
} from '../../src/models/team.ts';
import { IDS } from '../stage/cast.ts';
import { teamOf } from '../stage/linde.ts';
import { NOW_MS } from './house.ts';

const team = teamOf(NOW_MS);

test('a conversation has who looks after it', () => {
  expect(assigneeOf(team, IDS.ben)?.name).toBe('Anna');
  expect(assigneeOf(team, IDS.long)?.name).toBe('Cem');
  expect(assigneeOf(team, IDS.request)).toBeUndefined();
  expect(deviceOfThis(team)).toBe('0123456789abcdef');
  expect(deviceOfThis(NO_TEAM)).toBe('');
});

test('a device that is gone looks after nothing', () => {
  const staff = team.staff.filter(({ name }) => name !== 'Cem');
  expect(assigneeOf({ ...team, staff }, IDS.long)).toBeUndefined();
  expect(isTaken({ ...team, staff }, { kind: 'unassigned' }, IDS.long)).toBe(true);
});

test('who is gone looks after nothing and answers nothing', () => {
  const staff = team.staff.map((one) => ({ ...one, isGone: one.name === 'Cem' }));
  const without = { ...team, staff };
  expect(presentIn(without).map(({ name }) => name)).toEqual(['Anna', 'Olga']);
  expect(assigneeOf(without, IDS.long)).toBeUndefined();
  expect(answeringIn(team, IDS.ben, NOW_MS)).toHaveLength(1);
  expect(answeringIn(without, IDS.ben, NOW_MS)).toEqual([]);
});

test('labels are in order, each once', () => {
  const labels = [
    ...team.labels,
    { conversation: IDS.ben, label: 'Abholung' },
    { conversation: IDS.long, label: 'Stammgast' },
  ];
  expect(labelsOf({ ...team, labels }, IDS.ben)).toEqual(['Abholung', 'Stammgast']);
  expect(allLabels({ ...team, labels })).toEqual(['Abholung', 'Feier', 'Lieferung', 'Stammgast']);
  expect(labelsOf(team, 'elsewhere')).toEqual([]);
});

test('notes are of one conversation, the newest last', () => {
  const [note] = team.notes;
  const notes = [
    { ...note!, id: 'later', atMs: NOW_MS },
    { ...note!, id: 'elsewhere', conversation: IDS.long },
    note!,
  ];
  expect(notesOf({ ...team, notes }, IDS.ben).map(({ id }) => id)).toEqual(['n1', 'later']);
});

test('others are seen answering until their time is over', () => {
  expect(answeringIn(team, IDS.ben, NOW_MS).map(({ name }) => name)).toEqual(['Cem']);
  expect(answeringIn(team, IDS.ben, NOW_MS + 3_600_000)).toEqual([]);
  expect(answeringIn(team, IDS.long, NOW_MS)).toEqual([]);
});

test('nobody is told of their own answering', () => {
  const answering = [
    { conversation: IDS.ben, device: '0123456789abcdef', untilMs: NOW_MS + 1 },
    { conversation: IDS.ben, device: 'unknown', untilMs: NOW_MS + 1 },
  ];
  expect(answeringIn({ ...team, answering }, IDS.ben, NOW_MS)).toEqual([]);
});

test('filters take what they say', () => {
  const taken = (filter: Parameters<typeof isTaken>[1]): readonly string[] =>
    [IDS.ben, IDS.long, IDS.request].filter((id) => isTaken(team, filter, id));
  expect(taken({ kind: 'all' })).toEqual([IDS.ben, IDS.long, IDS.request]);
  expect(taken({ kind: 'mine' })).toEqual([IDS.ben]);
  expect(taken({ kind: 'unassigned' })).toEqual([IDS.request]);
  expect(taken({ kind: 'label', label: 'Lieferung' })).toEqual([IDS.long]);
  expect(taken({ kind: 'label', label: 'nothing' })).toEqual([]);
});

test('quick replies are found by their name', () => {
  expect(repliesFor(team, '').map(({ id }) => id)).toEqual(['r1', 'r2', 'r3']);
  expect(repliesFor(team, 'HUND').map(({ id }) => id)).toEqual(['r2']);
  expect(repliesFor(team, 'xyz')).toEqual([]);
});
