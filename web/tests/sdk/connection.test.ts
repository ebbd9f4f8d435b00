/** One connection against servers that are slow, silent or rude. */

import { describe, expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import {
  ANSWER_TIMEOUT_MS,
  LOOK_EVERY_MS,
  PROBE_AFTER_MS,
  PROBE_TIMEOUT_MS,
  SLOWEST_BYTES_PER_S,
} from '../../src/sdk/connection.ts';
import { ServerRefused, Unreachable } from '../../src/sdk/errors.ts';
import { BUNDLE_BYTES } from '../../src/wire/codec.ts';
import type { ClientFrameOf, ServerFrame } from '../../src/wire/frames.ts';
import type { Push } from '../../src/wire/session.ts';
import { settle } from '../platform/manual_timers.ts';
import { CONVERSATION, DEVICE, HELLO } from '../wire/server_side.ts';
import { account, connected, knowing, lookUp, resumed, SERVER, SIGNATURE } from './connecting.ts';
import { failure, idOf, refused, Scripted, until } from './scripted.ts';

describe('answers', () => {
  test('the server speaks first', async () => {
    const script = new Scripted();
    const [connection, hello] = await connected(script);
    expect(hello).toEqual(HELLO);
    expect([script.urls, script.peer.heard]).toEqual([[SERVER], []]);
    expect([connection.isOpen, connection.isLost]).toEqual([true, false]);
    await connection.disconnect();
    expect(script.peer.isLeft).toBe(true);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test('find their questions in any order', async () => {
    const script = new Scripted();
    const waiting: ClientFrameOf<'GetAccount'>[] = [];
    script.answer = (frame) => {
      waiting.push(frame as ClientFrameOf<'GetAccount'>);
      return waiting.length < 5
        ? []
        : waiting.toReversed().map(({ id, name }) => account(id, name));
    };
    const [connection] = await resumed(script);
    const names = ['anna', 'ben', 'cem', 'dora', 'emil'];
    const answers = await Promise.all(names.map((name) => lookUp(connection, name)));
    expect(answers.map(({ name }) => name)).toEqual(names);
    expect(new Set(waiting.map(({ id }) => id)).size).toBe(5);
    expect(script.timers.delaysMs.length).toBe(1);
  });

  test('a refusal is thrown with everything that the server said', async () => {
    const script = new Scripted();
    const said = { fault: 'operator', retryAfterMs: 250, epoch: 7, head: 41 };
    script.answer = (frame) => [refused(frame, 'stale_epoch', 'Too late.', said)];
    const [connection] = await resumed(script);
    const error = await failure(lookUp(connection, 'anna'));
    expect(error).toBeInstanceOf(ServerRefused);
    expect(error).toMatchObject({ ...said, code: 'stale_epoch', message: 'Too late.' });
  });

  test.each(['local', 'remote', 'operator', 'nobody', '', '__proto__'])(
    'the fault %o is known, or it is the other side',
    async (fault) => {
      const script = new Scripted();
      script.answer = (frame) => [refused(frame, 'no', 'No.', { fault })];
      const [connection] = await resumed(script);
      const known = ['local', 'remote', 'operator'].includes(fault);
      expect(await failure(lookUp(connection, 'anna'))).toMatchObject({
        fault: known ? fault : 'remote',
      });
    },
  );

  test('a refusal of nothing in particular harms nobody', async () => {
    const script = knowing();
    const [connection] = await resumed(script);
    script.peer.say(refused(0, 'bad_request', 'One of them.'));
    expect((await lookUp(connection, 'cem')).name).toBe('cem');
  });

  test('values that cannot be sent are refused before anything is sent', async () => {
    const [connection] = await resumed(new Scripted());
    expect(await failure(lookUp(connection, 'x'.repeat(65)))).toBeInstanceOf(LocalError);
    expect(
      await failure(connection.ask('Login', { device: DEVICE, signature: SIGNATURE })),
    ).toEqual(expect.objectContaining({ code: 'wrong_state' }));
    expect(connection.isLost).toBe(false);
  });
});

describe('a silent server', () => {
  test('is given up', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    const asking = failure(lookUp(connection, 'anna'));
    await script.timers.pass(ANSWER_TIMEOUT_MS);
    expect(await asking).toBeInstanceOf(Unreachable);
    expect(await asking).toMatchObject({
      message: 'There is no connection to the server: the server gave no answer within 30 seconds.',
    });
    expect((await connection.lost).reason).toContain('no answer within');
    expect(script.peer.isLeft).toBe(true);
    expect(script.timers.delaysMs).toEqual([]);
  });

  test('has time for as long as the question is on its way out, and moves', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 300_000;
    const asking = failure(lookUp(connection, 'anna'));
    expect(connection.bufferedBytes).toBe(300_000);
    for (const left of [200_000, 100_000, 0]) {
      script.peer.bufferedBytes = left;
      await script.timers.pass(ANSWER_TIMEOUT_MS);
      expect(connection.isLost).toBe(false);
    }
    await script.timers.pass(ANSWER_TIMEOUT_MS); // since it has left
    expect(connection.isLost).toBe(true);
    expect(await asking).toBeInstanceOf(Unreachable);
  });

  test('has no second time because the question left after it was asked', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 40; // a browser says so of all that it was just given
    const asking = failure(lookUp(connection, 'anna'));
    script.peer.bufferedBytes = 0;
    await script.timers.pass(ANSWER_TIMEOUT_MS + LOOK_EVERY_MS - 1);
    expect(connection.isLost).toBe(false);
    await script.timers.pass(1);
    expect([connection.isLost, await asking]).toEqual([true, expect.any(Unreachable)]);
  });

  test('and that is probed has no second time either', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 40;
    const probing = connection.probe();
    script.peer.bufferedBytes = 0;
    await script.timers.pass(PROBE_TIMEOUT_MS + LOOK_EVERY_MS);
    expect(connection.isLost).toBe(true);
    await probing;
  });

  test('has time for a large question that the system may have to send still', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    const chunk = new Uint8Array(3 * SLOWEST_BYTES_PER_S);
    const asking = failure(
      connection.ask('PutBlobChunk', { blob: new Uint8Array(32), offset: 0, chunk }),
    );
    await script.timers.pass(ANSWER_TIMEOUT_MS + 3_000 - 1);
    expect(connection.isLost).toBe(false);
    await script.timers.pass(1);
    expect([connection.isLost, await asking]).toEqual([true, expect.any(Unreachable)]);
  });

  test('has no time while nothing moves', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 300_000;
    const asking = failure(lookUp(connection, 'anna'));
    await script.timers.pass(ANSWER_TIMEOUT_MS);
    expect([connection.isLost, await asking]).toEqual([true, expect.any(Unreachable)]);
  });

  test('what is sent later does not hide that something moves, nor give time for ever', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 1_000;
    const asking = failure(lookUp(connection, 'anna'));
    connection.tell('SendEphemeral', {
      conversation: CONVERSATION,
      message: new Uint8Array(60_000),
    });
    script.peer.bufferedBytes = 60_500;
    await script.timers.pass(ANSWER_TIMEOUT_MS);
    expect(connection.isLost).toBe(false);
    script.peer.bufferedBytes = 10;
    await script.timers.pass(ANSWER_TIMEOUT_MS);
    await script.timers.pass(ANSWER_TIMEOUT_MS);
    expect([connection.isLost, await asking]).toEqual([true, expect.any(Unreachable)]);
  });
});

