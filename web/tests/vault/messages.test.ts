import { comparePlaces } from '../../src/base/place.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { AccountAddress, ConversationId, MessageId } from '../../src/base/ids.ts';
import {
  isCounted,
  type MessageRow,
  Messages,
  placeOf,
  ROW_KINDS,
} from '../../src/vault/messages.ts';
import { MESSAGE } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const HERE = ConversationId.of(new Uint8Array(16).fill(1));
const THERE = ConversationId.of(new Uint8Array(16).fill(2));
const ANNA = new AccountAddress('anna', 'localhost');

let platform: Platform;
let vault: Vault;
let messages: Messages;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
  messages = new Messages(vault);
  await messages.load();
});

afterEach(async () => {
  await vault.close();
});

const id = (number: number): MessageId => MessageId.of(new Uint8Array(32).fill(number));

function row(number: number, change: Partial<MessageRow> = {}): MessageRow {
  return {
    conversation: HERE,
    messageId: id(number),
    seq: number,
    sender: ANNA,
    isOutgoing: false,
    kind: 'text',
    target: undefined,
    content: utf8(`text ${number}`),
    ordinalMs: 1_000 + number,
    sentAtMs: 1_000 + number,
    failure: '',
    isForkSuspected: false,
    position: 0,
    ...change,
  };
}

async function all(rows: AsyncIterable<MessageRow>): Promise<MessageRow[]> {
  const found: MessageRow[] = [];
  for await (const one of rows) {
    found.push(one);
  }
  return found;
}

async function keep(...rows: MessageRow[]): Promise<void> {
  for (const one of rows) {
    await vault.write([await messages.add(one)]);
  }
}

const numbers = (rows: readonly MessageRow[]): number[] =>
  rows.map(({ messageId }) => messageId.bytes[0]!);

test.each(ROW_KINDS)('a row comes back as it was: %s', async (kind) => {
  const whole = row(3, {
    ...{ kind, seq: undefined, isOutgoing: true, target: id(9), expiresAtMs: 77, failure: 'No.' },
    ...{ isForkSuspected: true, content: new Uint8Array(0) },
    stamped: { device: 'mimi://x/d/y/0', acceptedAtMs: 2 ** 52, stamp: new Uint8Array(32).fill(6) },
  });
  await keep(whole);
  expect(await messages.get(id(3))).toEqual({ ...whole, position: 1, isHidden: false });
  expect([await messages.has(id(3)), await messages.has(id(4))]).toEqual([true, false]);
});

test('a row that was written before there were stamps has none', async () => {
  await keep(row(3));
  expect((await messages.get(id(3)))?.stamped).toBeUndefined();
});

test('who wrote what cannot be read from the outside', async () => {
  await keep(row(1, { content: utf8('the secret'), failure: '' }));
  const shown = await shownInClear(platform, vault, MESSAGE);
  expect(shown).not.toContain('secret');
  expect(shown).not.toContain('anna');
});

test('a message that is there already stays as it is', async () => {
  await keep(row(1), row(1, { content: utf8('other') }));
  expect((await messages.get(id(1)))?.content).toEqual(utf8('text 1'));
});

test('before and after a place, in order, over several conversations', async () => {
  await keep(row(5), row(2), row(4, { conversation: THERE }), row(3), row(1));
  const place = placeOf((await messages.get(id(3)))!);
  expect(numbers(await messages.before([HERE], 10))).toEqual([1, 2, 3, 5]);
  expect(numbers(await messages.before([HERE, THERE], 2))).toEqual([4, 5]);
  expect(numbers(await messages.before([HERE, THERE], 10, place))).toEqual([1, 2]);
  expect(numbers(await messages.before([HERE], 1, place))).toEqual([2]);
  expect(numbers(await messages.after([HERE, THERE], 10, place))).toEqual([4, 5]);
  expect(numbers(await messages.after([HERE, THERE], 1, place))).toEqual([4]);
  expect(numbers(await messages.shown(HERE))).toEqual([1, 2, 3, 5]);
});

test('messages of one moment stand by seq, those that wait at the end, in their order', async () => {
  const same = { ordinalMs: 5 };
  await keep(
    row(1, { ...same, seq: undefined }),
    row(2, { ...same, seq: undefined }),
    row(3, { ...same, seq: 9 }),
    row(4, { ...same, seq: 8 }),
  );
  expect(numbers(await messages.before([HERE], 10))).toEqual([4, 3, 1, 2]);
  const places = (await messages.before([HERE], 10)).map(placeOf);
  expect([...places].reverse().sort(comparePlaces)).toEqual(places);
});

test('what was accepted has its seq once, and its place in the log', async () => {
  await keep(
    row(1, { seq: undefined, ordinalMs: 9_000, failure: 'later' }),
    row(2, { ordinalMs: 500 }),
  );
  await vault.write([messages.accepted(id(1), 7, 400)]);
  await vault.write([messages.accepted(id(1), 8, 300), messages.fail(id(1), 'too late')]);
  expect(await messages.get(id(1))).toMatchObject({
    seq: 7,
    ordinalMs: 400,
    sentAtMs: 400,
    failure: '',
  });
  expect(numbers(await messages.before([HERE], 9))).toEqual([1, 2]);
});

