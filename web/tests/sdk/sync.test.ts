/** From the log into the vault: pushed or read, in whatever way the server says it. */

import { beforeEach, expect, test } from 'vitest';

import type { Envelope } from '../../src/sdk/server.ts';
import { READ_LIMIT } from '../../src/sdk/sync.ts';
import { Delivery, offline, refusal } from './delivery.ts';
import { annaAndBen, groupOf, logOf, type Player, quiet, until } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

async function say(...texts: string[]): Promise<void> {
  for (const text of texts) {
    await anna.say(id, text);
  }
  await quiet(anna, ben);
}

const reads = (): number => ben.line.asked.filter((word) => word === 'read').length;
const heard = async (): Promise<string[]> => (await ben.texts(id)).slice(1);

interface Answer {
  readonly head: number;
  readonly envelopes: readonly Envelope[];
}

test('what was pushed whole is not asked for', async () => {
  const before = reads();
  await say('one', 'two', 'three');
  expect(await heard()).toEqual(['one', 'two', 'three']);
  expect(reads()).toBe(before);
});

test('a push without envelopes is read', async () => {
  ben.line.onPush = (push) => [push.push === 'delivery' ? { ...push, envelopes: [] } : push];
  await say('one', 'two');
  expect(await heard()).toEqual(['one', 'two']);
});

test('a push that overtakes the answer to a question is not forgotten', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let isHeld = false;
  ben.line.answer('read', async (answer: Answer) => {
    isHeld = true;
    await promise;
    return answer;
  });
  const { id: conversation, kept } = ben.live(id);
  const head = kept.cursor + 1;
  ben.sync.takePush({
    push: 'delivery',
    conversation: conversation.bytes,
    head,
    envelopes: [],
  });
  await until(() => isHeld);
  await anna.say(id, 'faster');
  await quiet(anna);
  resolve(undefined);
  await quiet(anna, ben);
  expect(await heard()).toEqual(['faster']);
  expect(ben.problems()).toEqual([]);
});

test('pushes that are dropped are caught up with the next one', async () => {
  let count = 0;
  ben.line.onPush = (push) => (push.push === 'delivery' && (count += 1) < 3 ? [] : [push]);
  await say('one', 'two', 'three');
  expect(await heard()).toEqual(['one', 'two', 'three']);
  expect(ben.problems()).toEqual([]);
});

test('pushes in another order, twice and old ones change nothing', async () => {
  const late: Parameters<typeof ben.line.listener>[0][] = [];
  ben.line.onPush = (push) => {
    late.push(push);
    return [];
  };
  await say('one', 'two', 'three');
  for (const push of [...late.reverse(), ...late]) {
    ben.sync.takePush(push);
  }
  await quiet(anna, ben);
  expect(await heard()).toEqual(['one', 'two', 'three']);
  late.forEach((push) => {
    ben.sync.takePush(push);
  });
  await quiet(anna, ben);
  expect(await heard()).toEqual(['one', 'two', 'three']);
  expect(ben.problems()).toEqual([]);
});

test('pushes about nothing we know are passed over', async () => {
  const conversation = new Uint8Array(16).fill(9);
  const asked = ben.line.asked.length;
  ben.sync.takePush({ push: 'delivery', conversation, head: 9, envelopes: [] });
  ben.sync.takePush({ push: 'cursor', conversation, device: 'nonsense', seq: 9 });
  ben.sync.takePush({ push: 'cursor', conversation: ben.live(id).id.bytes, device: 'x', seq: 9 });
  ben.sync.takePush({ push: 'device_list', name: 'NOBODY!' });
  ben.sync.takePush({ push: 'device_list', name: 'stranger' });
  await quiet(ben);
  expect(ben.line.asked.length).toBe(asked);
  expect(ben.core.trust.contacts()).toHaveLength(1);
  expect(ben.problems()).toEqual([]);
});

