import { expect, test } from 'vitest';

import { PlauschError } from '../../src/base/errors.ts';
import {
  canBeReported,
  CHOSEN_AT_FIRST,
  newestOf,
  OFFERED,
  reportedIn,
  Reporting,
  reportOf,
} from '../../src/models/reporting.svelte.ts';
import type { MessageView } from '../../src/sdk/protocol.ts';
import { FakeDevice } from '../stage/fake.ts';
import { ANNA, BEN, conversation, message, MINUTE_MS, NOON_MS } from './writing.ts';

function device(count = 0): FakeDevice {
  const fake = new FakeDevice(() => NOON_MS);
  fake.own = { address: ANNA, device: '00', kind: 'person' };
  fake.add(conversation({ id: 'c1', peer: BEN }));
  for (let at = 0; at < count; at += 1) {
    const sender = at % 2 === 0 ? BEN : ANNA;
    fake.write('c1', { sender, text: `${at}`, sentAtMs: NOON_MS + at * MINUTE_MS });
  }
  return fake;
}

const ABOUT = { address: BEN, conversation: 'c1' };
const his = (id: string, fields: Partial<MessageView> = {}): MessageView =>
  message({ id, sender: BEN, isOutgoing: false, ...fields });

test('what somebody else has said can be reported', () => {
  expect(canBeReported(his('1'))).toBe(true);
  expect(canBeReported(his('1', { kind: 'card' }))).toBe(true);
  expect(canBeReported(his('1', { isOutgoing: true }))).toBe(false);
  expect(canBeReported(his('1', { isDeleted: true }))).toBe(true);
  expect(canBeReported(his('1', { kind: 'event' }))).toBe(false);
});

test('one report is about one account', () => {
  expect(reportedIn([])).toBeUndefined();
  expect(reportedIn([his('1'), his('2')])).toBe(BEN);
  expect(reportedIn([his('1'), his('2', { sender: 'cem@plausch.example' })])).toBeUndefined();
  expect(reportedIn([his('1'), message({ id: '2', isOutgoing: true })])).toBeUndefined();
  const many = Array.from({ length: OFFERED + 1 }, (_, at) => his(`${at}`));
  expect(reportedIn(many)).toBeUndefined();
  expect(reportedIn(many.slice(1))).toBe(BEN);
});

test('the newest of an account are offered, some of them chosen', async () => {
  const fake = device(60);
  const messages = await newestOf(fake, 'c1', BEN);
  expect(messages).toHaveLength(OFFERED);
  expect(messages.map(({ text }) => text).slice(-2)).toEqual(['56', '58']);
  expect(messages.every(({ sender }) => sender === BEN)).toBe(true);
  const reporting = new Reporting(fake, ABOUT, messages, messages.slice(-CHOSEN_AT_FIRST));
  expect([...reporting.chosen]).toEqual(messages.slice(-CHOSEN_AT_FIRST).map(({ id }) => id));
});

test('a report of somebody begins with the newest that they have written', async () => {
  const reporting = await reportOf(device(60), ABOUT);
  expect(reporting.address).toBe(BEN);
  expect(reporting.messages).toHaveLength(OFFERED);
  expect(reporting.chosen.size).toBe(CHOSEN_AT_FIRST);
  const fake = device(6);
  fake.write('c1', { sender: BEN, isDeleted: true });
  const withDeleted = await reportOf(fake, ABOUT);
  const [last] = withDeleted.messages.slice(-1);
  expect([last!.isDeleted, withDeleted.chosen.has(last!.id)]).toEqual([true, false]);
  expect(withDeleted.chosen.size).toBe(3);
  fake.refusing.set('messages', 'unknown_conversation');
  await expect(reportOf(fake, ABOUT)).rejects.toMatchObject({ code: 'unknown_conversation' });
});

test('it takes a message and a reason', () => {
  const reporting = new Reporting(device(), ABOUT, [his('1'), his('2')]);
  expect([...reporting.chosen]).toEqual(['1', '2']);
  expect(reporting.canSend).toBe(false);
  reporting.reason = 'spam';
  expect(reporting.canSend).toBe(true);
  reporting.toggle('1');
  reporting.toggle('2');
  expect(reporting.canSend).toBe(false);
  reporting.toggle('2');
  expect([...reporting.chosen]).toEqual(['2']);
  expect(reporting.canSend).toBe(true);
});

test('what is chosen is handed in, and nothing else', async () => {
  const fake = device();
  const reporting = new Reporting(fake, ABOUT, [his('1'), his('2'), his('3')]);
  reporting.toggle('2');
  reporting.reason = 'abuse';
  reporting.note = '  every night ';
  const sending = reporting.send();
  expect([reporting.isSending, reporting.canSend]).toEqual([true, false]);
  await sending;
  expect(reporting.isSending).toBe(false);
  expect(fake.reports).toEqual([
    { conversation: 'c1', messages: ['1', '3'], reason: 'abuse', note: 'every night' },
  ]);
  expect(fake.asked.map(({ operation }) => operation)).not.toContain('block');
});

test('who is reported may be blocked too, after the report', async () => {
  const fake = device();
  const reporting = new Reporting(fake, ABOUT, [his('1')]);
  Object.assign(reporting, { reason: 'other', blocksToo: true });
  await reporting.send();
  expect(fake.asked.slice(-2).map(({ operation }) => operation)).toEqual(['report', 'block']);
  expect((await fake.ask('contact', { address: BEN })).isBlocked).toBe(true);
});

test('what is not complete is not handed in', async () => {
  const fake = device();
  const reporting = new Reporting(fake, ABOUT, [his('1')]);
  await expect(reporting.send()).rejects.toBeInstanceOf(PlauschError);
  expect(fake.reports).toEqual([]);
});
