import { expect, test } from 'vitest';

import {
  DeviceGone,
  MessengerClient,
  Refused,
  type WorkerPort,
} from '../../src/models/messenger.ts';
import type { Answer, Request, Told } from '../../src/sdk/protocol.ts';

/** A worker that does nothing by itself. */
class Port implements WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  readonly got: (Request | 'hurry')[] = [];
  isEnded = false;

  postMessage(request: Request | 'hurry'): void {
    structuredClone(request);
    this.got.push(request);
  }

  terminate(): void {
    this.isEnded = true;
  }

  answer(answer: Answer): void {
    this.onmessage?.({ data: answer } as MessageEvent<Answer>);
  }

  fail(): void {
    this.onerror?.({} as ErrorEvent);
  }

  request(at: number): Request {
    return this.got[at] as Request;
  }
}

function started(): { client: MessengerClient; ports: Port[] } {
  const ports: Port[] = [];
  const client = new MessengerClient(() => {
    const port = new Port();
    ports.push(port);
    return port;
  });
  return { client, ports };
}

const CONNECTED: Told = { what: 'connection', isOnline: true, code: '' };

test('the worker starts with the first question', () => {
  const { client, ports } = started();
  client.hurry();
  expect(ports).toHaveLength(0);
  void client.ask('open', {});
  void client.ask('devices', {});
  expect(ports).toHaveLength(1);
  expect(ports[0]!.got.map((one) => (one as Request).operation)).toEqual(['open', 'devices']);
});

test('answers find their questions in any order', async () => {
  const { client, ports } = started();
  const one = client.ask('devices', {});
  const other = client.ask('problems', {});
  ports[0]!.answer({ id: ports[0]!.request(1).id, value: ['second'] });
  ports[0]!.answer({ id: ports[0]!.request(0).id, value: ['first'] });
  expect(await one).toEqual(['first']);
  expect(await other).toEqual(['second']);
});

test('a refusal is an error with its code, fault and sentence', async () => {
  const { client, ports } = started();
  const asked = client.ask('conversationWith', { address: 'x@y' });
  const failure = {
    code: 'unknown_account',
    fault: 'local',
    sentence: 'No.',
    retryAfterMs: 5,
  } as const;
  ports[0]!.answer({ id: ports[0]!.request(0).id, failure });
  await expect(asked).rejects.toMatchObject({
    code: 'unknown_account',
    fault: 'local',
    message: 'No.',
    retryAfterMs: 5,
  });
  await expect(asked).rejects.toBeInstanceOf(Refused);
});

test('what is told is heard by everybody who listens', () => {
  const { client, ports } = started();
  const heard: Told[] = [];
  const stop = client.onTold((told) => heard.push(told));
  void client.ask('open', {}).catch(() => undefined);
  ports[0]!.answer({ told: CONNECTED });
  stop();
  ports[0]!.answer({ told: CONNECTED });
  expect(heard).toEqual([CONNECTED]);
});

test('an answer to nothing is ignored', () => {
  const { client, ports } = started();
  void client.ask('open', {}).catch(() => undefined);
  ports[0]!.answer({ id: 99, value: 'stray' });
  expect(ports).toHaveLength(1);
});

test('a worker that never came up is replaced, and reads are asked again', async () => {
  const { client, ports } = started();
  let restarts = 0;
  client.onRestarted(() => (restarts += 1));
  const read = client.ask('devices', {});
  const write = client.ask('leave', { conversation: 'c' });
  ports[0]!.fail();
  await expect(write).rejects.toBeInstanceOf(DeviceGone);
  expect(ports[0]!.isEnded).toBe(true);
  expect(ports).toHaveLength(2);
  expect(ports[1]!.got.map((one) => (one as Request).operation)).toEqual(['devices']);
  ports[1]!.answer({ id: ports[1]!.request(0).id, value: [] });
  expect(await read).toEqual([]);
  expect(restarts).toBe(1);
});

test('the new one is opened first if the old one was', () => {
  const { client, ports } = started();
  void client.ask('open', {});
  void client.ask('contacts', {});
  ports[0]!.fail();
  const [first, ...others] = ports[1]!.got as Request[];
  expect(first).toMatchObject({ id: 0, operation: 'open' });
  expect(others.map(({ operation }) => operation)).toEqual(['open', 'contacts']);
});

