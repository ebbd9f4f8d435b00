import { expect, test } from 'vitest';

import { PlauschError } from '../../src/base/errors.ts';
import { Agent, isAway } from '../../src/models/agent.ts';
import type { Messenger } from '../../src/models/messenger.ts';
import { refusal } from '../stage/refusal.ts';
import { house } from './house.ts';

/** A device whose agent answers whatever is put here. */
function answering(answer: unknown): Agent {
  const messenger = { ask: () => Promise.resolve(answer) } as unknown as Messenger;
  return new Agent(messenger, () => undefined);
}

test('what it answers is handed on, and that it was there', async () => {
  const { agent, there } = house();
  expect((await agent.ask('business.get', {})).name).toBe('Zur Linde');
  expect(there).toEqual([true]);
});

test('its refusal keeps its code, and is no absence', async () => {
  const { agent, device, there } = house();
  device.agent.refusing.set('business.get', 'not_allowed');
  await expect(agent.ask('business.get', {})).rejects.toMatchObject({ code: 'not_allowed' });
  expect(there).toEqual([true]);
});

test('when it does not answer, that is an absence', async () => {
  const { agent, device, there } = house();
  device.agent.isThere = false;
  await expect(agent.ask('business.get', {})).rejects.toMatchObject({ code: 'agent_away' });
  expect(there).toEqual([false]);
  device.agent.isThere = true;
  await agent.ask('business.get', {});
  expect(there).toEqual([false, true]);
});

test('an answer of another shape is refused', async () => {
  for (const answer of [undefined, null, 7, 'x', {}, [], { name: 'Zur Linde' }]) {
    const asking = answering(answer).ask('business.get', {});
    await expect(asking).rejects.toMatchObject({ code: 'bad_answer', fault: 'remote' });
  }
});

test('the last answers are kept, by what was asked', async () => {
  const { agent } = house();
  expect(agent.last('queue.list', {})).toBeUndefined();
  await agent.ask('queue.list', {});
  expect(agent.last('queue.list', {})).toHaveLength(3);
  const today = { from: '2026-11-26', days: 1 };
  await agent.ask('bookings.plan', today);
  expect(agent.last('bookings.plan', today)).toHaveLength(1);
  expect(agent.last('bookings.plan', { ...today, days: 2 })).toBeUndefined();
});

test('no more are kept than fit', async () => {
  const agent = answering([]);
  for (let at = 0; at < 210; at += 1) {
    await agent.ask('waiting.list', { from: `day ${at}`, days: 1 });
  }
  expect(agent.last('waiting.list', { from: 'day 5', days: 1 })).toBeUndefined();
  expect(agent.last('waiting.list', { from: 'day 209', days: 1 })).toEqual([]);
});

test('some codes mean that it is away', () => {
  expect(isAway(refusal('agent_away'))).toBe(true);
  expect(isAway(refusal('unreachable'))).toBe(true);
  expect(isAway(new PlauschError('No.', { code: 'outdated' }))).toBe(false);
});
