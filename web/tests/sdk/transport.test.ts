/** The connection that comes back: with patience, and once logged in. */

import { afterEach, describe, expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../../src/sdk/connection.ts';
import {
  connectionView,
  SdkError,
  ServerMisbehaved,
  ServerRefused,
  Unreachable,
} from '../../src/sdk/errors.ts';
import { LONGEST_MS, UNTOLD_MS } from '../../src/sdk/maintenance_watch.ts';
import { FIRST_DELAY_MS, jitteredDelayMs, LONGEST_DELAY_MS } from '../../src/sdk/transport.ts';
import { settle } from '../platform/manual_timers.ts';
import { DEVICE, HELLO } from '../wire/server_side.ts';
import { failure, idOf, refused, until } from './scripted.ts';
import { closeAll, online, SERVER, Told } from './transport_players.ts';

afterEach(closeAll);

describe('delays', () => {
  test.each([0, 1, 5, 8, 16, 17, 1e9, Number.MAX_SAFE_INTEGER])('of attempt %i', (attempt) => {
    const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 16));
    for (let turn = 0; turn < 50; turn += 1) {
      const delay = jitteredDelayMs(attempt);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(bound);
    }
  });

  test('of many devices differ', () => {
    expect(new Set(Array.from({ length: 50 }, () => jitteredDelayMs(10))).size).toBeGreaterThan(40);
  });
});

describe('without a connection', () => {
  test('nothing is sent', async () => {
    const { transport, script } = new Told();
    transport.tell('AcknowledgeMailbox', { item: 1 });
    transport.hurry();
    const error = await failure(transport.ask('GetAccount', { name: 'cem' }));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error).toMatchObject({
      message: 'There is no connection to the server right now.',
    });
    expect(await failure(transport.waitOnline())).toBeInstanceOf(SdkError);
    await transport.close();
    expect([transport.isOnline, transport.bufferedBytes, script.peers]).toEqual([false, 0, []]);
  });

  test('whoever waits is told the latest failure', async () => {
    const told = new Told();
    told.script.isThere = false;
    told.transport.start();
    await told.untilChanges(1);
    const waiting = failure(told.transport.waitOnline(10));
    await told.script.timers.pass(20);
    expect(await waiting).toMatchObject({
      message: expect.stringContaining('cannot be reached') as unknown,
    });
    expect(told.changes[0]).toEqual([false, told.transport.failure!.message]);
  });

  test('whoever waits for the first attempt is told how long', async () => {
    const told = new Told();
    told.script.isThere = undefined;
    told.transport.start();
    const waiting = failure(told.transport.waitOnline(3_000));
    await told.script.timers.pass(3_000);
    expect(await waiting).toMatchObject({
      message: `No connection to ${SERVER} came about within 3 seconds.`,
    });
    expect(told.transport.failure).toBeUndefined();
  });

  test('a server that comes up late is found', async () => {
    const told = new Told();
    told.script.isThere = false;
    told.transport.start();
    await told.untilChanges(5);
    told.script.isThere = true;
    await told.comeBack();
    expect([told.transport.isOnline, told.transport.failure]).toEqual([true, undefined]);
  });

  test('attempts become rare', async () => {
    const told = new Told();
    told.script.isThere = false;
    told.transport.start();
    await told.script.timers.pass(3_600_000);
    expect(told.script.peers.length).toBeGreaterThan(60);
    expect(told.script.peers.length).toBeLessThan(600);
  });

  test('a server that stood still, however long, is found within half a minute', async () => {
    for (const stillMs of [150_000, 151_000, 400_000, 1_000_000, 3_600_000]) {
      const told = await online();
      told.script.isThere = undefined; // the kernel takes connections, and nobody says Hello
      told.script.peer.cut();
      await told.script.timers.pass(stillMs);
      expect(told.transport.isOnline).toBe(false);
      told.script.isThere = true;
      await told.script.timers.pass(CONNECT_TIMEOUT_MS + 30_000);
      expect(told.transport.isOnline).toBe(true);
    }
  });
});

