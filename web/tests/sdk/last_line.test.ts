/** The row in the list of conversations: always of the newest line, whoever looks when. */

import { beforeEach, expect, test } from 'vitest';

import { EXCERPT_CHARACTERS, lastLine } from '../../src/sdk/last_line.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  [anna, ben, id] = await annaAndBen(new Delivery());
});

const last = (player: Player) => player.rooms.conversation({ conversation: id }).last;

test('it follows what is said, changed, deleted, hidden and read', async () => {
  expect(last(ben)).toMatchObject({ text: 'hello', kind: 'text', sender: anna.address });
  expect(last(anna)).toMatchObject({ isOutgoing: true, state: 'delivered' });
  const { id: message } = await anna.say(id, 'typo');
  expect(last(anna)).toMatchObject({ text: 'typo', state: 'waiting' });
  await quiet(anna, ben);
  await anna.talk.edit({ conversation: id, message, text: 'right' });
  await quiet(anna, ben);
  expect([last(anna)?.text, last(ben)?.text]).toEqual(['right', 'right']);
  await ben.talk.markRead({ conversation: id });
  await quiet(anna, ben);
  expect(last(anna)?.state).not.toBe('waiting');
  await anna.talk.remove({ conversation: id, message });
  await quiet(anna, ben);
  expect(last(ben)).toMatchObject({ text: '', isDeleted: true });
  await ben.talk.hide({ conversation: id, message });
  expect(last(ben)?.text).toBe('hello');
});

test('a file says what it is, also after a restart', async () => {
  const file = new Blob(['sound'], { type: 'audio/ogg' });
  await anna.parts.files.send(anna.live(id), {
    ...{ conversation: id, transfer: 't', file, name: 'voice.ogg', mediaType: 'audio/ogg' },
    durationMs: 900,
  });
  expect(last(anna)).toMatchObject({ text: '', kind: 'file', file: 'voice' });
  await anna.restart(false);
  expect(last(anna)).toMatchObject({ kind: 'file', file: 'voice' });
});

test('it is there after a restart', async () => {
  const before = last(ben);
  await ben.restart(false);
  expect(last(ben)).toEqual(before);
});

test('a long message is cut', async () => {
  await anna.say(id, 'x'.repeat(5_000));
  expect(last(anna)?.text).toBe('x'.repeat(EXCERPT_CHARACTERS));
});

test('two who look at once end with the newer line', async () => {
  const { core } = ben;
  const before = core.messages.before.bind(core.messages);
  let looks = 0;
  core.messages.before = async (...asked) => {
    const rows = await before(...asked);
    looks += 1;
    if (looks === 1) {
      await new Promise((resolve) => setTimeout(resolve, 20)); // the first one is slow
    }
    return rows;
  };
  await anna.say(id, 'one');
  await anna.say(id, 'two');
  await anna.say(id, 'three');
  await quiet(anna, ben);
  expect(last(ben)?.text).toBe('three');
});

test('nothing is written when nothing has changed', async () => {
  const { vault } = ben.parts;
  let writes = 0;
  const write = vault.write.bind(vault);
  vault.write = (all) => {
    writes += 1;
    return write(all);
  };
  ben.events.length = 0;
  await lastLine(ben.core, ben.live(id));
  expect(writes).toBe(0);
  expect(ben.events.map(({ what }) => what)).toEqual(['conversation']);
});

test('a forgotten conversation does not come back by a late look', async () => {
  await ben.rooms.leave({ conversation: id });
  const live = ben.live(id);
  const forgetting = ben.rooms.forget({ conversation: id });
  const looking = lastLine(ben.core, live);
  await Promise.all([forgetting, looking]);
  expect(await ben.core.conversations.get(live.id)).toBeUndefined();
  await ben.restart(false);
  expect(ben.rooms.conversations()).toEqual([]);
});

test('messages pour in and each is there, in time', async () => {
  const texts = Array.from({ length: 50 }, (_, at) => `${at}`);
  await Promise.all(texts.map((text) => anna.say(id, text)));
  await quiet(anna, ben);
  expect((await ben.texts(id)).slice(1)).toEqual(texts);
  expect(last(ben)?.text).toBe('49');
});