test('after several in a row without an answer the page gives up', async () => {
  const { client, ports } = started();
  const asked = client.ask('devices', {});
  for (let at = 0; at < 4; at += 1) {
    ports[at]!.fail();
  }
  await expect(asked).rejects.toMatchObject({ code: 'worker_gone' });
  expect(ports).toHaveLength(4);
  await expect(client.ask('open', {})).rejects.toBeInstanceOf(DeviceGone);
});

test('an error of a worker that is up ends nothing', () => {
  const { client, ports } = started();
  void client.ask('devices', {}).catch(() => undefined);
  ports[0]!.answer({ told: CONNECTED });
  ports[0]!.fail();
  expect(ports).toHaveLength(1);
  expect(ports[0]!.isEnded).toBe(false);
});

test('when another tab has the device now, the page looks anew', () => {
  const { client, ports } = started();
  let restarts = 0;
  const stop = client.onRestarted(() => (restarts += 1));
  void client.ask('open', {}).catch(() => undefined);
  ports[0]!.answer({ told: { what: 'moved' } });
  stop();
  ports[0]!.answer({ told: { what: 'moved' } });
  expect(restarts).toBe(1);
});

test('what the closed tab did not answer is asked again if it only reads', async () => {
  const { client, ports } = started();
  const read = client.ask('devices', {});
  const write = client.ask('leave', { conversation: 'c' });
  const failure = { code: 'worker_gone', fault: 'operator', sentence: 'Closed.' } as const;
  ports[0]!.answer({ id: ports[0]!.request(0).id, failure });
  ports[0]!.answer({ id: ports[0]!.request(1).id, failure });
  await expect(write).rejects.toMatchObject({ code: 'worker_gone' });
  expect(ports[0]!.got).toHaveLength(3);
  ports[0]!.answer({ id: ports[0]!.request(2).id, value: [] });
  expect(await read).toEqual([]);
});

test('what cannot be sent to a worker is refused at once', async () => {
  const { client } = started();
  const text = (() => 'no text') as unknown as string;
  await expect(client.ask('setDraft', { conversation: 'c', draft: text })).rejects.toMatchObject({
    fault: 'local',
  });
});

test('somebody in a hurry is passed on', () => {
  const { client, ports } = started();
  void client.ask('open', {}).catch(() => undefined);
  client.hurry();
  expect(ports[0]!.got.at(-1)).toBe('hurry');
});

test('what is said has an id of its own each time, and is asked again as the same', async () => {
  const { client, ports } = started();
  const asked = { conversation: 'c', text: 'Hallo' };
  const said = client.ask('sendText', asked);
  void client.ask('sendText', asked).catch(() => undefined);
  const [first, second] = ports[0]!.got as Request<'sendText'>[];
  expect(first!.asked).toMatchObject(asked);
  expect(first!.asked.idempotencyId).toMatch(/^[0-9a-f]{32}$/);
  expect(first!.asked.isAgain).toBeUndefined();
  expect(second!.asked.idempotencyId).not.toBe(first!.asked.idempotencyId);
  const failure = { code: 'worker_gone', fault: 'operator', sentence: 'Gone.' } as const;
  ports[0]!.answer({ id: first!.id, failure });
  const third = ports[0]!.request(2);
  expect(third).toEqual({ ...first, asked: { ...first!.asked, isAgain: true } });
  ports[0]!.answer({ id: third.id, value: 'the message' });
  expect(await said).toBe('the message');
});

test('a worker that never came up has said nothing, or the next one finds it', async () => {
  const { client, ports } = started();
  const answer = { kind: 'cancel_request', uid: 'u' } as const;
  const said = client.ask('answerCard', {
    conversation: 'c',
    answer,
    text: 'Bitte',
    language: 'de',
  });
  ports[0]!.fail();
  const { asked } = ports[1]!.request(0) as Request<'answerCard'>;
  expect(asked).toMatchObject({ answer, isAgain: true });
  ports[1]!.answer({ id: ports[1]!.request(0).id, value: 'the message' });
  expect(await said).toBe('the message');
});
