/** Who closes a connection, why, and when the next one may come. */

import { afterEach, describe, expect, test } from 'vitest';

import { Unreachable } from '../../src/sdk/errors.ts';
import { FIRST_DELAY_MS, LONGEST_RETRY_MS, LONGEST_SPREAD_MS } from '../../src/sdk/transport.ts';
import type { ServerFrame } from '../../src/wire/frames.ts';
import { settle } from '../platform/manual_timers.ts';
import { failure, refused, type Scripted, until } from './scripted.ts';
import { closeAll, closing, online, Told } from './transport_players.ts';

afterEach(closeAll);

describe('a server that closes', () => {
  /** How long it took to come back. */
  async function back(told: Told, leave: ServerFrame, hurried = false): Promise<number> {
    const generation = told.transport.generation;
    const before = told.script.timers.nowMs;
    told.script.peer.say(leave);
    await until(() => !told.transport.isOnline);
    for (let turns = 0; told.transport.generation === generation && turns < 10_000; turns += 1) {
      if (hurried) {
        told.transport.hurry();
      }
      await told.script.timers.pass(100);
    }
    return told.script.timers.nowMs - before;
  }

  test('is left alone for as long as it asks, and not by all devices to the moment', async () => {
    const delays = new Set<number>();
    for (let turn = 0; turn < 10; turn += 1) {
      const told = await online();
      const delay = await back(told, closing('server_restart', 5_000));
      expect(delay).toBeGreaterThanOrEqual(5_000);
      expect(delay).toBeLessThanOrEqual(10_200);
      delays.add(delay);
      expect(told.changes[1]![1]).toContain('the server closed the connection: Bye.');
    }
    expect(delays.size).toBeGreaterThan(3);
  });

  test('is left alone in any hurry', async () => {
    const told = await online();
    const delay = await back(told, closing('server_restart', 5_000), true);
    expect(delay).toBeGreaterThanOrEqual(5_000);
    expect(delay).toBeLessThanOrEqual(5_600);
  });

  test('cannot send a device away for ever', async () => {
    const told = await online();
    const delay = await back(told, closing('rate_limited', Number.MAX_SAFE_INTEGER));
    expect(delay).toBeGreaterThanOrEqual(LONGEST_RETRY_MS);
    expect(delay).toBeLessThanOrEqual(LONGEST_RETRY_MS + LONGEST_SPREAD_MS + 200);
  });

  test('that refuses the login for a while is left alone too', async () => {
    const told = new Told();
    const logIn = told.script.logIn;
    told.script.logIn = (frame) => [
      refused(frame, 'storage_unavailable', 'The disk is full.', { retryAfterMs: 3_000 }),
    ];
    told.transport.start();
    await until(() => told.changes.length === 1);
    told.script.logIn = logIn;
    await told.script.timers.pass(2_999);
    expect(told.script.peers.length).toBe(1);
    await told.untilChanges(2);
    expect(told.transport.isOnline).toBe(true);
  });

  test('before its Hello is left alone too', async () => {
    const told = new Told();
    told.script.greeting = [closing('too_many_connections', 3_000)];
    told.transport.start();
    await until(() => told.changes.length === 1);
    await told.script.timers.pass(2_999);
    expect(told.script.peers.length).toBe(1);
  });

  test('says why', async () => {
    const told = await online();
    told.script.peer.say(closing('device_removed'));
    await until(() => told.transport.failure !== undefined);
    expect(told.transport.failure).toMatchObject({ closingCode: 'device_removed' });
  });

  test('because the device has connected elsewhere is visited ever more rarely', async () => {
    const told = await online();
    await back(told, closing('server_restart'));
    const often = told.script.timers.nowMs;
    for (let turn = 0; turn < 10; turn += 1) {
      await back(told, closing('server_restart'));
    }
    const soon = told.script.timers.nowMs - often;
    expect(soon).toBeLessThanOrEqual(10 * 2 * FIRST_DELAY_MS);
    for (let turn = 0; turn < 14; turn += 1) {
      await back(told, closing('replaced'));
    }
    expect(told.script.timers.nowMs - often - soon).toBeGreaterThan(10 * soon);
  });
});

describe('close', () => {
  test('ends requests and reconnecting, and says goodbye', async () => {
    const told = await online();
    const asking = failure(told.transport.ask('GetAccount', { name: 'cem' }));
    await told.transport.close();
    expect(await asking).toBeInstanceOf(Unreachable);
    expect([told.script.peer.isLeft, told.transport.isOnline]).toEqual([true, false]);
    expect(told.changes).toEqual([[true, '']]);
    await told.script.timers.pass(3_600_000);
    expect(told.script.peers.length).toBe(1);
    await told.transport.close();
  });

  test('while it pauses, connects or logs in does not wait', async () => {
    for (const prepare of [
      (script: Scripted): void => {
        script.isThere = false;
      },
      (script: Scripted): void => {
        script.isThere = undefined;
      },
      (script: Scripted): void => {
        script.logIn = () => [];
      },
    ]) {
      const told = new Told();
      prepare(told.script);
      told.transport.start();
      await settle();
      await settle();
      await told.transport.close();
      expect(told.script.timers.delaysMs).toEqual([]);
    }
  });

  test('tells whoever waits', async () => {
    const told = new Told();
    told.script.isThere = undefined;
    told.transport.start();
    const waiting = failure(told.transport.waitOnline());
    await told.transport.close();
    expect(await waiting).toBeInstanceOf(Unreachable);
  });
});
