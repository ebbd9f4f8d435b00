/** How a connection begins and ends: reached or not, left, closed, lost. */

import { describe, expect, test, vi } from 'vitest';

import { OperatorError } from '../../src/base/errors.ts';
import { connect, CONNECT_TIMEOUT_MS, GOODBYE_MS } from '../../src/sdk/connection.ts';
import { Unreachable } from '../../src/sdk/errors.ts';
import { settle } from '../platform/manual_timers.ts';
import { CONVERSATION, DEVICE, HELLO } from '../wire/server_side.ts';
import { connected, knowing, lookUp, resumed, SIGNATURE, SERVER } from './connecting.ts';
import { failure, Scripted } from './scripted.ts';

describe('the end', () => {
  const closing = {
    frame: 'Closing',
    code: 'slow_reader',
    sentence: 'You read too slowly.',
    retryAfterMs: 1500,
  } as const;

  test('everybody who waits is told the reason of the server', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    const asking = ['anna', 'cem'].map((name) => failure(lookUp(connection, name)));
    script.peer.say(closing);
    const gone = {
      message:
        'There is no connection to the server: the server closed the connection: ' +
        'You read too slowly.',
      closingCode: 'slow_reader',
      retryAfterMs: 1500,
    };
    expect(await Promise.all(asking)).toMatchObject([gone, gone]);
    expect(await failure(lookUp(connection, 'ben'))).toMatchObject(gone);
    expect(() => {
      connection.tell('Acknowledge', { conversation: CONVERSATION, seq: 1 });
    }).toThrow(gone.message);
    expect((await connection.lost).closing).toEqual(closing);
    expect(script.peer.isLeft).toBe(true);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test.each<[number, string, string]>([
    [1006, '', 'the connection was closed'],
    [1005, '', 'the connection was closed'],
    [1000, 'bye', 'the connection was closed: bye'],
    [1009, '', 'the connection was closed with 1009'],
    [1012, 'restart', 'the connection was closed with 1012: restart'],
  ])('a connection that is lost with %i is told too', async (code, sentence, reason) => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    const asking = failure(lookUp(connection, 'anna'));
    script.peer.cut(code, sentence);
    expect(await asking).toMatchObject({
      message: `There is no connection to the server: ${reason}.`,
      closingCode: '',
      retryAfterMs: 0,
    });
    expect(await connection.lost).toEqual({ reason });
  });

  test('disconnecting twice is disconnecting', async () => {
    const script = new Scripted();
    const [connection] = await connected(script);
    await Promise.all([connection.disconnect(), connection.disconnect()]);
    await connection.disconnect();
    expect(await failure(lookUp(connection, 'anna'))).toBeInstanceOf(Unreachable);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test('who disconnects does not wait for a server that reads nothing', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.isDeaf = true;
    const asking = failure(lookUp(connection, 'anna'));
    const leaving = connection.disconnect();
    await script.timers.pass(GOODBYE_MS - 1);
    expect(connection.isLost).toBe(false);
    await script.timers.pass(1);
    await leaving;
    expect(await asking).toBeInstanceOf(Unreachable);
  });
});

describe('connecting', () => {
  test('where nobody is says what to check', async () => {
    const script = new Scripted();
    script.isThere = false;
    const error = await failure(connected(script));
    expect(error).toBeInstanceOf(Unreachable);
    expect((error as Unreachable).message).toBe(
      `The server at ${SERVER} cannot be reached: check the address, the network, and that the ` +
        'server runs.',
    );
    expect(script.timers.delaysMs).toEqual([]);
  });

  test.each([undefined, true])('to silence ends after a while (%o)', async (isThere) => {
    const script = new Scripted();
    script.isThere = isThere;
    script.greeting = [];
    const connecting = failure(connected(script));
    await script.timers.pass(CONNECT_TIMEOUT_MS);
    expect(((await connecting) as Unreachable).message).toBe(
      `The server at ${SERVER} did not answer within 10 seconds: check the address and the network.`,
    );
    expect(script.peer.isLeft).toBe(true);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test('to a server that is full says what it says', async () => {
    const script = new Scripted();
    const sentence = 'Too many connections.';
    script.greeting = [
      { frame: 'Closing', code: 'too_many_connections', sentence, retryAfterMs: 5 },
    ];
    expect(await failure(connected(script))).toMatchObject({
      closingCode: 'too_many_connections',
      message: expect.stringContaining(sentence) as unknown,
      retryAfterMs: 5,
    });
  });

  test('to a server of another version says which program is older', async () => {
    const script = new Scripted();
    script.greeting = [{ ...HELLO, version: 2 }];
    expect(await failure(connected(script))).toMatchObject({
      message: expect.stringContaining('update the older one') as unknown,
      cause: expect.objectContaining({ code: 'bad_version' }) as unknown,
    });
  });

  test('is left when the signal is given, before or meanwhile', async () => {
    const script = new Scripted();
    script.greeting = [];
    const nobody = (): undefined => undefined;
    const early = failure(connect(SERVER, nobody, script.outside, AbortSignal.abort()));
    expect(await early).toBeInstanceOf(Unreachable);
    const leaving = new AbortController();
    const late = failure(connect(SERVER, nobody, script.outside, leaving.signal));
    await settle();
    leaving.abort();
    expect(await late).toBeInstanceOf(Unreachable);
    expect(script.peers.map(({ isLeft }) => isLeft)).toEqual([true, true]);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test('a signal that is given later does nothing', async () => {
    const leaving = new AbortController();
    const script = knowing();
    const [connection] = await connect(SERVER, () => undefined, script.outside, leaving.signal);
    leaving.abort();
    await connection.ask('Login', { device: DEVICE, signature: SIGNATURE });
    expect((await lookUp(connection, 'cem')).name).toBe('cem');
  });

  test('in a browser that does not even try is unreachable, with the cause', async () => {
    const script = new Scripted();
    const blocked = new OperatorError('This browser opens no connection.');
    const openSocket = vi.fn(() => {
      throw blocked;
    });
    const error = await failure(
      connect(SERVER, () => undefined, { ...script.outside, openSocket }),
    );
    expect(error).toBeInstanceOf(Unreachable);
    expect(error).toMatchObject({ cause: blocked });
    openSocket.mockImplementation(() => {
      throw new RangeError('ours');
    });
    expect(
      await failure(connect(SERVER, () => undefined, { ...script.outside, openSocket })),
    ).toEqual(new RangeError('ours'));
  });
});
