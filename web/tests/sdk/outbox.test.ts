/** Messages on their way: in order, each once, under one name, whatever becomes of the answers. */

import { beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery, offline } from './delivery.ts';
import { annaAndBen, logOf, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const sentBy = (player: Player): string[] =>
  logOf(delivery, id)
    .envelopes.filter(({ sender, kind }) => sender === player.core.device.uri && kind === 1)
    .map(({ message }) => toHex(message));

/** Ben has read exactly these, and nobody has seen anything wrong. */
async function expectRead(texts: readonly string[]): Promise<void> {
  await quiet(anna, ben);
  expect((await ben.texts(id)).slice(1)).toEqual(texts);
  expect(new Set(sentBy(anna)).size).toBe(sentBy(anna).length);
  expect(await anna.core.debts.of(anna.live(id).id)).toEqual([]);
  expect((await anna.said(id)).map(({ state }) => state)).not.toContain('waiting');
}

test('what is said at once arrives in the order of the calls', async () => {
  const wanted = ['one', 'two', 'three', 'four'];
  await Promise.all(wanted.map((text) => anna.say(id, text)));
  await expectRead(wanted);
  expect([...anna.problems(), ...ben.problems()]).toEqual([]);
});

test('what was written offline goes out once and in order, after a restart too', async () => {
  anna.line.cut();
  await anna.say(id, 'one');
  await anna.say(id, 'two');
  expect((await anna.said(id)).map(({ state }) => state)).toEqual([
    'delivered',
    'waiting',
    'waiting',
  ]);
  await anna.restart(false);
  await anna.say(id, 'three');
  await anna.connect();
  await expectRead(['one', 'two', 'three']);
});

test('what was written offline is not encrypted before the log was read', async () => {
  anna.line.cut();
  await anna.say(id, 'later');
  await quiet(anna);
  const [debt] = await anna.core.debts.of(anna.live(id).id);
  expect([debt?.payload.length, debt?.epoch]).toEqual([0, undefined]);
  await ben.say(id, 'meanwhile');
  await quiet(ben);
  await anna.connect();
  await quiet(anna, ben);
  expect(await ben.texts(id)).toEqual(['hello', 'meanwhile', 'later']);
});

test('a lost answer is asked for with the same bytes and the same id', async () => {
  anna.line.loseAnswers('append');
  await anna.say(id, 'once');
  await quiet(anna);
  const [debt] = await anna.core.debts.of(anna.live(id).id);
  expect(debt?.payload.length).toBeGreaterThan(0);
  const [answers] = [logOf(delivery, id).answers.size];
  await anna.connect();
  await expectRead(['once']);
  expect(logOf(delivery, id).answers.size).toBe(answers);
});

test('a message that is met in the log is not sent again', async () => {
  anna.line.loseAnswers('append');
  await anna.say(id, 'once');
  await quiet(anna);
  await anna.restart();
  await expectRead(['once']);
  expect(anna.line.asked).not.toContain('append');
});

test('a lost answer that is lost again and again is asked for until it comes', async () => {
  for (let round = 0; round < 3; round += 1) {
    anna.line.onPush = () => [];
    anna.line.loseAnswers('append');
    anna.line.answer('read', (answer: object) => ({ ...answer, envelopes: [] }), 2);
    await (round === 0 ? anna.say(id, 'once') : anna.connect());
    await quiet(anna);
  }
  await anna.restart();
  await expectRead(['once']);
});

test('a message of an epoch that is over is encrypted anew under its name', async () => {
  const cem = await Player.join(delivery, 'cem');
  const { id: sent } = await (async () => {
    const go = anna.line.hold('append');
    const said = await anna.say(id, 'across');
    await quiet(ben);
    await ben.rooms.add({ conversation: id, address: 'cem' });
    go();
    return said;
  })();
  await quiet(anna, ben, cem);
  const stale = logOf(delivery, id).envelopes.filter(({ kind }) => kind === 1);
  expect(stale.at(-1)?.epoch).toBe(logOf(delivery, id).epoch);
  expect((await ben.said(id)).at(-1)?.id).toBe(sent);
  expect(await cem.texts(id)).toEqual(['across']);
});

test('what may succeed later is sent again and keeps its place', async () => {
  anna.line.refuse('append', 'rate_limited', { retryAfterMs: 700 });
  await anna.say(id, 'first');
  await anna.say(id, 'second');
  await quiet(anna);
  expect(sentBy(anna)).toHaveLength(1);
  await anna.timers.pass(699);
  expect(sentBy(anna)).toHaveLength(1);
  await anna.timers.pass(1);
  await expectRead(['first', 'second']);
});

test("a server's own trouble is never for good", async () => {
  anna.line.refuse('append', 'storage_unavailable', { fault: 'operator' }, 5);
  await anna.say(id, 'patient');
  for (let round = 0; round < 5; round += 1) {
    await quiet(anna);
    await anna.timers.pass(60_000);
  }
  await expectRead(['patient']);
});

test('what is refused for good has failed and the next one goes', async () => {
  anna.line.refuse('append', 'too_large');
  const { id: failed } = await anna.say(id, 'refused');
  await anna.say(id, 'taken');
  await quiet(anna, ben);
  const seen = (await anna.said(id)).find((message) => message.id === failed);
  expect([seen?.state, seen?.failure]).toEqual(['failed', 'too_large']);
  expect(await ben.texts(id)).toEqual(['hello', 'taken']);
});

test('a server that has forgotten a change is said to be set back', async () => {
  anna.line.onPush = () => [];
  anna.line.refuse('append', 'stale_epoch', { epoch: 0, head: 1 }, 50);
  await anna.say(id, 'nobody takes this');
  await quiet(anna);
  expect(anna.rooms.conversation({ conversation: id }).state).toBe('broken');
  expect(anna.problems()).toContain('change_forgotten');
  expect(anna.problems()).not.toContain('conversation_broken');
  const said = anna.events.flatMap((event) => (event.what === 'problem' ? [event.sentence] : []));
  expect(said.join()).toContain('probably restored from a backup');
});

test('a log that holds nothing new is torn and heals with the next message', async () => {
  anna.line.onPush = () => [];
  anna.line.refuse('append', 'stale_epoch', { epoch: 9, head: 3 }, 50);
  await anna.say(id, 'torn');
  await quiet(anna);
  expect(anna.rooms.conversation({ conversation: id }).state).toBe('broken');
  expect(anna.problems()).toContain('conversation_broken');
  anna.line.before = () => undefined;
  await anna.say(id, 'healed');
  await expectRead(['torn', 'healed']);
  expect(anna.rooms.conversation({ conversation: id }).state).toBe('open');
});

test('who was removed meanwhile learns it by being refused, and cannot read on', async () => {
  anna.line.onPush = () => [];
  await ben.rooms.expel({ conversation: id, address: 'anna' });
  await ben.say(id, 'alone');
  await quiet(ben);
  const { id: failed } = await anna.say(id, 'too late');
  await quiet(anna);
  const seen = (await anna.said(id)).find((message) => message.id === failed);
  expect(seen?.state).toBe('failed');
  expect(anna.rooms.conversation({ conversation: id }).state).toBe('left');
  expect(await anna.texts(id)).not.toContain('alone');
  expect(await codeOf(anna.say(id, 'again'))).toBe('not_participant');
  expect(await anna.core.groups.get(anna.live(id).id.bytes)).toBeUndefined();
});

test('closing tells who waits and keeps what waits', async () => {
  anna.line.cut();
  await anna.say(id, 'kept');
  const [debt] = await anna.core.debts.of(anna.live(id).id);
  const waiting = codeOf(anna.core.waiter(debt!.idempotencyId));
  anna.core.close(offline());
  expect(await waiting).toBe('unreachable');
  await anna.restart();
  await expectRead(['kept']);
});

test('a clock that jumps forward and back does not put words before others', async () => {
  anna.clock.atMs += 3_600_000;
  anna.line.cut();
  await anna.say(id, 'early');
  anna.clock.atMs -= 7_200_000;
  await anna.say(id, 'late');
  await anna.connect();
  await expectRead(['early', 'late']);
  expect(await anna.texts(id)).toEqual(['hello', 'early', 'late']);
});
