import { expect, test } from 'vitest';

import { OpenConversation, STRETCH } from '../../src/models/conversation.svelte.ts';
import type { MessageView } from '../../src/sdk/protocol.ts';
import { FakeDevice } from '../stage/fake.ts';
import { ANNA, BEN, conversation, message, MINUTE_MS, NOON_MS } from './writing.ts';

/** A log of `count` messages, every third ours. */
function device(count: number, unread = 0): FakeDevice {
  const fake = new FakeDevice(() => NOON_MS);
  fake.own = { address: ANNA, device: '00', kind: 'person' };
  fake.add(conversation({ id: 'c1' }));
  for (let at = 0; at < count; at += 1) {
    const sender = at % 3 === 2 ? ANNA : BEN;
    fake.write('c1', { sender, text: `${at}`, sentAtMs: NOON_MS + at * MINUTE_MS });
  }
  fake.turn('c1', { unread });
  return fake;
}

async function opened(
  count: number,
  unread = 0,
): Promise<{ open: OpenConversation; fake: FakeDevice }> {
  const fake = device(count, unread);
  const open = new OpenConversation('c1', fake);
  await open.open(unread);
  return { open, fake };
}

const texts = (open: OpenConversation): readonly string[] => open.messages.map(({ text }) => text);

function arriving(id: string, minutes: number, fields: Partial<MessageView> = {}): MessageView {
  return message({ id, sentAtMs: NOON_MS + minutes * MINUTE_MS, ...fields });
}

test('it opens at the end', async () => {
  const { open } = await opened(200);
  expect(texts(open)).toHaveLength(STRETCH);
  expect(texts(open).at(-1)).toBe('199');
  expect([open.hasEarlier, open.hasLater, open.isLoaded]).toEqual([true, false, true]);
  expect(open.rows[0]?.kind).toBe('day');
});

test('a short one is whole and says so', async () => {
  const { open } = await opened(5);
  expect(open.hasEarlier).toBe(false);
  expect(open.rows[0]?.kind).toBe('start');
});

test('the new ones are counted from the end, without our own', async () => {
  const { open } = await opened(10, 3);
  expect(open.unread).toEqual({ before: open.messages[6]?.id, count: 3 });
  expect(texts(open).slice(6)).toEqual(['6', '7', '8', '9']);
  expect(open.rows.filter(({ kind }) => kind === 'unread')).toHaveLength(1);
});

test('when more are new than the log has, there is no line', async () => {
  const { open } = await opened(3, 9);
  expect(open.unread).toBeUndefined();
});

test('many new ones open at the first of them', async () => {
  const { open } = await opened(600, 200);
  expect(open.hasLater).toBe(true);
  expect(open.unread?.count).toBe(200);
  expect(open.messages.findIndex(({ id }) => id === open.unread?.before)).toBe(STRETCH / 2);
});

test('it grows upwards, in one request at a time, and keeps its place', async () => {
  const { open, fake } = await opened(150);
  await Promise.all([open.loadEarlier(), open.loadEarlier()]);
  expect(texts(open)[0]).toBe('30');
  expect(open.isPrepending).toBe(true);
  await open.loadEarlier();
  expect(texts(open)).toEqual(Array.from({ length: 150 }, (_, at) => `${at}`));
  expect(open.hasEarlier).toBe(false);
  const before = fake.asked.length;
  await open.loadEarlier();
  expect(fake.asked.length).toBe(before);
});

test('a jump loads what is around, and it grows downwards from there', async () => {
  const { open, fake } = await opened(400);
  const target = fake.messages.get('c1')![100]!;
  expect(await open.reach(target.id)).toBe(true);
  expect(open.marked).toBe(target.id);
  expect(texts(open)).toContain('100');
  expect([open.hasEarlier, open.hasLater]).toEqual([true, true]);
  const last = texts(open).at(-1);
  await open.loadLater();
  expect(texts(open).at(-1)).toBe(String(Number(last) + STRETCH));
  expect(open.isPrepending).toBe(false);
  await open.reachEnd();
  expect(texts(open).at(-1)).toBe('399');
  expect(open.hasLater).toBe(false);
});

test('a jump to what is loaded asks nothing', async () => {
  const { open, fake } = await opened(20);
  const before = fake.asked.length;
  expect(await open.reach(open.messages[3]!.id)).toBe(true);
  expect(fake.asked.length).toBe(before);
});

test('a message that is not on the device is not reached', async () => {
  const { open } = await opened(20);
  expect(await open.reach('ff')).toBe(false);
  expect(open.marked).toBeUndefined();
});

