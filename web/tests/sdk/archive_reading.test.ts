/** An archive taken over: what comes along, what stays as it is, and what is not believed. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { AccountAddress, ConversationId, MessageId } from '../../src/base/ids.ts';
import { ArchiveReading } from '../../src/sdk/archive_reading.ts';
import { type ArchiveRecord, ArchiveRefused, parseRecords } from '../../src/sdk/archive_records.ts';
import { firstSeen } from '../../src/sdk/contacts.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { contentOf, taken, written } from './archive.ts';
import { Delivery } from './delivery.ts';
import { DOMAIN, Person } from './identities.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

/** Anna has talked to Ben; her phone has just been linked and knows nothing. */
async function linked(): Promise<{
  readonly anna: Player;
  readonly ben: Player;
  readonly phone: Player;
  readonly conversation: string;
}> {
  const [anna, ben, conversation] = await annaAndBen(new Delivery());
  await ben.say(conversation, 'an answer');
  await anna.say(conversation, 'a second one');
  await quiet(anna, ben);
  const phone = await anna.secondDevice('e'.repeat(16), false);
  return { anna, ben, phone, conversation };
}

async function recordsOf(anna: Player): Promise<readonly ArchiveRecord[]> {
  const content = await contentOf(anna, await written(anna));
  return parseRecords(content, anna.core.address, 10_000).records;
}

async function take(into: Player, records: readonly ArchiveRecord[]): Promise<ArchiveReading> {
  const reading = new ArchiveReading(into.core);
  await reading.take(records, () => Promise.resolve([]));
  await reading.finish();
  return reading;
}

async function refusal(into: Player, records: readonly ArchiveRecord[]): Promise<string> {
  try {
    await take(into, records);
  } catch (error) {
    expect(error).toBeInstanceOf(ArchiveRefused);
    return (error as ArchiveRefused).message;
  }
  return '';
}

test('messages, states and settings come along', async () => {
  const { anna, phone, conversation } = await linked();
  const changed = { conversation, isPinned: true, mutedUntilMs: 77 };
  await anna.rooms.change(changed);
  await anna.rooms.setDraft({ conversation, draft: 'a draft' });
  const ref = await written(anna);
  const reading = await taken(phone, anna, ref);
  expect([reading.isOver, reading.madeAtMs]).toEqual([true, anna.clock.nowMs()]);
  expect(await phone.texts(conversation)).toEqual(await anna.texts(conversation));
  const [view, original] = [phone.only(), anna.only()];
  expect(view).toMatchObject({ isPinned: true, mutedUntilMs: 77, draft: 'a draft' });
  expect(view.participants).toEqual(original.participants);
  expect([view.unread, view.isRequest]).toEqual([original.unread, original.isRequest]);
  expect(view.last?.text).toBe(original.last?.text);
  expect(view.state).toBe('opening'); // until it is added
  const states = (messages: readonly { readonly state: string }[]): string[] =>
    messages.map(({ state }) => state);
  expect(states(await phone.said(conversation))).toEqual(states(await anna.said(conversation)));
});

test('edits, reactions, deletions and what was hidden come along', async () => {
  const { anna, ben, phone, conversation } = await linked();
  const [first, answer, second] = await anna.said(conversation);
  await anna.talk.edit({ conversation, message: first!.id, text: 'hello, mended' });
  await anna.talk.react({ conversation, message: answer!.id, sign: '👍' });
  await anna.talk.remove({ conversation, message: second!.id });
  await anna.say(conversation, 'only for others');
  await quiet(anna, ben);
  const hidden = (await anna.said(conversation)).at(-1)!;
  await anna.talk.hide({ conversation, message: hidden.id });
  await taken(phone, anna, await written(anna));
  const shown = await phone.said(conversation);
  expect(shown).toHaveLength(3);
  expect([shown[0]!.text, shown[0]!.isEdited]).toEqual(['hello, mended', true]);
  expect(shown[1]!.reactions).toEqual([{ sign: '👍', by: [anna.address] }]);
  expect(shown[2]!.isDeleted).toBe(true);
  expect(await phone.core.messages.has(MessageId.fromHex(hidden.id))).toBe(true);
});

