/** When a server takes nothing new, and when that is over. */

import { describe, expect, test } from 'vitest';

import { Unreachable, ServerRefused } from '../../src/sdk/errors.ts';
import type { RequestName } from '../../src/wire/session.ts';
import {
  LEAST_MS,
  LONGEST_MS,
  MaintenanceWatch,
  NOT_NOW,
  UNAVAILABLE_MS,
  UNTOLD_MS,
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
  watch.failed('Append', refusal());
  watch.failed('Append', refusal());
  watch.failed('Append', refusal(15_000, 'Much later.'));
  expect(told).toEqual(['Later.', 'Much later.']);
});

test.each([new Unreachable('Gone.'), refusal(1, 'No.', 'rate_limited'), new Error('x')])(
  '%o says nothing about it',
  (error) => {
    const { timers, watch, told } = begun();
    watch.failed('Append', error);
    expect([told, timers.delaysMs]).toEqual([[], []]);
  },
);

test.each([...NOT_NOW])('%s that is taken ends it', (name) => {
  const { timers, watch, told } = begun();
  watch.accepted(name);
  watch.failed('Append', refusal());
  watch.accepted(name);
  watch.accepted(name);
  expect([told, timers.delaysMs]).toEqual([['Later.', ''], []]);
});

test.each(['Read', 'DropBlob', 'DropWakeUp', 'Resume'] as const)(
  '%s is taken in maintenance too',
  (name) => {
    const { watch, told } = begun();
    watch.failed('Append', refusal());
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
  watch.failed('Append', refusal(retryAfterMs));
  await timers.pass(holdsMs - 1);
  watch.failed('Append', refusal(retryAfterMs));
  await timers.pass(holdsMs - 1);
  expect(told).toEqual(['Later.']);
  await timers.pass(1);
  expect(told).toEqual(['Later.', '']);
});

test('after a loss nothing is told, and it begins anew', async () => {
  const { timers, watch, told } = begun();
  watch.failed('Append', refusal());
  watch.forget();
  await timers.pass(LONGEST_MS);
  watch.accepted('Append');
  expect(told).toEqual(['Later.']);
  watch.failed('Append', refusal());
  expect(told).toEqual(['Later.', 'Later.']);
});

describe('a database that does not take what is written', () => {
  const away = (sentence = 'Not now.'): ServerRefused =>
    refusal(200, sentence, 'server_unavailable');

  test('is told when it lasts, once, and over with the first that is taken', async () => {
    const { timers, watch, told } = begun();
    watch.failed('Append', away());
    await timers.pass(UNTOLD_MS - 1);
    watch.failed('Append', away());
    expect(told).toEqual([]);
    await timers.pass(1);
    watch.failed('AppendCommit', away());
    watch.accepted('Read');
    expect([told, watch.refusal?.code]).toEqual([['Not now.'], 'server_unavailable']);
    watch.accepted('Append');
    expect([told, timers.delaysMs]).toEqual([['Not now.', ''], []]);
  });

  test('for a moment is not told', async () => {
    const { timers, watch, told } = begun();
    watch.failed('Append', away());
    await timers.pass(UNTOLD_MS - 1);
    watch.accepted('Append');
    await timers.pass(UNAVAILABLE_MS);
    expect([told, timers.delaysMs]).toEqual([[], []]);
  });

  test('for a moment, noticed by who looked for somebody, is not told either', async () => {
    const { timers, watch, told } = begun();
    watch.failed('GetAccount', away());
    watch.accepted('GetAccount');
    await timers.pass(UNTOLD_MS);
    expect([told, timers.delaysMs]).toEqual([[], []]);
    watch.failed('Append', refusal());
    watch.accepted('GetAccount'); // in maintenance people are looked up
    expect(watch.refusal?.code).toBe('maintenance');
  });

  test.each<RequestName>(['Read', 'GetBlobChunk', 'PutBlobChunk', 'SetWakeUp'])(
    'is not what %s is refused for',
    (name) => {
      const { timers, watch, told } = begun();
      watch.failed(name, away());
      expect([told, timers.delaysMs]).toEqual([[], []]);
    },
  );

  test('is over when nothing was refused for long', async () => {
    const { timers, watch, told } = begun();
    watch.failed('Append', away());
    await timers.pass(UNTOLD_MS + UNAVAILABLE_MS - 1);
    watch.failed('Append', away());
    await timers.pass(UNAVAILABLE_MS - 1);
    expect(told).toEqual(['Not now.']);
    await timers.pass(1);
    expect(told).toEqual(['Not now.', '']);
  });

  test('says less than maintenance', async () => {
    const { timers, watch, told } = begun();
    watch.failed('Append', away());
    watch.failed('Append', refusal());
    watch.failed('Append', away());
    await timers.pass(UNTOLD_MS);
    expect(told).toEqual(['Later.']);
  });

  test('is forgotten with the connection', async () => {
    const { timers, watch, told } = begun();
    watch.failed('Append', away());
    watch.forget();
    await timers.pass(UNAVAILABLE_MS);
    expect([told, timers.delaysMs]).toEqual([[], []]);
  });
});