test('a flood of pushes keeps no more than it needs', async () => {
  const { bytes: conversation } = ben.live(id).id;
  const [envelope] = logOf(delivery, id).envelopes;
  const far = Array.from({ length: 500 }, (_, at) => ({ ...envelope!, seq: at + 1000 }));
  const release = ben.line.hold('readMailbox');
  const before = ben.line.asked.length;
  for (let round = 0; round < 2_000; round += 1) {
    ben.sync.takePush({ push: 'delivery', conversation, head: 0, envelopes: far });
    ben.sync.takePush({ push: 'mail' });
    ben.sync.takePush({ push: 'device_list', name: 'anna' });
    ben.sync.takePush({ push: 'cursor', conversation, device: anna.core.device.uri, seq: 1 });
  }
  release();
  await quiet(ben);
  expect(ben.line.asked.length - before).toBeLessThan(10);
  await say('after');
  expect(await heard()).toEqual(['after']);
});

test('a head that is none costs one question', async () => {
  const before = reads();
  const { bytes: conversation } = ben.live(id).id;
  ben.sync.takePush({ push: 'delivery', conversation, head: 2 ** 50, envelopes: [] });
  await quiet(ben);
  expect(reads() - before).toBe(1);
  await say('after');
  expect(await heard()).toEqual(['after']);
});

test('old envelopes under a higher head do not make a device ask for ever', async () => {
  const old = logOf(delivery, id).envelopes.slice(0, 1);
  const before = reads();
  ben.line.answer('read', () => ({ head: 99, envelopes: old }), 5);
  const { bytes: conversation } = ben.live(id).id;
  ben.sync.takePush({ push: 'delivery', conversation, head: 99, envelopes: [] });
  await quiet(ben);
  expect(reads() - before).toBe(1);
});

test('envelopes that come unsorted or twice are taken in order', async () => {
  ben.line.cut();
  await say('one', 'two', 'three');
  ben.line.answer('read', ({ head, envelopes }: Answer) => ({
    head,
    envelopes: [...envelopes].reverse().concat(envelopes),
  }));
  await ben.connect();
  expect(await heard()).toEqual(['one', 'two', 'three']);
  expect(ben.problems()).toEqual([]);
});

test('what is left out is noticed and named', async () => {
  ben.line.cut();
  await say('one', 'two', 'three');
  ben.line.answer('read', ({ head, envelopes }: Answer) => ({
    head,
    envelopes: envelopes.slice(1),
  }));
  await ben.connect();
  expect(await heard()).toEqual(['two', 'three']);
  expect(ben.problems()).toEqual(['log_gap']);
});

test('an envelope beyond the head is ignored', async () => {
  ben.line.cut();
  await say('one');
  ben.line.answer('read', ({ head, envelopes }: Answer) => ({
    head,
    envelopes: [...envelopes, { ...envelopes[0]!, seq: 2 ** 40 }],
  }));
  await ben.connect();
  await say('two');
  expect(await heard()).toEqual(['one', 'two']);
  expect(ben.problems()).toEqual(['beyond_log']);
});

test('a log that was said to be longer is read again, and nothing is shown twice', async () => {
  await say('one');
  ben.live(id).kept.cursor += 5;
  await say('two');
  ben.line.cut();
  await ben.connect();
  expect(await heard()).toEqual(['one', 'two']);
  expect(ben.problems()).toContain('log_shortened');
  expect(ben.rooms.conversation({ conversation: id }).unread).toBe(3);
});

/** The server comes back from a backup: of the log only the first envelopes are left. */
function setBack(length: number): void {
  const log = logOf(delivery, id);
  log.envelopes.length = length;
  log.cursors.forEach((seq, device) => {
    log.cursors.set(device, Math.min(seq, length));
  });
}