describe('each connection', () => {
  test('is a new generation that logs in once', async () => {
    const told = await online();
    for (const generation of [1, 2, 3]) {
      await told.comeBack();
      expect([told.transport.generation, told.transport.failure]).toEqual([generation, undefined]);
      told.script.peer.cut();
      await until(() => !told.transport.isOnline);
      await until(() => told.transport.failure instanceof Unreachable);
    }
    expect([told.script.heard('Login').length, told.greeted.length]).toEqual([3, 3]);
    expect(told.changes.slice(0, 6).map(([isOnline]) => isOnline)).toEqual(
      [1, 2, 3].flatMap(() => [true, false]),
    );
    expect(
      told.changes.every(([isOnline, said]) => isOnline || said.includes('no connection')),
    ).toBe(true);
  });

  test('says once that a server takes nothing new, and once that it does', async () => {
    const told = await online();
    const before = told.changes.length;
    const sentence = 'This server takes nothing new at the moment.';
    const append = {
      conversation: new Uint8Array(16),
      epoch: 1,
      kind: 1,
      message: new Uint8Array(40),
      idempotencyId: new Uint8Array(16),
      quiet: false,
    };
    told.script.answer = (frame) => [
      refused(frame, 'maintenance', sentence, { fault: 'operator', retryAfterMs: 9 }),
    ];
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await failure(told.transport.ask('Append', append))).toMatchObject({
        code: 'maintenance',
        retryAfterMs: 9,
      });
    }
    told.script.answer = (frame) =>
      frame.frame === 'DropBlob'
        ? [{ frame: 'Done', id: frame.id }]
        : [{ frame: 'Appended', id: idOf(frame), seq: 2, acceptedAtMs: 5 }];
    await told.transport.ask('DropBlob', { blob: new Uint8Array(32) });
    expect(told.changes.slice(before)).toEqual([[true, sentence]]);
    await told.transport.ask('Append', append);
    await told.transport.ask('Append', append);
    expect(told.changes.slice(before)).toEqual([
      [true, sentence],
      [true, ''],
    ]);
  });

  test('says that a database takes nothing, when that lasts', async () => {
    const told = await online();
    const before = told.changes.length;
    told.script.answer = (frame) =>
      frame.frame === 'Append' ? [refused(frame, 'storage_unavailable', 'Not stored.')] : [];
    const append = { conversation: new Uint8Array(16), epoch: 1, kind: 1, quiet: false };
    const asked = { message: new Uint8Array(40), idempotencyId: new Uint8Array(16) };
    await failure(told.transport.ask('Append', { ...append, ...asked }));
    await told.script.timers.pass(UNTOLD_MS - 1);
    expect([told.changes.slice(before), told.transport.maintenance]).toEqual([[], undefined]);
    await told.script.timers.pass(1);
    expect(told.changes.slice(before)).toEqual([[true, 'Not stored.']]);
    expect(connectionView(true, told.transport.maintenance).code).toBe('server_unavailable');
  });

  test('knows nothing of a maintenance that the one before was told of', async () => {
    const told = await online();
    told.script.answer = (frame) => [refused(frame, 'maintenance', 'Later.')];
    await failure(told.transport.ask('SetWakeUp', { endpoint: 'https://push.example/1' }));
    told.script.peer.cut();
    await until(() => !told.transport.isOnline);
    await told.comeBack();
    const before = told.changes.length;
    await told.script.timers.pass(LONGEST_MS);
    expect(told.changes.slice(before)).toEqual([]);
    await failure(told.transport.ask('SetWakeUp', { endpoint: 'https://push.example/1' }));
    expect(told.changes.slice(before)).toEqual([[true, 'Later.']]);
  });

  test('signs its own challenge', async () => {
    const told = new Told();
    const nonce = new Uint8Array(32).fill(7);
    told.script.greeting = [{ ...HELLO, nonce }];
    told.sign = (hello) => Promise.resolve({ device: DEVICE, signature: repeated(hello.nonce) });
    told.transport.start();
    await told.transport.waitOnline();
    expect(told.signed).toEqual([{ ...HELLO, nonce }]);
    expect(told.script.heard('Login')).toMatchObject([
      { device: DEVICE, signature: new Uint8Array(64).fill(7) },
    ]);

    function repeated(bytes: Uint8Array): Uint8Array {
      return Uint8Array.of(...bytes, ...bytes);
    }
  });

  test('carries questions, frames without an answer, and pushes', async () => {
    const told = await online();
    told.script.answer = (frame) =>
      frame.frame === 'DropBlob' ? [{ frame: 'Done', id: frame.id }] : [];
    expect(await told.transport.ask('DropBlob', { blob: new Uint8Array(32) })).toMatchObject({
      frame: 'Done',
    });
    await told.transport.ask('Resume', { after: new Uint8Array(0) });
    told.transport.tell('AcknowledgeMailbox', { item: 4 });
    told.script.peer.say({ frame: 'MailboxMoved', item: 4 });
    await until(() => told.pushes.length === 1);
    expect(told.script.heard('AcknowledgeMailbox')).toMatchObject([{ item: 4 }]);
    told.script.peer.bufferedBytes = 77;
    expect(told.transport.bufferedBytes).toBe(77);
  });

  test('that waits is not waited for twice', async () => {
    const told = await online();
    await told.transport.waitOnline(0);
    told.transport.start();
    await settle();
    expect(told.script.peers.length).toBe(1);
  });
});

