import { expect, test } from 'vitest';

import { Composer, MAX_TEXT_CHARACTERS } from '../../src/models/composer.svelte.ts';
import { FakeDevice, refusal } from '../stage/fake.ts';
import { Clock, settled } from './clock.ts';
import { ANNA, BEN, conversation, message } from './writing.ts';

const CEM = 'cem@elsewhere.example';

function composed(): { composer: Composer; device: FakeDevice; clock: Clock } {
  const clock = new Clock();
  const device = new FakeDevice(() => clock.now());
  device.own = { address: ANNA, device: '00', kind: 'person' };
  device.isOnline = false;
  device.add(conversation({ id: 'c1' }));
  return { composer: new Composer('c1', device, 'example.org', clock), device, clock };
}

const asked = (device: FakeDevice, operation: string): readonly unknown[] =>
  device.asked.filter((one) => one.operation === operation).map((one) => one.asked);

test('what is written is sent, trimmed, and the field is empty at once', async () => {
  const { composer, device } = composed();
  composer.write('  Hello  ');
  const sending = composer.send();
  expect(composer.text).toBe('');
  expect((await sending)?.text).toBe('Hello');
  expect(asked(device, 'sendText')).toEqual([{ conversation: 'c1', text: 'Hello' }]);
});

test('nothing is not sent, nor too much', async () => {
  const { composer, device } = composed();
  composer.write(' \n ');
  expect(await composer.send()).toBeUndefined();
  composer.write('x'.repeat(MAX_TEXT_CHARACTERS + 1));
  expect(composer.isTooLong).toBe(true);
  expect(await composer.send()).toBeUndefined();
  expect(asked(device, 'sendText')).toEqual([]);
});

test('a second press sends nothing again', async () => {
  const { composer, device } = composed();
  composer.write('once');
  const first = composer.send();
  expect(await composer.send()).toBeUndefined();
  await first;
  expect(asked(device, 'sendText')).toHaveLength(1);
});

test('who writes quickly need not wait: one goes after the other', async () => {
  const { composer, device } = composed();
  composer.write('first');
  const first = composer.send();
  composer.write('second');
  const second = composer.send();
  expect(composer.text).toBe('');
  expect((await first)?.text).toBe('first');
  expect((await second)?.text).toBe('second');
  expect(asked(device, 'sendText').map((one) => (one as { text: string }).text)).toEqual([
    'first',
    'second',
  ]);
});

test('what is refused comes back into the field', async () => {
  const { composer, device } = composed();
  const answered = message({ id: 'm1' });
  composer.write('important');
  composer.reply(answered);
  device.ask = () => Promise.reject(refusal('storage_full'));
  await expect(composer.send()).rejects.toMatchObject({ code: 'storage_full' });
  expect(composer.text).toBe('important');
  expect(composer.replyTo).toBe(answered);
});

test('before what was begun meanwhile', async () => {
  const { composer, device } = composed();
  composer.write('first');
  device.ask = () => Promise.reject(refusal('storage_full'));
  const sending = composer.send();
  composer.write('second');
  await expect(sending).rejects.toMatchObject({ code: 'storage_full' });
  expect(composer.text).toBe('first\nsecond');
});

test('the draft is kept a moment after the last key, once', async () => {
  const { composer, device, clock } = composed();
  composer.write('H');
  await clock.pass(300);
  composer.write('He');
  await clock.pass(300);
  expect(asked(device, 'setDraft')).toEqual([]);
  await clock.pass(100);
  expect(asked(device, 'setDraft')).toEqual([{ conversation: 'c1', draft: 'He' }]);
});

test('and when the person leaves', async () => {
  const { composer, device } = composed();
  composer.write('unfinished');
  composer.close();
  await settled();
  expect(asked(device, 'setDraft')).toEqual([{ conversation: 'c1', draft: 'unfinished' }]);
});

