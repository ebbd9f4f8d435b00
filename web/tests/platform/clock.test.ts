/** The machine's clock counts milliseconds since 1970; its timers run once, or not at all. */

import { describe, expect, test, vi } from 'vitest';

import { CLOCK, pause, TIMERS } from '../../src/platform/clock.ts';
import { ManualTimers, settle } from './manual_timers.ts';

test('it lies between two looks at the same clock', () => {
  const before = Date.now();
  const now = CLOCK.nowMs();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

describe("the machine's timers", () => {
  test('run once', async () => {
    let runs = 0;
    await new Promise<void>((resolve) => {
      TIMERS.after(1, () => {
        runs += 1;
        TIMERS.after(1, resolve);
      });
    });
    expect(runs).toBe(1);
  });

  test('are called off, also when they have run', async () => {
    const ran = vi.fn();
    const cancel = TIMERS.after(1, ran);
    cancel();
    const over = Promise.withResolvers<undefined>();
    const late = TIMERS.after(5, () => {
      over.resolve(undefined);
    });
    await over.promise;
    late();
    expect(ran).not.toHaveBeenCalled();
  });

  test('that wait longer than the browser can count do not run at once', async () => {
    const ran = vi.fn();
    const cancel = TIMERS.after(Number.MAX_SAFE_INTEGER, ran);
    const over = Promise.withResolvers<undefined>();
    TIMERS.after(5, () => {
      over.resolve(undefined);
    });
    await over.promise;
    cancel();
    expect(ran).not.toHaveBeenCalled();
  });
});

describe('a pause', () => {
  async function isOver(pausing: Promise<void>): Promise<boolean> {
    const over = vi.fn();
    void pausing.then(over);
    await settle();
    return over.mock.calls.length > 0;
  }

  test('lasts as long as it should', async () => {
    const timers = new ManualTimers();
    const pausing = pause(timers, 100);
    await timers.pass(99);
    expect(await isOver(pausing)).toBe(false);
    await timers.pass(1);
    expect(await isOver(pausing)).toBe(true);
  });

  test.each([0, 1])('ends with any of its signals', async (which) => {
    const timers = new ManualTimers();
    const signals = [new AbortController(), new AbortController()];
    const pausing = pause(timers, 100, ...signals.map(({ signal }) => signal));
    expect(await isOver(pausing)).toBe(false);
    signals[which]!.abort();
    expect(await isOver(pausing)).toBe(true);
    expect(timers.delaysMs).toEqual([]);
  });

  test('does not begin when a signal was given before', async () => {
    const timers = new ManualTimers();
    expect(await isOver(pause(timers, 100, AbortSignal.abort()))).toBe(true);
    expect(timers.delaysMs).toEqual([]);
  });

  test('leaves nothing behind at a signal that lives on', async () => {
    const timers = new ManualTimers();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const pausing = pause(timers, 100, signal);
    await timers.pass(100);
    await pausing;
    expect(removed).toHaveBeenCalledTimes(1);
  });
});

describe('timers of a test', () => {
  test('run in the order of their time, and those that follow from them too', async () => {
    const timers = new ManualTimers();
    const order: string[] = [];
    timers.after(20, () => order.push('second'));
    timers.after(10, () => {
      order.push(`first at ${timers.nowMs}`);
      timers.after(5, () => order.push('between'));
    });
    timers.after(31, () => order.push('never'));
    expect(timers.delaysMs).toEqual([10, 20, 31]);
    await timers.pass(30);
    expect(order).toEqual(['first at 10', 'between', 'second']);
    expect([timers.nowMs, timers.delaysMs]).toEqual([30, [1]]);
  });
});