test('what came along can be reported from here', async () => {
  const { anna, ben, phone, conversation } = await linked();
  await taken(phone, anna, await written(anna));
  await phone.connect();
  const answer = (await phone.said(conversation)).find(({ text }) => text === 'an answer')!;
  const asked = { conversation, messages: [answer.id], reason: 'spam', note: '' } as const;
  expect(await phone.talk.report(asked)).toBe(1);
  const [device, report] = phone.line.delivery.reports[0]!;
  expect([device, report.name]).toEqual([phone.core.device.uri, 'ben']);
  expect(report.messages[0]!.sender).toBe(ben.core.device.uri);
});

test('the same again changes nothing', async () => {
  const { anna, phone, conversation } = await linked();
  const ref = await written(anna);
  await taken(phone, anna, ref);
  const [before, list] = [await phone.history(conversation), phone.only()];
  await taken(phone, anna, ref);
  expect(await phone.history(conversation)).toEqual(before);
  expect(phone.only()).toEqual(list);
});

test('what this device has read by itself meanwhile stays as it is', async () => {
  const { anna, ben, phone, conversation } = await linked();
  const ref = await written(anna);
  await phone.connect();
  anna.sync.takePush({ push: 'device_list', name: 'anna' });
  await quiet(anna, ben, phone);
  await anna.timers.pass(10_000);
  await quiet(anna, ben, phone);
  await ben.say(conversation, 'after it was added');
  await quiet(anna, ben, phone);
  expect(await phone.texts(conversation)).toContain('after it was added');
  const live = phone.live(conversation);
  const { cursor, epoch, state } = live.kept;
  await taken(phone, anna, ref);
  expect([live.kept.cursor, live.kept.epoch, live.kept.state]).toEqual([cursor, epoch, state]);
  const texts = await phone.texts(conversation);
  expect(texts.slice(0, 3)).toEqual(['hello', 'an answer', 'a second one']);
  expect(texts.at(-1)).toBe('after it was added');
  await phone.say(conversation, 'and I can write');
  await quiet(anna, ben, phone);
  expect(await ben.texts(conversation)).toContain('and I can write');
});

test('the Welcome that comes later takes the settings over', async () => {
  const { anna, ben, phone, conversation } = await linked();
  await anna.rooms.change({ conversation, isPinned: true });
  await taken(phone, anna, await written(anna));
  await phone.connect();
  anna.sync.takePush({ push: 'device_list', name: 'anna' });
  await quiet(anna, ben, phone);
  await anna.timers.pass(10_000);
  await quiet(anna, ben, phone);
  expect(phone.only()).toMatchObject({ state: 'open', isPinned: true, isRequest: false });
  expect(await phone.texts(conversation)).toEqual(['hello', 'an answer', 'a second one']);
});

test('pins and verification come along; a key that the server showed otherwise is asked about', async () => {
  const { anna, ben, phone } = await linked();
  const { number } = await anna.rooms.safety({ address: ben.address });
  await anna.rooms.markVerified({ address: ben.address, compared: number });
  const records = await recordsOf(anna);
  await take(phone, records);
  const address = ben.core.address;
  expect(phone.core.trust.account(address)?.state).toBe('verified');

  const tablet = await anna.secondDevice('d'.repeat(16), false);
  const impostor = new Person('ben');
  await tablet.core.trust.take(firstSeen(address, 'person', parseDeviceList(impostor.list)));
  await take(tablet, records);
  const account = tablet.core.trust.account(address)!;
  expect(account.state).toBe('changed');
  expect(account.identityKey).toEqual(ben.core.own.identity!.public);
  expect(account.offeredKey).toEqual(impostor.identity.public);
});

