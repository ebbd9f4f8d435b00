/** Rows of the log folded into messages; in part against a simple model of what it shall mean. */

import { expect, test } from 'vitest';

import { AccountAddress, ConversationId, MessageId } from '../../src/base/ids.ts';
import { attachmentMessage } from '../../src/content/attachment.ts';
import { cardMessage } from '../../src/content/cards.ts';
import { titleMessage } from '../../src/content/conversation.ts';
import { messageId } from '../../src/content/message_id.ts';
import { MimiContent, NullPart } from '../../src/content/mimi.ts';
import { Status, statusMessage } from '../../src/content/status.ts';
import {
  deletion,
  edit,
  reaction,
  readableText,
  textMessage,
  unlike,
} from '../../src/content/text.ts';
import {
  fold,
  kindOf,
  rootOf,
  stateOf,
  targetOf,
  withoutWithdrawn,
} from '../../src/sdk/history.ts';
import type { Messages, MessageRow } from '../../src/vault/messages.ts';
import { Chance } from '../mls/random.ts';
import { DOMAIN } from './identities.ts';
import { anAttachment } from './attached.ts';

const [ANNA, BEN, CEM] = ['anna', 'ben', 'cem'].map((name) => new AccountAddress(name, DOMAIN));
const CONVERSATION = ConversationId.of(new Uint8Array(16));
let salts = 0;

function salt(): Uint8Array {
  salts += 1;
  return Uint8Array.from({ length: 16 }, (_, at) => (salts >> (8 * (at % 3))) & 255);
}

function rowOf(content: MimiContent, sender = ANNA!, change: Partial<MessageRow> = {}): MessageRow {
  const raw = content.encode();
  return {
    conversation: CONVERSATION,
    messageId: messageId(raw, sender.uri, CONVERSATION.hex),
    seq: 1,
    sender,
    isOutgoing: sender === ANNA,
    kind: kindOf(content),
    target: targetOf(content),
    content: raw,
    ordinalMs: 1,
    sentAtMs: 1,
    failure: '',
    isForkSuspected: false,
    position: 1,
    ...change,
  };
}

const text = (words: string): MimiContent => textMessage(words, { salt: salt() });
const HELLO = rowOf(text('hello'));

test('kinds and targets', () => {
  const { messageId: to } = HELLO;
  const card = { kind: 'choose', identifier: 'a', requestId: 'r' } as const;
  const cases: [MimiContent, string, MessageId | undefined][] = [
    [text('hi'), 'text', undefined],
    [cardMessage(card, 'A', { salt: salt(), language: '' }), 'card', undefined],
    [attachmentMessage(anAttachment(), { salt: salt() }), 'file', undefined],
    [attachmentMessage(anAttachment(), { salt: salt(), caption: 'look' }), 'file', undefined],
    [titleMessage('Team', { salt: salt() }), 'title', undefined],
    [reaction('👍', to, { salt: salt() }), 'reaction', to],
    [edit('hi', to, { salt: salt() }), 'edit', to],
    [deletion(to, { salt: salt() }), 'delete', to],
    [statusMessage([[to, Status.READ]], { salt: salt() }), 'other', undefined],
    [new MimiContent({ salt: salt(), part: new NullPart() }), 'other', undefined],
  ];
  for (const [content, kind, target] of cases) {
    expect([kindOf(content), targetOf(content)?.hex]).toEqual([kind, target?.hex]);
  }
});

test('nothing said about it', () => {
  const folded = fold(HELLO, [], 'sent');
  expect(readableText(folded.content!)).toBe('hello');
  expect([folded.isEdited, folded.isDeleted, folded.reactions.size]).toEqual([false, false, 0]);
});

test('the last edit counts, deletion is final, and only the author counts', () => {
  const edits = ['one', 'two'].map((words) =>
    rowOf(edit(words, HELLO.messageId, { salt: salt() })),
  );
  const foreign = [
    rowOf(edit('forged', HELLO.messageId, { salt: salt() }), BEN),
    rowOf(deletion(HELLO.messageId, { salt: salt() }), BEN),
  ];
  const edited = fold(HELLO, [...edits, ...foreign], 'sent');
  expect(readableText(edited.content!)).toBe('two');
  expect([edited.isEdited, edited.isDeleted]).toEqual([true, false]);
  const gone = rowOf(deletion(HELLO.messageId, { salt: salt() }));
  const deleted = fold(HELLO, [gone, ...edits], 'sent');
  expect([deleted.isDeleted, deleted.content, deleted.first]).toEqual([true, undefined, undefined]);
});

test('an edit keeps what was answered', () => {
  const answer = rowOf(textMessage('yes', { salt: salt(), inReplyTo: HELLO.messageId }));
  const { first, content } = fold(
    answer,
    [rowOf(edit('no', answer.messageId, { salt: salt() }))],
    'sent',
  );
  expect(first?.inReplyTo?.hex).toBe(HELLO.messageId.hex);
  expect(readableText(content!)).toBe('no');
});

