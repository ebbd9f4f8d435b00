/** Reporting: what is disclosed, and what is not even tried. */

import { beforeEach, expect, test } from 'vitest';

import { lenientTextFrom } from '../../src/base/bytes.ts';
import { MOST_REPORTED, type ReportReason } from '../../src/base/reports.ts';
import { Unreachable } from '../../src/sdk/errors.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { altering, annaAndBen, groupOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

async function said(...texts: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) {
    ids.push((await anna.say(id, text)).id);
  }
  await quiet(anna, ben);
  return ids;
}

function report(
  messages: readonly string[],
  reason: ReportReason = 'spam',
  note = '',
): Promise<number> {
  return ben.talk.report({ conversation: id, messages, reason, note });
}

const contents = (): string[] =>
  delivery.reports.flatMap(([, { messages }]) =>
    messages.map(({ content }) => lenientTextFrom(content)),
  );

test('the server takes what was really said, and learns nothing else', async () => {
  const [first, second] = await said('Buy now!', 'Buy more!', 'and this not');
  expect(await report([first!, second!], 'spam', 'every day')).toBe(2);
  const [device, handedIn] = delivery.reports[0]!;
  expect(device).toBe(ben.core.device.uri);
  expect(handedIn).toMatchObject({ name: 'anna', reason: 'spam', note: 'every day' });
  const { uri } = anna.core.device;
  expect(handedIn.messages.map(({ sender }) => sender)).toEqual([uri, uri]);
  expect(contents().map((one) => one.includes('Buy now!'))).toEqual([true, false]);
  expect(contents().join()).not.toContain('and this not');
});

test('all versions are disclosed', async () => {
  const [message] = await said('a threat');
  await anna.talk.edit({ conversation: id, message: message!, text: 'nothing at all' });
  await anna.talk.react({ conversation: id, message: message!, sign: '👍' });
  await quiet(anna, ben);
  expect(await report([message!, message!], 'abuse')).toBe(2);
  expect(contents()[0]).toContain('a threat');
  expect(contents()[1]).toContain('nothing at all');
});

test('nobody edits a message until it cannot be reported', async () => {
  const [threat, other] = await said('a threat', 'another');
  for (let number = 1; number <= MOST_REPORTED; number += 1) {
    await anna.talk.edit({ conversation: id, message: threat!, text: `version ${number}.` });
  }
  await quiet(anna, ben);
  expect(await report([threat!], 'abuse')).toBe(MOST_REPORTED);
  expect(contents()[0]).toContain('a threat');
  expect(contents()[1]).toContain('version 2.');
  expect(contents().at(-1)).toContain(`version ${MOST_REPORTED}.`);
  expect(await report([threat!, other!], 'abuse')).toBe(MOST_REPORTED / 2 + 1);
  const more = await said(...Array.from({ length: MOST_REPORTED - 1 }, (_, at) => `more ${at}`));
  expect(await report([threat!, ...more], 'abuse')).toBe(MOST_REPORTED);
  expect(delivery.reports.at(-1)![1].messages).toHaveLength(MOST_REPORTED);
});

test('what was deleted for everyone can be reported', async () => {
  const [message] = await said('a threat');
  await anna.talk.remove({ conversation: id, message: message! });
  await quiet(anna, ben);
  expect(await report([message!])).toBe(1);
});

test('what is reported after a restart is genuine', async () => {
  const [message] = await said('Buy now!');
  await ben.restart();
  await quiet(anna, ben);
  expect(await report([message!])).toBe(1);
});

test('only messages of one other account here are reported', async () => {
  const [message] = await said('hello there');
  const own = await ben.say(id, 'mine');
  const group = await groupOf('group', anna, ben);
  const { id: other } = await anna.say(group, 'elsewhere');
  await quiet(anna, ben);
  expect(await codeOf(report([own.id]))).toBe('own_message');
  expect(await codeOf(report([]))).toBe('empty');
  expect(await codeOf(report(['00'.repeat(32)]))).toBe('unknown_message');
  expect(await codeOf(report([message!, other]))).toBe('unknown_message');
  expect(await codeOf(report([message!], 'other', 'x'.repeat(1001)))).toBe('too_large');
  expect(delivery.reports).toEqual([]);
  expect(await report([message!], 'other', '😀'.repeat(1000))).toBe(1);
});

test('several senders are several reports', async () => {
  const cem = await Player.join(delivery, 'cem');
  const group = await groupOf('club', anna, ben, cem);
  const first = await anna.say(group, 'one');
  const second = await cem.say(group, 'two');
  await quiet(anna, ben, cem);
  const asked = { conversation: group, reason: 'other', note: '' } as const;
  const both = [first.id, second.id];
  expect(await codeOf(ben.talk.report({ ...asked, messages: both }))).toBe('several_senders');
  for (const one of both) {
    await ben.talk.report({ ...asked, messages: [one] });
  }
  expect(delivery.reports.map(([, { name }]) => name)).toEqual(['anna', 'cem']);
});

test('too many are not cut in silence', async () => {
  const ids = await said(...Array.from({ length: MOST_REPORTED + 1 }, (_, index) => `${index}`));
  expect(await codeOf(report(ids))).toBe('too_many_messages');
  expect(await report(ids.slice(1))).toBe(MOST_REPORTED);
});

test('a stamp that was exchanged is refused when it is reported', async () => {
  ben.line.onPush = altering({ stamp: new Uint8Array(32) });
  const [message] = await said('hello there');
  expect(await codeOf(report([message!]))).toBe('not_genuine');
});

test('without a stamp it is said at once', async () => {
  ben.line.onPush = altering({ stamp: new Uint8Array(0) });
  const [message] = await said('hello there');
  expect(await codeOf(report([message!]))).toBe('no_stamp');
  expect(ben.line.asked).not.toContain('report');
});

test('an answer that was lost is asked for again, as the same report', async () => {
  const [message] = await said('Buy now!');
  let left = 1;
  ben.line.after = (word, answer) => {
    if (word === 'report' && left > 0) {
      left -= 1;
      throw new Unreachable('The connection was lost.');
    }
    return answer;
  };
  expect(await report([message!])).toBe(1);
  const ids = delivery.reports.map(([, { idempotencyId }]) => idempotencyId);
  expect(ids).toEqual([ids[0], ids[0]]);
  left = 9;
  expect(await codeOf(report([message!]))).toBe('unreachable');
});