test('what failed says why, until it is sent', async () => {
  await keep(row(1, { seq: undefined }));
  await vault.write([messages.fail(id(1), 'Refused.')]);
  expect((await messages.get(id(1)))?.failure).toBe('Refused.');
  await vault.write([messages.fail(id(2), 'nobody')]);
  expect(await messages.get(id(2))).toBeUndefined();
});

test('a message is found by the ciphertext it travels as', async () => {
  await keep(row(1, { seq: undefined }));
  await vault.write([messages.travelsAs(id(1), utf8('hash'))]);
  await vault.write([messages.travelsAs(id(1), utf8('anew'))]);
  expect((await messages.sentAs(utf8('anew')))?.messageId.hex).toBe(id(1).hex);
  expect(await messages.sentAs(utf8('hash'))).toBeUndefined();
});

test('what is hidden is shown nowhere, and known', async () => {
  await keep(row(1), row(2));
  await vault.write([messages.hide(id(1))]);
  expect(numbers(await messages.before([HERE], 9))).toEqual([2]);
  expect(numbers(await messages.shown(HERE))).toEqual([2]);
  expect(await messages.get(id(1))).toMatchObject({ isHidden: true });
});

test('changes are found by what they are about, said here and not refused', async () => {
  const target = id(9);
  await keep(
    row(3, { kind: 'edit', target }),
    row(2, { kind: 'reaction', target }),
    row(1, { kind: 'delete', target, conversation: THERE }),
    row(4, { kind: 'edit', target, failure: 'No.', seq: undefined }),
  );
  expect(numbers(await messages.about([HERE], [target]))).toEqual([2, 3]);
  expect(numbers(await messages.about([HERE, THERE], [target, target]))).toContain(1);
  expect(numbers(await messages.before([HERE], 9))).toEqual([]);
});

test('what others said is read page by page, also where a page ends amid one seq', async () => {
  const many = Array.from({ length: 60 }, (_, at) => row(at + 1));
  const events = Array.from({ length: 70 }, (_, at) => row(at + 100, { kind: 'event', seq: 61 }));
  await keep(...many, ...events, row(200, { seq: 61 }), row(201, { seq: 62 }), row(3));
  await keep(row(202, { isOutgoing: true, seq: 5 }), row(203, { conversation: THERE, seq: 5 }));
  expect(numbers(await all(messages.received(HERE, 58, 62)))).toEqual([59, 60, 200, 201]);
  expect(await all(messages.received(HERE, 0, 61))).toHaveLength(61);
  expect(await all(messages.received(HERE, 62, 62))).toEqual([]);
});

test('a stretch has what counts, of theirs or of ours', async () => {
  await keep(
    ...[row(1), row(2), row(3, { kind: 'title' }), row(4, { isOutgoing: true }), row(5)],
    row(6, { isOutgoing: true, seq: undefined }),
  );
  expect(numbers(await messages.stretch(HERE, false, 1, 5))).toEqual([2, 5]);
  expect(numbers(await messages.stretch(HERE, true, 0, 9))).toEqual([4]);
  expect(await messages.stretch(HERE, false, 5, 5)).toEqual([]);
  expect([await messages.hasOutgoing(HERE, 3), await messages.hasOutgoing(HERE, 4)]).toEqual([
    true,
    false,
  ]);
  expect(ROW_KINDS.filter(isCounted)).toEqual(['text', 'card', 'file', 'other']);
});

test('an expiry begins once, and is over at its moment', async () => {
  await keep(row(1), row(2, { expiresAtMs: 50 }));
  await vault.write([messages.readBegins(id(1), 80), messages.readBegins(id(2), 9_000)]);
  await vault.write([messages.readBegins(id(1), 9_000)]);
  expect(numbers(await messages.expired(49))).toEqual([]);
  expect(numbers(await messages.expired(50))).toEqual([2]);
  expect(numbers(await messages.expired(80))).toEqual([2, 1]);
});

test('positions go on after a restart', async () => {
  await keep(row(1), row(2));
  messages = new Messages(vault);
  await messages.load();
  await keep(row(3));
  expect((await messages.get(id(3)))?.position).toBe(3);
});

test('a conversation is removed with everything said in it', async () => {
  await keep(row(1), row(2, { kind: 'edit', target: id(1) }), row(3, { conversation: THERE }));
  await vault.write(await messages.removals(HERE));
  expect(await vault.select(MESSAGE)).toHaveLength(1);
  await vault.write([messages.remove(id(3))]);
  expect(await messages.get(id(3))).toBeUndefined();
});

test.each([
  ['sealed', Uint8Array.of(1)],
  ['id', id(9).bytes],
  ['position', -1],
  ['conversation', 'x'],
  ['order', 1.5],
])('a row whose %s was altered is refused', async (name, value) => {
  await keep(row(1));
  await tamper(platform, vault, MESSAGE, (found) => {
    found[name] = value;
  });
  expect(
    await codeOf(
      messages
        .expired(0)
        .then(() => messages.shown(HERE))
        .then((rows) => {
          if (rows.length === 0) {
            return messages.get(id(name === 'id' ? 9 : 1));
          }
          return undefined;
        }),
    ),
  ).toBe('vault_damaged');
});
