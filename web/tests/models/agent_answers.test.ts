import { expect, test } from 'vitest';

import { isAnswer } from '../../src/models/agent_answers.ts';
import type { AgentOperation, AgentParams } from '../../src/sdk/protocol.ts';
import { house, TODAY } from './house.ts';

const { agent, view } = house();
const stretch = { from: TODAY, days: 2 };

test.each<[AgentOperation, unknown]>([
  ['business.get', {}],
  ['business.previewHours', { hours: view.hours, ...stretch }],
  ['bookings.plan', stretch],
  ['bookings.available', { date: TODAY, party: 2, service: 'table' }],
  ['waiting.list', stretch],
  ['queue.list', {}],
  ['customers.list', { query: '', limit: 5, after: '' }],
  ['customers.get', { id: 'k1' }],
  ['customers.export', { id: 'k1' }],
  ['figures.get', stretch],
])('%s answers what it promises', async (operation, params) => {
  const answer = await agent.ask(operation, params as AgentParams<typeof operation>);
  expect(isAnswer(operation, answer)).toBe(true);
  expect(isAnswer(operation, undefined)).toBe(false);
  expect(isAnswer(operation, 'something else')).toBe(false);
});

/** A true answer with one field replaced. */
async function spoilt(name: string, value: unknown): Promise<boolean> {
  const [day] = await agent.ask('bookings.plan', { from: TODAY, days: 1 });
  const [first, ...rest] = day!.bookings;
  const bookings = [{ ...first, [name]: value }, ...rest];
  return isAnswer('bookings.plan', [{ ...day, bookings }]);
}

test('one wrong field of one booking spoils the whole plan', async () => {
  expect(await spoilt('party', 4)).toBe(true);
  for (const [name, value] of [
    ['party', -1],
    ['party', 1.5],
    ['party', '2'],
    ['state', 'eaten'],
    ['startsAtS', Number.NaN],
    ['endsAtS', Number.POSITIVE_INFINITY],
    ['underName', undefined],
    ['underName', 'x'.repeat(20_000)],
    ['resources', 'Tisch 1'],
    ['resources', [1]],
    ['isPinned', 'yes'],
    ['source', 'heaven'],
  ] as const) {
    expect(await spoilt(name, value), `${name} ${String(value).slice(0, 9)}`).toBe(false);
  }
});

test('a week has seven days, and holidays may be none', () => {
  const { hours } = view;
  const weekly = hours.weekly.slice(1);
  expect(isAnswer('business.get', { ...view, hours: { ...hours, weekly } })).toBe(false);
  expect(isAnswer('business.get', { ...view, hours: { ...hours, holidays: null } })).toBe(true);
  expect(isAnswer('business.get', { ...view, hours: { ...hours, holidays: 'BE' } })).toBe(false);
  expect(isAnswer('business.get', { ...view, kind: 'circus' })).toBe(false);
});

test('lists without end are refused', () => {
  const tickets = Array.from({ length: 20_001 }, () => ({}));
  expect(isAnswer('queue.list', tickets)).toBe(false);
});

test('what answers nothing answers an object', () => {
  expect(isAnswer('blocks.remove', {})).toBe(true);
  expect(isAnswer('waiting.remove', null)).toBe(false);
});