test('what arrives is taken in at its place', async () => {
  const { open } = await opened(3);
  open.apply([arriving('late', 1.5), arriving('new', 9)]);
  expect(open.messages.map(({ id }) => id).indexOf('late')).toBe(2);
  expect(open.messages.at(-1)?.id).toBe('new');
});

test('while the person reads further up, the new ones are counted', async () => {
  const { open } = await opened(3);
  open.setAtEnd(false);
  open.apply([arriving('n1', 10), arriving('own', 11, { sender: ANNA }), arriving('n2', 12)]);
  expect(open.newBelow).toBe(2);
  open.apply([arriving('n1', 10, { text: 'edited' })]);
  expect(open.newBelow).toBe(2);
  open.setAtEnd(true);
  expect(open.newBelow).toBe(0);
});

test('after a jump, what arrives far below waits for its stretch', async () => {
  const { open, fake } = await opened(400);
  await open.reach(fake.messages.get('c1')![100]!.id);
  const count = open.messages.length;
  open.apply([arriving('far', 9999)]);
  expect(open.messages).toHaveLength(count);
});

test('what belongs above the loaded stretch waits too', async () => {
  const { open } = await opened(200);
  const count = open.messages.length;
  open.apply([arriving('old', 0.5)]);
  expect(open.messages).toHaveLength(count);
});

test('what is told before the first answer is not lost', async () => {
  const fake = device(3);
  const open = new OpenConversation('c1', fake);
  const opening = open.open(0);
  open.apply([arriving('early', 50)]);
  await opening;
  expect(open.messages.at(-1)?.id).toBe('early');
});

test('what is dropped is gone', async () => {
  const { open } = await opened(5);
  open.drop(new Set([open.messages[1]!.id]));
  expect(texts(open)).toEqual(['0', '2', '3', '4']);
});

test('with another worker what was missed comes in where it belongs, and the rest stays', async () => {
  const { open, fake } = await opened(100);
  await open.loadEarlier();
  const shown = texts(open);
  open.drop(new Set([open.messages.at(-2)!.id])); // as if it had been told to nobody
  fake.write('c1', { sender: BEN, text: 'missed', sentAtMs: NOON_MS + 200 * MINUTE_MS });
  await open.readAgain();
  expect(texts(open)).toEqual([...shown, 'missed']);
});

test('with another worker what is gone meanwhile is gone here', async () => {
  const { open } = await opened(10);
  open.apply([arriving('ghost', 5.5, { text: 'ghost' })]);
  expect(texts(open)).toContain('ghost');
  await open.readAgain();
  expect(texts(open)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('with another worker a stretch further up stays where it is', async () => {
  const { open, fake } = await opened(400);
  expect(await open.reach(fake.messages.get('c1')![100]!.id)).toBe(true);
  const shown = texts(open);
  await open.readAgain();
  expect(texts(open)).toEqual(shown);
  expect(open.hasLater).toBe(true);
});

test('with another worker so much may have come that the log begins anew', async () => {
  const { open, fake } = await opened(3);
  for (let at = 0; at < STRETCH + 1; at += 1) {
    const sentAtMs = NOON_MS + (10 + at) * MINUTE_MS;
    fake.write('c1', { sender: BEN, text: `new ${at}`, sentAtMs });
  }
  await open.readAgain();
  expect(texts(open)[0]).toBe('new 1');
  expect([open.hasEarlier, open.hasLater]).toEqual([true, false]);
});

test('reading is reported once for each new place', async () => {
  const { open, fake } = await opened(5);
  await open.markRead('m1');
  await open.markRead('m1');
  await open.markRead(undefined);
  await open.markRead('m2');
  const marks = fake.asked.filter(({ operation }) => operation === 'markRead');
  expect(marks.map(({ asked }) => (asked as { upTo: string }).upTo)).toEqual(['m1', 'm2']);
});

test('the last own message is one that can be edited', async () => {
  const { open } = await opened(6);
  expect(open.lastOwn()?.text).toBe('5');
  open.apply([arriving('card', 90, { sender: ANNA, kind: 'card' })]);
  expect(open.lastOwn()?.text).toBe('5');
  expect(open.find('nobody')).toBeUndefined();
});

test('selecting begins with the first and ends with the last', async () => {
  const { open } = await opened(3);
  open.toggleSelected('a');
  open.toggleSelected('b');
  expect([...(open.selected ?? [])]).toEqual(['a', 'b']);
  open.toggleSelected('a');
  open.toggleSelected('b');
  expect(open.selected).toBeUndefined();
});