test('what is said after the server was set back is heard at once', async () => {
  await say('one');
  const { head } = logOf(delivery, id);
  await say('lost 1', 'lost 2', 'lost 3', 'lost 4');
  setBack(head);
  await say('after');
  expect(await heard()).toEqual(['one', 'lost 1', 'lost 2', 'lost 3', 'lost 4', 'after']);
  expect(ben.problems()).toEqual(['log_shortened']);
  await say('and on');
  expect((await heard()).at(-1)).toBe('and on');
  expect(ben.live(id).kept.cursor).toBe(logOf(delivery, id).head);
});

test('who was away while the log grew anew misses nothing', async () => {
  await say('one');
  const { head } = logOf(delivery, id);
  await say('lost 1', 'lost 2');
  ben.line.cut();
  setBack(head);
  await say('anew 1', 'anew 2', 'anew 3', 'anew 4');
  await ben.connect();
  const lost = ['lost 1', 'lost 2'];
  expect(await heard()).toEqual(['one', ...lost, 'anew 1', 'anew 2', 'anew 3', 'anew 4']);
  expect(ben.problems()).toEqual([]);
});

test('what comes where another message was read is not read', async () => {
  await say('one');
  const { head } = logOf(delivery, id);
  await say('lost 1', 'lost 2', 'lost 3');
  await ben.talk.markRead({ conversation: id });
  await quiet(anna, ben);
  setBack(head);
  await say('after');
  expect(ben.rooms.conversation({ conversation: id }).unread).toBe(1);
  await ben.talk.markRead({ conversation: id });
  expect(ben.rooms.conversation({ conversation: id }).unread).toBe(0);
});

test('a lost acknowledgement repeats nothing', async () => {
  await say('one', 'two');
  ben.line.cut();
  await say('three');
  logOf(delivery, id).cursors.set(ben.core.device.uri, 1);
  await ben.connect();
  expect(await heard()).toEqual(['one', 'two', 'three']);
  expect(ben.problems()).toEqual([]);
});

/** The device dies when it asks for the log the `count`-th time from now. */
async function diesAtRead(count: number): Promise<void> {
  let left = count;
  ben.line.before = (word) => {
    left -= word === 'read' ? 1 : 0;
    if (left === 0) {
      throw offline();
    }
  };
  await expect(ben.connect()).rejects.toMatchObject({ code: 'unreachable' });
  expect(left).toBe(0);
}

test.each([
  ['a lost acknowledgement', 1, 0, []],
  ['a log that was said to be longer', 0, 5, ['log_shortened']],
] as const)('a restart amid the second reading after %s', async (_, acknowledged, ahead, noted) => {
  await say('one', 'two');
  ben.line.cut();
  ben.live(id).kept.cursor += ahead;
  logOf(delivery, id).cursors.set(ben.core.device.uri, acknowledged);
  await diesAtRead(ahead > 0 ? 2 : 1);
  expect(ben.live(id).kept.cursor).toBe(acknowledged);
  await ben.restart();
  await quiet(ben);
  expect(ben.live(id).kept.cursor).toBe(logOf(delivery, id).head);
  expect(await heard()).toEqual(['one', 'two']);
  expect(ben.problems()).toEqual(noted);
});

test('replayed envelopes are shown once', async () => {
  await say('one');
  const log = logOf(delivery, id);
  const replayed = delivery.inject(log, log.envelopes.at(-1)!);
  delivery.deliver(log, replayed);
  await quiet(ben);
  await say('two');
  expect(await heard()).toEqual(['one', 'two']);
  expect(ben.problems().length).toBe(1);
});

test('garbage and tampered envelopes are noted, and the log goes on', async () => {
  const log = logOf(delivery, id);
  const last = log.envelopes.at(-1)!;
  const changed = last.message.slice();
  changed[changed.length - 1]! ^= 1;
  for (const message of [new Uint8Array(0), Uint8Array.of(1, 2, 3), changed]) {
    delivery.deliver(log, delivery.inject(log, { ...last, message }));
  }
  await quiet(ben);
  await say('after');
  expect(await heard()).toEqual(['after']);
  expect(ben.problems()).toHaveLength(3);
  expect(ben.problems()).not.toContain('internal');
});