test('a draft that cannot be kept does no harm', async () => {
  const { composer, device, clock } = composed();
  device.ask = () => Promise.reject(refusal('storage_full'));
  composer.write('x');
  await clock.pass(1000);
  expect(composer.text).toBe('x');
});

test('after sending there is no draft', async () => {
  const { composer, device, clock } = composed();
  composer.write('Hello');
  await composer.send();
  await clock.pass(1000);
  expect(asked(device, 'setDraft')).toEqual([{ conversation: 'c1', draft: '' }]);
});

test('an answer names what it answers, once', async () => {
  const { composer, device } = composed();
  const first = device.write('c1', { sender: BEN, text: 'Question?' });
  composer.reply(first);
  composer.write('Answer');
  await composer.send();
  composer.write('More');
  await composer.send();
  expect(asked(device, 'sendText')).toEqual([
    { conversation: 'c1', text: 'Answer', answers: first.id },
    { conversation: 'c1', text: 'More' },
  ]);
});

test('an edit begins with the old text, and saves the new one', async () => {
  const { composer, device, clock } = composed();
  const own = device.write('c1', { text: 'Helo' });
  composer.edit(own);
  expect(composer.text).toBe('Helo');
  composer.write('Hello');
  await clock.pass(1000);
  expect(asked(device, 'setDraft')).toEqual([]);
  expect(await composer.send()).toBeUndefined();
  expect(asked(device, 'edit')).toEqual([{ conversation: 'c1', message: own.id, text: 'Hello' }]);
  expect(composer.editing).toBeUndefined();
});

test('an edit without a change asks nothing', async () => {
  const { composer, device } = composed();
  composer.edit(device.write('c1', { text: 'same' }));
  await composer.send();
  expect(asked(device, 'edit')).toEqual([]);
});

test('stopping an edit leaves an empty field; an answer ends it too', () => {
  const { composer, device } = composed();
  const own = device.write('c1', { text: 'old' });
  composer.edit(own);
  composer.stopEditing();
  expect(composer.text).toBe('');
  composer.edit(own);
  composer.reply(own);
  expect(composer.editing).toBeUndefined();
  expect(composer.replyTo).toBe(own);
});

test('an emoji goes to where the caret is', () => {
  const { composer } = composed();
  composer.write('ab', 1);
  composer.insert('😀');
  expect(composer.text).toBe('a😀b');
  expect(composer.caret).toBe(3);
});

test('behind an @ participants are suggested', () => {
  const { composer } = composed();
  composer.participants = [BEN, CEM, 'bea@example.org'];
  composer.write('Hello @b');
  expect(composer.suggestions).toEqual([BEN, 'bea@example.org']);
  composer.write('Hello @');
  expect(composer.suggestions).toHaveLength(3);
  composer.write('mail@b');
  expect(composer.suggestions).toEqual([]);
  composer.write('@xyz');
  expect(composer.suggestions).toEqual([]);
});

test('the chosen one stands in the text, the caret behind it', () => {
  const { composer } = composed();
  composer.participants = [BEN];
  composer.write('Hey @be and others', 7);
  composer.mention(BEN);
  expect(composer.text).toBe('Hey @ben  and others');
  expect(composer.caret).toBe(9);
  expect(composer.suggestions).toEqual([]);
  composer.mention(BEN);
  expect(composer.text).toBe('Hey @ben  and others');
});

test('suggestions can be sent away until something else is written', () => {
  const { composer } = composed();
  composer.participants = [BEN];
  composer.write('@b');
  composer.dismissSuggestions();
  expect(composer.suggestions).toEqual([]);
  composer.write('@be');
  expect(composer.suggestions).toEqual([BEN]);
});

test('who is mentioned is sent along, whole names only', async () => {
  const { composer, device } = composed();
  composer.participants = [BEN, CEM, 'be@example.org'];
  composer.write('@ben and @cem@elsewhere.example, not mail@be nor @bena');
  await composer.send();
  expect(asked(device, 'sendText')).toMatchObject([{ mentions: [BEN, CEM] }]);
});