describe('a login', () => {
  test('at a server of another name gets no signature', async () => {
    const told = new Told();
    told.script.greeting = [{ ...HELLO, domain: 'example.org' }];
    told.transport.start();
    await told.untilChanges(2);
    expect(told.transport.failure).toBeInstanceOf(ServerMisbehaved);
    expect(told.changes[0]).toEqual([
      false,
      `The server at ${SERVER} says that it is "example.org"; this account lives at localhost.`,
    ]);
    expect([told.signed, told.script.heard('Login')]).toEqual([[], []]);
    told.script.greeting = [HELLO];
    await told.comeBack();
  });

  test('that is refused is told and tried again', async () => {
    const told = new Told();
    const logIn = told.script.logIn;
    let refusals = 2;
    told.script.logIn = (frame) => {
      refusals -= 1;
      return refusals < 0 ? logIn(frame) : [refused(frame, 'unknown_device', 'Not listed.')];
    };
    told.transport.start();
    await told.untilChanges(3);
    expect(told.changes).toEqual([
      [false, 'Not listed.'],
      [false, 'Not listed.'],
      [true, ''],
    ]);
    expect(told.greeted.length).toBe(1);
  });

  test('that cannot be signed is a failed attempt', async () => {
    const told = new Told();
    told.sign = () => {
      throw new LocalError('The vault is closed.');
    };
    told.transport.start();
    await told.untilChanges(2);
    expect(told.changes[0]).toEqual([false, 'The vault is closed.']);
    expect(told.script.peers.every(({ isLeft }) => isLeft)).toBe(true);
  });

  test('answered with something else is no login', async () => {
    const told = new Told();
    told.script.logIn = (frame) => [{ frame: 'Done', id: idOf(frame) }];
    told.transport.start();
    await told.untilChanges(1);
    expect(told.changes[0]![1]).toContain('broke the protocol');
    expect([told.transport.isOnline, told.greeted]).toEqual([false, []]);
  });
});

describe('what follows a login', () => {
  test('and fails makes a new connection', async () => {
    const told = new Told();
    told.fails = [
      new ServerRefused('Later.', { code: 'storage_unavailable', fault: 'operator' }),
      new ServerMisbehaved('It answered with nonsense.'),
    ];
    told.transport.start();
    await told.untilChanges(5);
    expect(told.changes).toEqual([
      [true, ''],
      [false, 'Later.'],
      [true, ''],
      [false, 'It answered with nonsense.'],
      [true, ''],
    ]);
    expect([told.transport.isOnline, told.transport.generation]).toEqual([true, 3]);
  });

  test('cut short by a lost connection is no failure of its own', async () => {
    const told = new Told();
    told.fails = [new Unreachable('lost on the way')];
    told.transport.start();
    await told.transport.waitOnline();
    await settle();
    expect([told.transport.isOnline, told.changes]).toEqual([true, [[true, '']]]);
  });

  test('and hangs is told that its connection is lost', async () => {
    const told = new Told();
    const signals: AbortSignal[] = [];
    told.greet = (lost) => {
      signals.push(lost);
      return new Promise(() => undefined);
    };
    told.transport.start();
    await told.untilChanges(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    told.script.peer.cut();
    await told.untilChanges(3);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await told.transport.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

describe('hurry', () => {
  async function pausing(): Promise<Told> {
    const told = new Told();
    told.script.isThere = false;
    told.transport.start();
    await told.untilChanges(12); // pauses of up to half a minute by now
    told.script.isThere = true;
    return told;
  }

  test('ends a pause', async () => {
    const told = await pausing();
    told.transport.hurry();
    await told.script.timers.pass(FIRST_DELAY_MS);
    expect(told.transport.isOnline).toBe(true);
  });

  test('of somebody who writes ends it too, and asks nothing where there is a connection', async () => {
    const told = await pausing();
    told.transport.seek();
    await told.script.timers.pass(FIRST_DELAY_MS);
    expect(told.transport.isOnline).toBe(true);
    told.transport.seek();
    await settle();
    expect(told.script.heard('ReadMailbox')).toEqual([]);
  });

  test('however great makes a few attempts a second at most', async () => {
    const told = await pausing();
    told.script.isThere = false;
    const before = told.script.peers.length;
    for (let turn = 0; turn < 1_000; turn += 1) {
      told.transport.hurry();
      await told.script.timers.pass(1);
    }
    const attempts = told.script.peers.length - before;
    expect(attempts).toBeGreaterThan(1);
    expect(attempts).toBeLessThan(120);
  });

  test('while an attempt is under way is not forgotten', async () => {
    const told = await pausing();
    told.script.isThere = undefined; // the network that was left
    told.transport.hurry();
    await told.script.timers.pass(FIRST_DELAY_MS);
    const attempts = told.script.peers.length;
    told.transport.hurry();
    told.script.peer.cut();
    told.script.isThere = true;
    await told.script.timers.pass(FIRST_DELAY_MS);
    expect(told.script.peers.length).toBe(attempts + 1);
    expect(told.transport.isOnline).toBe(true);
  });

  test('makes a connection prove that it is still there', async () => {
    const told = await online();
    told.script.peer.isDeaf = true;
    told.transport.hurry();
    told.transport.hurry();
    await settle();
    expect(told.script.heard('ReadMailbox').length).toBe(1);
    await told.script.timers.pass(20_000 + FIRST_DELAY_MS);
    expect(told.changes[1]![1]).toContain('no answer within 20 seconds');
    expect([told.transport.isOnline, told.transport.generation]).toEqual([true, 2]);
  });
});