describe('a server of which nothing is heard', () => {
  function probes(script: Scripted): number {
    return script.heard('ReadMailbox').length;
  }

  /** A server that answers the question for a sign of life. */
  function living(script = new Scripted()): Scripted {
    script.answer = (frame) =>
      frame.frame === 'ReadMailbox' ? [{ frame: 'Mailbox', id: frame.id, items: [] }] : [];
    return script;
  }

  test('is asked now and then, and stays', async () => {
    const script = living();
    const [connection] = await resumed(script);
    await script.timers.pass(2 * PROBE_AFTER_MS);
    expect(probes(script)).toBe(1);
    expect(script.heard('ReadMailbox')).toMatchObject([{ after: 2 ** 53 - 1, limit: 1 }]);
    await script.timers.pass(10 * PROBE_AFTER_MS);
    expect(probes(script)).toBeGreaterThan(3);
    expect(connection.isLost).toBe(false);
  });

  test('is not asked while it speaks', async () => {
    const script = living();
    const [connection, pushes] = await resumed(script);
    for (let turn = 0; turn < 10; turn += 1) {
      script.peer.say({ frame: 'MailboxMoved', item: turn });
      await script.timers.pass(PROBE_AFTER_MS);
    }
    expect([pushes.length, probes(script), connection.isLost]).toEqual([10, 0, false]);
  });

  test('and that does not answer is given up', async () => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    await script.timers.pass(2 * PROBE_AFTER_MS + PROBE_TIMEOUT_MS);
    expect(probes(script)).toBe(1);
    expect((await connection.lost).reason).toBe('the server gave no answer within 20 seconds');
  });

  test('is not asked while an answer is waited for, which tells as much', async () => {
    const script = living();
    const [connection] = await resumed(script);
    script.peer.bufferedBytes = 300_000;
    const asking = failure(lookUp(connection, 'anna'));
    for (let left = 270_000; left >= 0; left -= 30_000) {
      script.peer.bufferedBytes = left;
      await script.timers.pass(PROBE_AFTER_MS);
    }
    expect([probes(script), connection.isLost]).toEqual([0, false]);
    await connection.disconnect();
    expect(await asking).toBeInstanceOf(Unreachable);
  });

  test('is asked once, however many want to know', async () => {
    const script = living();
    const [connection] = await resumed(script);
    await Promise.all([connection.probe(), connection.probe(), connection.probe()]);
    expect(probes(script)).toBe(1);
    await connection.probe();
    expect(probes(script)).toBe(2);
  });

  test('may refuse, which is a sign of life', async () => {
    const script = new Scripted();
    script.answer = (frame) => [refused(frame, 'storage_unavailable', 'The disk is full.')];
    const [connection] = await resumed(script);
    await connection.probe();
    expect(connection.isLost).toBe(false);
  });

  test('is asked nothing before the login', async () => {
    const script = living();
    const [connection] = await connected(script);
    await connection.probe();
    await script.timers.pass(3 * PROBE_AFTER_MS);
    expect(probes(script)).toBe(0);
    await connection.ask('Login', { device: DEVICE, signature: SIGNATURE });
    await connection.probe();
    expect(probes(script)).toBe(1);
  });

  test('that is lost is not asked', async () => {
    const script = living();
    const [connection] = await resumed(script);
    await connection.disconnect();
    await connection.probe();
    expect(probes(script)).toBe(0);
  });
});

