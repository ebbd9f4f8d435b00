/** What comes out of the log: believed, shown once, and told; hostile contents among it. */

import { beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { MessageId } from '../../src/base/ids.ts';
import { titleMessage } from '../../src/content/conversation.ts';
import { EpochMark, withMark } from '../../src/content/fork.ts';
import { MimiContent, NullPart } from '../../src/content/mimi.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import { deletion, edit, reaction, textMessage } from '../../src/content/text.ts';
import { newSalt } from '../../src/sdk/composing.ts';
import { eventRow, ordinalMs } from '../../src/sdk/receive.ts';
import { Chance } from '../mls/random.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let id: string;
let delivery: Delivery;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const text = (words: string, more: object = {}): MimiContent =>
  textMessage(words, { salt: newSalt(), ...more });

async function say(content: MimiContent | Uint8Array, mark?: Uint8Array): Promise<void> {
  await anna.sayRaw(id, content instanceof Uint8Array ? content : content.encode(), mark);
  await quiet(anna, ben);
}

const unread = (): number => ben.rooms.conversation({ conversation: id }).unread;

test('a message is written, counted and told once', async () => {
  ben.events.length = 0;
  await say(text('hi'));
  expect(await ben.texts(id)).toEqual(['hello', 'hi']);
  expect(unread()).toBe(2);
  expect(ben.events.filter(({ what }) => what === 'message')).toHaveLength(1);
});

test('the same content in a second envelope is shown once', async () => {
  const raw = text('again').encode();
  await say(raw);
  await say(raw);
  expect(await ben.texts(id)).toEqual(['hello', 'again']);
  expect(unread()).toBe(2);
  expect(ben.problems()).toEqual(['replayed_content']);
});

test('the same content twice in one stretch is shown once', async () => {
  const raw = text('again').encode();
  ben.line.cut();
  await say(raw);
  await say(raw);
  await ben.connect();
  expect(await ben.texts(id)).toEqual(['hello', 'again']);
  expect(ben.problems()).toEqual(['replayed_content']);
});

test('a hidden message does not come a second time', async () => {
  const raw = text('again').encode();
  await say(raw);
  await ben.talk.hide({ conversation: id, message: (await ben.said(id)).at(-1)!.id });
  await say(raw);
  expect(await ben.texts(id)).toEqual(['hello']);
});

test('an empty message does nothing', async () => {
  ben.events.length = 0;
  await say(new MimiContent({ salt: newSalt(), part: new NullPart() }));
  expect(await ben.texts(id)).toEqual(['hello']);
  expect([unread(), ben.events]).toEqual([1, []]);
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['text', utf8('hello')],
  ['half a message', text('hi').encode().slice(0, 30)],
  ['more than a message', Uint8Array.from([...text('hi').encode(), 0])],
  ['a title that is none', withTitle('')],
  ['statuses that are none', brokenStatus()],
])('junk in a true envelope is noted and the log goes on: %s', async (_, raw) => {
  await say(raw);
  await say(text('after'));
  expect((await ben.texts(id)).filter((words) => words !== '')).toEqual(['hello', 'after']);
  expect(ben.problems().length).toBeLessThanOrEqual(1);
  expect(ben.problems()).not.toContain('internal');
});

function brokenStatus(): Uint8Array {
  const message = MessageId.of(new Uint8Array(32));
  return statusMessage([[message, 1]], { salt: new Uint8Array(16) })
    .encode()
    .slice(0, -1);
}

function withTitle(title: string): Uint8Array {
  const raw = titleMessage('x', { salt: new Uint8Array(16) }).encode();
  return title === '' ? Uint8Array.from(raw, (byte) => (byte === 0x78 ? 0x00 : byte)) : raw;
}

test('random bytes in true envelopes never stop the log', async () => {
  const chance = new Chance(5);
  const raw = text('hello there').encode();
  for (let round = 0; round < 60; round += 1) {
    const changed = raw.slice();
    changed[chance.integer(0, raw.length - 1)] = chance.integer(0, 255);
    await anna.sayRaw(id, chance.integer(0, 3) === 0 ? chance.bytes(60) : changed);
  }
  await say(text('after'));
  expect((await ben.texts(id)).at(-1)).toBe('after');
  expect(ben.problems()).not.toContain('internal');
});

test('a title is told with who gave it', async () => {
  await say(titleMessage('Us two', { salt: newSalt() }));
  const view = ben.rooms.conversation({ conversation: id });
  expect([view.title, view.kind, view.unread]).toEqual(['Us two', 'group', 1]);
  const event = (await ben.history(id)).at(-1)!.event;
  expect(event).toEqual({ what: 'titled', by: anna.address, who: [], title: 'Us two' });
});

test('foreign authors change nothing', async () => {
  await ben.say(id, 'mine');
  await quiet(anna, ben);
  const target = MessageId.fromHex((await ben.said(id)).at(-1)!.id);
  await say(edit('forged', target, { salt: newSalt() }));
  await say(deletion(target, { salt: newSalt() }));
  const mine = (await ben.said(id)).at(-1)!;
  expect([mine.text, mine.isEdited, mine.isDeleted]).toEqual(['mine', false, false]);
});

test('edits, deletions and reactions are told as their message', async () => {
  const [hello] = await ben.said(id);
  const target = MessageId.fromHex(hello!.id);
  for (const content of [
    edit('hallo', target, { salt: newSalt() }),
    reaction('👍', target, { salt: newSalt() }),
    deletion(target, { salt: newSalt() }),
  ]) {
    ben.events.length = 0;
    await say(content);
    const told = ben.events.flatMap((event) => (event.what === 'message' ? [event.message] : []));
    const views = await Promise.all(told.map((message) => ben.talk.view(message)));
    expect(views.map((view) => view?.id)).toEqual([hello!.id]);
  }
  expect(unread()).toBe(1);
});

test('a mark of another branch is a fork and one of an unknown epoch is none', async () => {
  const group = await ben.copyOfGroup(id);
  await say(withMark(text('same'), EpochMark.of(group.epoch, group.epochAuthenticator)));
  await say(withMark(text('other'), new EpochMark(group.epoch, new Uint8Array(16))));
  await say(withMark(text('unknown'), new EpochMark(99n, new Uint8Array(16))));
  await say(text('beside'), new Uint8Array(16).fill(1));
  const seen = await ben.said(id);
  expect(seen.map(({ text: words, isForkSuspected }) => [words, isForkSuspected])).toEqual([
    ['hello', false],
    ['same', false],
    ['other', true],
    ['unknown', false],
    ['beside', true],
  ]);
});

test('a fixed end is kept and one after reading begins with reading', async () => {
  const nowS = Math.floor(ben.clock.nowMs() / 1000);
  await say(text('fixed', { expires: { relative: false, timeS: nowS + 50 } }));
  await say(text('after', { expires: { relative: true, timeS: 50 } }));
  expect((await ben.said(id)).map(({ expiresAtMs }) => expiresAtMs)).toEqual([
    undefined,
    (nowS + 50) * 1000,
    undefined,
  ]);
  expect(ben.rooms.conversation({ conversation: id }).expiresAfterS).toBe(50);
});

test('the time of a log never runs backwards', async () => {
  const { ordinalMs: before } = ben.live(id).kept;
  delivery.nowMs -= 3_600_000;
  await say(text('later'));
  expect(await ben.texts(id)).toEqual(['hello', 'later']);
  expect(ben.live(id).kept.ordinalMs).toBe(before);
  expect(ordinalMs(ben.live(id), before + 5)).toBe(before + 5);
});

test('a report changes the state of ours once, and nobody reports of what is not ours', async () => {
  const mine = MessageId.fromHex((await anna.said(id))[0]!.id);
  const report = (status: number, message = mine): Uint8Array =>
    statusMessage([[message, status]], { salt: newSalt() }).encode();
  anna.events.length = 0;
  for (const status of [Status.READ, Status.READ, Status.DELIVERED, 200]) {
    await ben.sayRaw(id, report(status));
    await quiet(anna, ben);
  }
  expect((await anna.said(id))[0]!.state).toBe('read');
  expect(anna.events.filter(({ what }) => what === 'message')).toHaveLength(1);
  await anna.sayRaw(id, report(Status.READ));
  await quiet(anna, ben);
  expect((await ben.said(id))[0]!.state).toBe('received');
});

test('what another device of ours wrote is outgoing and not unread', async () => {
  const second = await ben.secondDevice();
  await quiet(anna, ben, second);
  await second.say(id, 'from the other one');
  await quiet(anna, ben, second);
  const last = (await ben.said(id)).at(-1)!;
  expect([last.text, last.isOutgoing, last.state]).toEqual([
    'from the other one',
    true,
    'delivered',
  ]);
  expect(unread()).toBe(1);
});

test('who is blocked asks for no attention, and what was said is kept', async () => {
  await ben.rooms.block({ address: 'anna', isBlocked: true });
  await ben.rooms.change({ conversation: id, isArchived: true });
  const before = ben.rooms.conversation({ conversation: id });
  delivery.nowMs += 60_000;
  await say(text('look at me'));
  const after = ben.rooms.conversation({ conversation: id });
  expect([after.unread, after.isArchived, after.activeAtMs]).toEqual([1, true, before.activeAtMs]);
  expect(await ben.texts(id)).toEqual(['hello', 'look at me']);
  await ben.rooms.block({ address: 'anna', isBlocked: false });
  await say(text('better'));
  expect(unread()).toBe(2);
});

test('lines of the log have a name each, the same when they come again', async () => {
  const names = new Set<string>();
  const live = ben.live(id);
  const line = async (what: 'joined' | 'left', seq: number, who: string[]): Promise<string> => {
    const event = { what, by: anna.address, who };
    return (await eventRow(ben.core, live, seq, 1, anna.core.address, event))[1].hex;
  };
  for (const what of ['joined', 'left'] as const) {
    for (const seq of [1, 12]) {
      for (const who of [['a@x'], ['b@x'], ['a@x', 'b@x']]) {
        names.add(await line(what, seq, who));
        names.add(await line(what, seq, who));
      }
    }
  }
  expect(names.size).toBe(12);
});
