/** When a server takes nothing new, and when that is over. */

import { expect, test } from 'vitest';

import { Unreachable, ServerRefused } from '../../src/sdk/errors.ts';
import {
  LEAST_MS,
  LONGEST_MS,
  MaintenanceWatch,
  NOT_NOW,
} from '../../src/sdk/maintenance_watch.ts';
import { ManualTimers } from '../platform/manual_timers.ts';

function refusal(retryAfterMs = 15_000, sentence = 'Later.', code = 'maintenance'): ServerRefused {
  return new ServerRefused(sentence, { code, fault: 'operator', retryAfterMs });
}

/** A watch, its timers, and what it told. */
function begun(): { timers: ManualTimers; watch: MaintenanceWatch; told: string[] } {
  const timers = new ManualTimers();
  const told: string[] = [];
  const watch = new MaintenanceWatch(timers, (error) => told.push(error?.message ?? ''));
  return { timers, watch, told };
}

test('it is told once, and again when something else is said', () => {
  const { watch, told } = begun();
  watch.failed(refusal());
  watch.failed(refusal());
  watch.failed(refusal(15_000, 'Much later.'));
  expect(told).toEqual(['Later.', 'Much later.']);
});

test.each([new Unreachable('Gone.'), refusal(1, 'No.', 'rate_limited'), new Error('x')])(
  '%o says nothing about it',
  (error) => {
    const { timers, watch, told } = begun();
    watch.failed(error);
    expect([told, timers.delaysMs]).toEqual([[], []]);
  },
);

test.each([...NOT_NOW])('%s that is taken ends it', (name) => {
  const { timers, watch, told } = begun();
  watch.accepted(name);
  watch.failed(refusal());
  watch.accepted(name);
  watch.accepted(name);
  expect([told, timers.delaysMs]).toEqual([['Later.', ''], []]);
});

test.each(['Read', 'DropBlob', 'DropWakeUp', 'Resume'] as const)(
  '%s is taken in maintenance too',
  (name) => {
    const { watch, told } = begun();
    watch.failed(refusal());
    watch.accepted(name);
    expect(told).toEqual(['Later.']);
  },
);

test.each([
  [0, LEAST_MS],
  [30_000, LEAST_MS],
  [50_000, 100_000],
  [1e12, LONGEST_MS],
])('asked for %i ms, it is over %i ms after the last refusal', async (retryAfterMs, holdsMs) => {
  const { timers, watch, told } = begun();
  watch.failed(refusal(retryAfterMs));
  await timers.pass(holdsMs - 1);
  watch.failed(refusal(retryAfterMs));
  await timers.pass(holdsMs - 1);
  expect(told).toEqual(['Later.']);
  await timers.pass(1);
  expect(told).toEqual(['Later.', '']);
});

test('after a loss nothing is told, and it begins anew', async () => {
  const { timers, watch, told } = begun();
  watch.failed(refusal());
  watch.forget();
  await timers.pass(LONGEST_MS);
  watch.accepted('Append');
  expect(told).toEqual(['Later.']);
  watch.failed(refusal());
  expect(told).toEqual(['Later.', 'Later.']);
});