describe('pushes', () => {
  test('are handed on in order', async () => {
    const script = knowing();
    const [connection, pushes] = await resumed(script);
    const sent: Push[] = [
      { frame: 'Delivery', conversation: CONVERSATION, head: 3, envelopes: [] },
      { frame: 'MailboxMoved', item: 1 },
      { frame: 'CursorMoved', conversation: CONVERSATION, device: 'd', seq: 2 },
      { frame: 'Ephemeral', conversation: CONVERSATION, sender: 'd', message: SIGNATURE },
      { frame: 'DeviceListMoved', name: 'anna' },
    ];
    for (const push of sent) {
      script.peer.say(push);
    }
    await lookUp(connection, 'cem'); // frames come in order: they are here before its answer
    expect(pushes).toEqual(sent);
  });
});

test.each([
  ['internal', 'server_internal'],
  ['storage_unavailable', 'server_unavailable'],
  ['too_large', 'too_large'],
])('a refusal for %s is not taken for this device’s own failure', async (word, code) => {
  const script = new Scripted();
  script.answer = (frame) => [refused(frame, word, 'No.')];
  const [connection] = await resumed(script);
  expect(await failure(lookUp(connection, 'anna'))).toMatchObject({ code });
});

describe('servers that break the protocol', () => {
  test.each<[string, ServerFrame]>([
    ['Hello a second time', HELLO],
    ['was not asked', account(77, 'anna')],
    ['was not asked', refused(77, 'no', 'No.')],
    ['Done is no answer to GetAccount', { frame: 'Done', id: 3 }],
    ['name is not a text', { frame: 'DeviceListMoved', name: 'x'.repeat(65) }],
  ])('%s: everybody who waits is told', async (complaint, frame) => {
    const script = new Scripted();
    const [connection] = await resumed(script);
    const asking = failure(lookUp(connection, 'anna'));
    script.peer.say(frame);
    expect(await asking).toBeInstanceOf(Unreachable);
    const { reason, closing } = await connection.lost;
    expect(reason).toMatch(new RegExp(`^the server broke the protocol \\(.*${complaint}.*\\)$`));
    expect(closing).toBeUndefined();
    expect(script.peer.isLeft).toBe(true);
  });

  test('a push before Resume is not believed', async () => {
    const script = new Scripted();
    const [connection] = await connected(script);
    script.peer.say({ frame: 'MailboxMoved', item: 1 });
    expect((await connection.lost).reason).toContain('not logged in');
  });

  test('a text is no frame', async () => {
    const script = new Scripted();
    const [connection] = await connected(script);
    script.peer.sayBytes('hello');
    expect((await connection.lost).reason).toContain('whole binary messages');
  });

  test('a frame beyond all limits ends the connection', async () => {
    const script = new Scripted();
    const [connection] = await connected(script);
    script.peer.sayBytes(new Uint8Array(BUNDLE_BYTES + 1));
    expect((await connection.lost).reason).toContain('at most 2097152 are accepted');
  });

  test('what comes after the end is not read', async () => {
    const script = new Scripted();
    const [connection, pushes] = await resumed(script);
    script.peer.isDeaf = true;
    script.peer.sayBytes('hello');
    script.peer.say({ frame: 'MailboxMoved', item: 1 });
    await connection.lost;
    await settle();
    expect(pushes).toEqual([]);
  });

  test('no bytes do more than end the connection', async () => {
    for (let first = 0; first < 256; first += 1) {
      const script = new Scripted();
      script.greeting = [];
      const connecting = failure(connected(script));
      script.peer.sayBytes(Uint8Array.of(first, 1, 1, 0xa1, first));
      const error = await connecting;
      expect(error).toBeInstanceOf(Unreachable);
      expect((error as Unreachable).message).toContain('the server broke the protocol');
    }
  });
});

test('a frame without an answer is sent and forgotten', async () => {
  const script = new Scripted();
  const [connection] = await resumed(script);
  connection.tell('AcknowledgeMailbox', { item: 3 });
  await until(() => script.heard('AcknowledgeMailbox').length === 1);
  expect(script.heard('AcknowledgeMailbox')).toEqual([{ frame: 'AcknowledgeMailbox', item: 3 }]);
  expect(idOf(script.peer.heard.at(-1)!)).toBe(0);
});