test('what comes under our own name a second time is no problem', async () => {
  const log = logOf(delivery, id);
  delivery.deliver(log, delivery.inject(log, log.envelopes.at(-1)!));
  await quiet(anna);
  expect(anna.problems()).toEqual([]);
  expect(await anna.texts(id)).toEqual(['hello']);
});

test('a message under a false name in the envelope is from who has written it', async () => {
  const log = logOf(delivery, id);
  ben.line.onPush = (push) =>
    push.push === 'delivery'
      ? [
          {
            ...push,
            envelopes: push.envelopes.map((one) => ({ ...one, sender: 'mimi://x/d/y/z' })),
          },
        ]
      : [push];
  await say('mine');
  expect((await ben.said(id)).at(-1)!.sender).toBe(anna.address);
  expect(log.head).toBeGreaterThan(2);
});

test('a log that is not given out does not stop the others', async () => {
  const other = await groupOf('others', anna, ben);
  ben.line.cut();
  await say('one');
  await anna.say(other, 'two');
  await quiet(anna);
  ben.line.refuse('read', 'internal', { fault: 'operator' });
  await ben.connect();
  expect([...(await heard()), ...(await ben.texts(other))]).toHaveLength(1);
  expect(ben.problems()).toEqual(['internal']);
  ben.line.cut();
  await ben.connect();
  expect([...(await heard()), ...(await ben.texts(other))]).toEqual(['one', 'two']);
});

test('a long log is read in pieces, and all that was done before a loss is kept', async () => {
  ben.line.cut();
  const texts = Array.from({ length: READ_LIMIT + 5 }, (_, at) => `${at}`);
  await say(...texts);
  let pieces = 0;
  const { after } = ben.line;
  ben.line.after = (word, answer) => {
    pieces += word === 'read' ? 1 : 0;
    if (pieces === 2) {
      ben.line.after = after;
      ben.line.cut();
      throw refusal('lost');
    }
    return answer;
  };
  await ben.connect().catch(() => undefined);
  await quiet(ben);
  expect((await heard()).length).toBe(READ_LIMIT);
  await ben.restart();
  expect(await heard()).toEqual(texts);
});

test('a conversation that cannot be joined hides no message', async () => {
  ben.line.cut();
  await say('one');
  const conversation = new Uint8Array(16).fill(3);
  delivery.mail(ben.core.device.uri, conversation, { seq: 1, acceptedAtMs: 1 }, Uint8Array.of(1));
  await ben.connect();
  expect(await heard()).toEqual(['one']);
  expect(ben.problems()).toHaveLength(1);
});

test.each([
  ['more of nothing', () => ({ hasMail: false, moved: [], hasMore: true })],
  [
    'more without anything new',
    () => ({
      hasMail: false,
      moved: [{ conversation: new Uint8Array(16).fill(1), cursor: 0, head: 5 }],
      hasMore: true,
    }),
  ],
])('%s is not asked for ever', async (_, answer) => {
  ben.line.cut();
  ben.line.answer('resume', answer, 50);
  await ben.connect();
  expect(ben.line.asked.filter((word) => word === 'resume').length).toBeLessThan(5);
});

test('a mailbox that repeats itself is left alone', async () => {
  const conversation = new Uint8Array(16).fill(3);
  const item = { item: 1, conversation, seq: 1, acceptedAtMs: 1, welcome: Uint8Array.of(1) };
  ben.line.cut();
  ben.line.answer('resume', (answer: object) => ({ ...answer, hasMail: true }));
  ben.line.answer('readMailbox', () => [item], 50);
  await ben.connect();
  expect(ben.line.asked.filter((word) => word === 'readMailbox').length).toBeLessThan(6);
});