test('this account’s own keys are not taken from an archive', async () => {
  const { anna, phone } = await linked();
  const impostor = new Person('anna');
  const before = phone.core.trust.account(anna.core.address);
  const contact = firstSeen(anna.core.address, 'person', parseDeviceList(impostor.list));
  const [head] = await recordsOf(anna);
  await take(phone, [head!, { kind: 'contact', contact }, { kind: 'end', records: 2 }]);
  expect(phone.core.trust.account(anna.core.address)).toEqual(before);
});

test('a contact whose list is not its key’s is told, and the rest is taken over', async () => {
  const { anna, phone, conversation } = await linked();
  const [cem, other] = [new Person('cem'), new Person('cem')];
  const forged = {
    ...firstSeen(cem.address, 'person' as const, parseDeviceList(cem.list)),
    identityKey: other.identity.public,
  };
  const [head, ...rest] = await recordsOf(anna);
  const end = { kind: 'end' as const, records: rest.length + 1 };
  await take(phone, [head!, { kind: 'contact', contact: forged }, ...rest.slice(0, -1), end]);
  expect(phone.core.trust.account(cem.address)).toBeUndefined();
  expect(phone.problems()).toEqual(['device_list_account']);
  expect(await phone.texts(conversation)).toHaveLength(3);
});

test('what is not what it says is refused, and nothing of its portion is kept', async () => {
  const { anna, phone, conversation } = await linked();
  const records = await recordsOf(anna);
  const [head] = records;
  const row = records.flatMap((record) => (record.kind === 'message' ? [record.row] : []))[0]!;
  const room = records.find(({ kind }) => kind === 'conversation')!;
  const other = new AccountAddress('cem', DOMAIN);
  const swapped = [
    { ...row, content: utf8('nonsense') },
    { ...row, sender: other },
    { ...row, conversation: ConversationId.of(new Uint8Array(16)) },
    { ...row, messageId: MessageId.of(new Uint8Array(32)) },
    { ...row, kind: 'card' as const },
    { ...row, kind: 'event' as const },
    { ...row, kind: 'event' as const, content: utf8('{"what":"exploded"}') },
    { ...row, kind: 'reaction' as const },
  ];
  for (const one of swapped) {
    expect(await refusal(phone, [head!, room, { kind: 'message', row: one }])).not.toBe('');
  }
  const status = { kind: 'status', message: row.messageId, account: other, status: 7 } as const;
  expect(await refusal(phone, [head!, room, status])).toContain('state');
  expect(phone.rooms.conversations()).toEqual([]);
  expect(await phone.core.messages.has(row.messageId)).toBe(false);
  expect(conversation).toHaveLength(32);
});

test('an archive has one beginning and one end, is of this account, and is whole', async () => {
  const { anna, ben, phone } = await linked();
  const records = await recordsOf(anna);
  const [head, ...rest] = records;
  expect(await refusal(phone, rest)).toContain('no beginning');
  expect(await refusal(phone, [head!, head!])).toContain('begins twice');
  expect(await refusal(phone, [...records, head!])).toContain('after its end');
  expect(await refusal(phone, [head!, ...rest.slice(1)])).toContain('missing');
  expect(await refusal(ben, records)).toContain('anna@localhost');
});

test.each([
  ['device', 'verified'],
  ['backup', 'pinned'],
  ['file', 'pinned'],
] as const)('from a %s, a compared key comes back as %s', async (origin, state) => {
  const { anna, ben, phone } = await linked();
  const { number } = await anna.rooms.safety({ address: ben.address });
  await anna.rooms.markVerified({ address: ben.address, compared: number });
  await taken(phone, anna, await written(anna), new ArchiveReading(phone.core, 0, origin));
  const kept = phone.core.trust.account(ben.core.address)!;
  expect(kept.state).toBe(state);
  expect(kept.identityKey).toEqual(ben.core.own.identity!.public);
});