test('reactions are counted by person and taken back by their authors only', () => {
  const like = (sign: string, by = ANNA): MessageRow =>
    rowOf(reaction(sign, HELLO.messageId, { salt: salt() }), by);
  const rows = [like('👍'), like('👍'), like('👍', BEN), like('🎉', CEM)];
  const counts = (changes: readonly MessageRow[]): unknown =>
    [...fold(HELLO, changes, 'sent').reactions].map(([sign, by]) => [sign, by.map(String)]);
  const [anna, ben, cem] = [ANNA, BEN, CEM].map(String);
  expect(counts(rows)).toEqual([
    ['👍', [anna, ben]],
    ['🎉', [cem]],
  ]);
  const back = (row: MessageRow, by = row.sender): MessageRow =>
    rowOf(unlike(row.messageId, HELLO.messageId, { salt: salt() }), by);
  expect(counts(withoutWithdrawn(rows, [back(rows[3]!, BEN)]))).toHaveLength(2);
  expect(counts(withoutWithdrawn(rows, [back(rows[0]!), back(rows[1]!)]))).toEqual([
    ['👍', [ben]],
    ['🎉', [cem]],
  ]);
});

test('random changes end like a simple model', () => {
  const chance = new Chance(11);
  for (let round = 0; round < 200; round += 1) {
    const model = { text: 'hello', isDeleted: false, likes: new Set<string>() };
    const changes: MessageRow[] = [];
    for (let step = chance.integer(0, 7); step > 0; step -= 1) {
      const by = chance.pick([ANNA!, BEN!, CEM!]);
      const what = chance.integer(0, 2);
      if (what === 0) {
        changes.push(rowOf(edit(`text ${step}`, HELLO.messageId, { salt: salt() }), by));
        model.text = by === ANNA && !model.isDeleted ? `text ${step}` : model.text;
      } else if (what === 1) {
        changes.push(rowOf(deletion(HELLO.messageId, { salt: salt() }), by));
        model.isDeleted ||= by === ANNA;
      } else {
        changes.push(rowOf(reaction('👍', HELLO.messageId, { salt: salt() }), by));
        model.likes.add(by.toString());
      }
    }
    const { content, isDeleted, reactions } = fold(HELLO, changes, 'sent');
    expect(isDeleted).toBe(model.isDeleted);
    if (!isDeleted) {
      expect(readableText(content!)).toBe(model.text);
      expect(new Set(reactions.get('👍')?.map(String))).toEqual(model.likes);
    }
  }
});

test('states hold for all others', () => {
  const others = [BEN!, CEM!];
  const state = (
    reached: [AccountAddress, number][],
    reports: [AccountAddress, number][] = [],
  ): string =>
    stateOf(
      { ...HELLO, seq: 5 },
      others,
      new Map(reached.map(([who, seq]) => [who.uri, seq])),
      new Map(reports.map(([who, status]) => [who.uri, status])),
    );
  expect(state([])).toBe('sent');
  expect(state([[BEN!, 9]])).toBe('sent');
  expect(
    state([
      [BEN!, 5],
      [CEM!, 4],
    ]),
  ).toBe('sent');
  expect(
    state([
      [BEN!, 5],
      [CEM!, 5],
    ]),
  ).toBe('delivered');
  expect(state([[BEN!, 5]], [[CEM!, Status.DELIVERED]])).toBe('delivered');
  expect(state([], [[BEN!, Status.READ]])).toBe('sent');
  expect(
    state(
      [],
      [
        [BEN!, Status.READ],
        [CEM!, Status.READ],
      ],
    ),
  ).toBe('read');
});

test('states without others and before the log', () => {
  const state = (change: Partial<MessageRow>, others = [BEN!]): string =>
    stateOf({ ...HELLO, ...change }, others, new Map(), new Map());
  expect(state({ seq: undefined })).toBe('waiting');
  expect(state({ seq: undefined, failure: 'No.' })).toBe('failed');
  expect(state({ isOutgoing: false })).toBe('received');
  expect(state({}, [])).toBe('sent');
});

test('the root of an edit is the first version', async () => {
  const change = rowOf(edit('x', HELLO.messageId, { salt: salt() }));
  const rows = new Map([HELLO, change].map((row) => [row.messageId.hex, row]));
  const messages = {
    get: (id: MessageId) => Promise.resolve(rows.get(id.hex)),
  } as unknown as Messages;
  expect(await rootOf(messages, undefined)).toBeUndefined();
  expect((await rootOf(messages, change.messageId))?.hex).toBe(HELLO.messageId.hex);
  expect((await rootOf(messages, HELLO.messageId))?.hex).toBe(HELLO.messageId.hex);
  const unknown = MessageId.of(new Uint8Array(32).fill(9));
  expect(await rootOf(messages, unknown)).toBe(unknown);
});

test('a line of the log is a row by itself', () => {
  const event = rowOf(text('x'), ANNA, { kind: 'event', content: new Uint8Array(0) });
  const { content, state, reactions } = fold(event, [HELLO], 'received');
  expect([content, state, reactions.size]).toEqual([undefined, 'received', 0]);
});
