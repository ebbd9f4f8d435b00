/** The whole device behind its desk, over frames: what a page asks and is told. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Told } from '../../src/sdk/protocol.ts';
import { Transport } from '../../src/sdk/transport.ts';
import { Delivery } from './delivery.ts';
import { closeDesks, Page } from './desk_players.ts';
import { Office } from './office.ts';
import { until } from './players.ts';

let office: Office;
let anna: Page;

beforeEach(async () => {
  office = new Office(new Delivery());
  anna = await Page.open(office);
});

afterEach(closeDesks);

async function person(name: string, page?: Page): Promise<Page> {
  const found = page ?? (await Page.open(office));
  await found.ask('register', { name });
  await until(async () => (await found.ask('open', {})).isOnline);
  return found;
}

async function annaAndBen(): Promise<[ben: Page, id: string]> {
  await person('anna', anna);
  const ben = await person('ben');
  const { id } = await anna.ask('conversationWith', { address: 'ben' });
  await anna.ask('sendText', { conversation: id, text: 'hello' });
  await until(async () => (await ben.ask('conversations', {}))[0]?.last?.text === 'hello');
  return [ben, id];
}

test('a new browser has no account, and says so to whatever is asked', async () => {
  expect(await anna.ask('open', {})).toEqual({ isOnline: false, code: '' });
  expect((await anna.failure('conversations')).code).toBe('no_account');
  expect((await anna.failure('sendText', { conversation: '0', text: 'x' })).code).toBe(
    'no_account',
  );
});

test('an account is registered once, and is there when the page comes back', async () => {
  const own = await anna.ask('register', { name: 'anna' });
  expect(own).toMatchObject({ address: 'anna@localhost', kind: 'person' });
  expect((await anna.failure('register', { name: 'other' })).code).toBe('vault_exists');
  const again = await anna.again();
  expect((await again.ask('open', {})).own).toEqual(own);
  const other = await Page.open(office);
  expect((await other.failure('register', { name: 'anna' })).code).toBe('name_taken');
  await other.ask('register', { name: 'ben' });
});

test('two talk: sent, delivered, read, edited and found', async () => {
  const [ben, id] = await annaAndBen();
  const { id: message } = await anna.ask('sendText', { conversation: id, text: 'Hallo' });
  await ben.ask('accept', { conversation: id });
  await until(async () => (await ben.texts(id)).length === 2);
  await ben.ask('markRead', { conversation: id });
  await ben.ask('react', { conversation: id, message, sign: '👍' });
  await ben.ask('sendText', { conversation: id, text: 'Hi', answers: message });
  await until(async () => (await anna.texts(id)).length === 3);
  await anna.ask('edit', { conversation: id, message, text: 'Hallo Benno' });
  await until(async () => (await ben.ask('search', { query: 'benno' })).length === 1);
  const told = anna.heard('message').filter((one) => one.message.id === message);
  expect(told.at(-1)!.message).toMatchObject({ isEdited: true, text: 'Hallo Benno' });
  await until(() => anna.heard('message').some((one) => one.message.state === 'read'));
  expect([...anna.heard('problem'), ...ben.heard('problem')]).toEqual([]);
});

test('everything told can be cloned, and is told in the order in which it happened', async () => {
  const [ben, id] = await annaAndBen();
  for (let number = 0; number < 10; number += 1) {
    await anna.ask('sendText', { conversation: id, text: `${number}` });
  }
  await until(async () => (await ben.texts(id)).length === 11);
  await until(() => ben.heard('conversation').at(-1)?.conversation.last?.text === '9');
  const texts = ben.heard('message').map((one) => one.message.text);
  const first = texts.filter((text, at) => text !== 'hello' && texts.indexOf(text) === at);
  expect(first.filter(Boolean)).toEqual([...first.filter(Boolean)].sort());
  expect(structuredClone(ben.told)).toEqual(ben.told);
});

test('a file goes from page to page, with progress', async () => {
  const [ben, id] = await annaAndBen();
  const file = new Blob([Uint8Array.from({ length: 5_000 }, (_, at) => at & 255)]);
  const asked = { conversation: id, file, name: 'a.bin', mediaType: 'image/png', transfer: 'up' };
  const sent = await anna.ask('sendFile', asked);
  await until(async () => (await ben.texts(id)).length === 2);
  const here = { conversation: id, message: sent.id, transfer: 'down' };
  const fetched = await ben.ask('fetchFile', here);
  expect(new Uint8Array(await fetched.arrayBuffer())).toEqual(
    new Uint8Array(await file.arrayBuffer()),
  );
  const done = (told: Told): boolean =>
    told.what === 'transfer' && told.doneBytes === told.totalBytes;
  expect([anna.told.some(done), ben.told.some(done)]).toEqual([true, true]);
});

test('what is said in a tunnel goes out afterwards, after closing the tab too', async () => {
  const [ben, id] = await annaAndBen();
  office.isOpen = false;
  office.cut();
  await until(async () => !(await anna.ask('open', {})).isOnline);
  await anna.ask('sendText', { conversation: id, text: 'in the tunnel' });
  const again = await anna.again();
  await again.ask('sendText', { conversation: id, text: 'still there' });
  office.isOpen = true;
  again.desk.hurry();
  ben.desk.hurry();
  await until(async () => (await ben.texts(id)).length === 3);
  expect(await ben.texts(id)).toEqual(['hello', 'in the tunnel', 'still there']);
  expect(again.heard('connection').at(-1)?.isOnline).toBe(true);
});

test('who writes in a tunnel does not wait for the next attempt', async () => {
  const [, id] = await annaAndBen();
  const seeking = vi.spyOn(Transport.prototype, 'seek');
  await anna.ask('markRead', { conversation: id });
  expect(seeking).not.toHaveBeenCalled();
  await anna.ask('sendText', { conversation: id, text: 'in the tunnel' });
  expect(seeking).toHaveBeenCalledOnce();
  const answer = { kind: 'choose', identifier: 'hours', requestId: '' } as const;
  await anna.ask('answerCard', { conversation: id, answer, text: 'Hours?', language: 'en' });
  expect(seeking).toHaveBeenCalledTimes(2);
  seeking.mockRestore();
});

test('erasing leaves nothing, and what still ran cannot write into it', async () => {
  const [, id] = await annaAndBen();
  const sending = Array.from({ length: 5 }, (_, at) =>
    anna.answer('sendText', { conversation: id, text: `${at}` }),
  );
  await anna.ask('erase', {});
  await Promise.all(sending);
  expect(anna.heard('reset')).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await anna.ask('open', {})).toEqual({ isOnline: false, code: '' });
  await person('dora', anna);
  expect(await anna.ask('conversations', {})).toEqual([]);
  expect(await anna.ask('contacts', {})).toEqual([]);
  const again = await anna.again();
  expect((await again.ask('open', {})).own?.address).toBe('dora@localhost');
  expect(await again.ask('conversations', {})).toEqual([]);
});

const HOSTILE: unknown[] = [
  ...[undefined, null, 0, '', [], 'x', { conversation: null }, { conversation: {} }],
  ...[{ conversation: '__proto__' }, { conversation: 'f'.repeat(32), text: 'x', message: '' }],
  ...[{ address: '\u202e', limit: 1e9, stretch: {}, query: 5, text: 7, to: 'all' }],
  ...[{ name: '../..', device: 'x', transfer: {}, file: 'x', draft: 5, isBlocked: 'yes' }],
];

test('hostile values from the page are refused, and the desk goes on', async () => {
  const [, id] = await annaAndBen();
  const operations = [
    ...['conversation', 'conversationWith', 'createGroup', 'messages', 'search', 'sendText'],
    ...['answerCard', 'forward', 'edit', 'remove', 'hide', 'react', 'unreact', 'markRead', 'retry'],
    ...['sendFile', 'fetchFile', 'cancelTransfer', 'setDraft', 'change', 'setExpiry', 'accept'],
    ...['rename', 'add', 'expel', 'leave', 'forget', 'contact', 'safety', 'markVerified', 'block'],
    ...['isUnread', 'acceptIdentity', 'rejectIdentity', 'removeDevice', 'register'],
  ];
  for (const operation of operations) {
    for (const asked of HOSTILE) {
      const answer = await anna.answer(operation, asked);
      if ('failure' in answer) {
        expect([operation, answer.failure.code]).not.toEqual([operation, 'internal']);
        expect(answer.failure.sentence.length).toBeGreaterThan(10);
      }
    }
  }
  for (const operation of ['__proto__', 'constructor', 'toString', '', 'nonsense']) {
    expect((await anna.failure(operation)).code).toBe('unknown_operation');
  }
  expect(await anna.texts(id)).toEqual(['hello']);
  expect((await anna.ask('open', {})).own?.address).toBe('anna@localhost');
}, 60_000);

test('problems are told and kept', async () => {
  await annaAndBen();
  const conversation = new Uint8Array(16).fill(1);
  const { device } = (await anna.ask('open', {})).own!;
  office.delivery.mail(device, conversation, { seq: 1, acceptedAtMs: 1 }, Uint8Array.of(1));
  await until(() => anna.heard('problem').length === 1);
  const kept = await anna.ask('problems', {});
  expect(kept).toHaveLength(1);
  expect(kept[0]!.code).toBe(anna.heard('problem')[0]!.problem.code);
});

test('people are woken for what was said, not for what was read or answered with a sign', async () => {
  const [ben, id] = await annaAndBen();
  const { quietSeqs } = office.delivery;
  await ben.ask('accept', { conversation: id });
  const { id: message } = await ben.ask('sendText', { conversation: id, text: 'Hi' });
  await until(async () => (await anna.texts(id)).length === 2);
  expect(quietSeqs).toEqual([]);
  await anna.ask('markRead', { conversation: id });
  await until(() => quietSeqs.length === 1);
  await anna.ask('react', { conversation: id, message, sign: '👍' });
  await until(() => quietSeqs.length === 2);
  await ben.ask('edit', { conversation: id, message, text: 'Hi!' });
  await until(() => quietSeqs.length === 3);
});

test('a page hands in where its browser is woken, and takes it back', async () => {
  await person('anna', anna);
  const { wakeUps, wakeUpKey } = office.delivery;
  expect(await anna.ask('wakeUpKey', {})).toEqual(wakeUpKey);
  await anna.ask('setWakeUp', { endpoint: 'https://push.example/1' });
  expect([...wakeUps.values()]).toEqual(['https://push.example/1']);
  await anna.ask('dropWakeUp', {});
  expect(wakeUps.size).toBe(0);
});

test('after each login it is told when everything was read', async () => {
  const [ben, id] = await annaAndBen();
  expect(anna.heard('caught_up')).toHaveLength(1);
  await ben.ask('accept', { conversation: id });
  await ben.ask('sendText', { conversation: id, text: 'Hi' });
  await until(async () => (await anna.texts(id)).length === 2);
  const again = await anna.again();
  await until(() => again.heard('caught_up').length === 1);
  expect(await again.texts(id)).toEqual(['hello', 'Hi']);
});
