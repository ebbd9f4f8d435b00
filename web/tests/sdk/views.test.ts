/** From what the vault holds to what the page is shown. */

import { expect, test } from 'vitest';

import { AccountAddress, ConversationId, MessageId } from '../../src/base/ids.ts';
import { attachmentMessage } from '../../src/content/attachment.ts';
import { type Card, cardMessage } from '../../src/content/cards.ts';
import { titleMessage } from '../../src/content/conversation.ts';
import type { MimiContent } from '../../src/content/mimi.ts';
import { mentionMessage, textMessage } from '../../src/content/text.ts';
import { fold, kindOf, targetOf } from '../../src/sdk/history.ts';
import {
  contactView,
  customerCard,
  messageView,
  QUOTE_CHARACTERS,
  quoteView,
} from '../../src/sdk/views.ts';
import type { MessageRow } from '../../src/vault/messages.ts';
import { anAttachment } from './attached.ts';
import { Delivery } from './delivery.ts';
import { DOMAIN } from './identities.ts';
import { annaAndBen } from './players.ts';

const ANNA = new AccountAddress('anna', DOMAIN);
const SALT = new Uint8Array(16);
const NONE = new Map<string, never>();

function rowOf(content: MimiContent, change: Partial<MessageRow> = {}): MessageRow {
  return {
    conversation: ConversationId.of(new Uint8Array(16)),
    messageId: MessageId.of(new Uint8Array(32).fill(1)),
    seq: 4,
    sender: ANNA,
    isOutgoing: false,
    kind: kindOf(content),
    target: targetOf(content),
    content: content.encode(),
    ordinalMs: 10,
    sentAtMs: 11,
    failure: '',
    isForkSuspected: false,
    position: 2,
    ...change,
  };
}

const shown = (content: MimiContent, change: Partial<MessageRow> = {}, quotes = NONE) =>
  messageView(fold(rowOf(content, change), [], 'received'), quotes);

test('a text', () => {
  expect(shown(textMessage('hi', { salt: SALT }))).toEqual({
    ...{ id: '01'.repeat(32), conversation: '00'.repeat(16), place: [10, 4, 2] },
    ...{ sender: ANNA.toString(), isOutgoing: false, kind: 'text', text: 'hi', isMarkdown: false },
    ...{ mentions: [], reactions: [], isEdited: false, isDeleted: false, isForwarded: false },
    ...{ state: 'received', sentAtMs: 11, isForkSuspected: false },
  });
});

test('Markdown comes as it was written', () => {
  const ben = new AccountAddress('ben', DOMAIN);
  const view = shown(mentionMessage(['*x* ', { account: ben, name: 'ben' }], { salt: SALT }));
  expect([view.isMarkdown, view.mentions]).toEqual([true, [ben.toString()]]);
  expect(view.text).toContain(ben.uri);
});

test('what is known is shown: failure, expiry, fork, quote', () => {
  const answers = MessageId.of(new Uint8Array(32).fill(7));
  const content = textMessage('hi', { salt: SALT, inReplyTo: answers });
  const change = { failure: 'No.', expiresAtMs: 99, isForkSuspected: true };
  expect(shown(content, change)).toMatchObject({ ...change, answers: { id: answers.hex } });
  const quotes = new Map([[answers.hex, { id: answers.hex, text: 'what?', sender: 'x' }]]);
  const view = messageView(fold(rowOf(content), [], 'received'), quotes);
  expect(view.answers).toEqual(quotes.get(answers.hex));
});

test('a file is shown without its name as text, but with its caption', () => {
  const bare = shown(attachmentMessage(anAttachment(), { salt: SALT }));
  expect([bare.kind, bare.text, bare.attachment?.name]).toEqual(['file', '', 'picture.png']);
  const said = shown(attachmentMessage(anAttachment(), { salt: SALT, caption: 'look' }));
  expect(said.text).toBe('look');
});

test('a title is a line', () => {
  const view = shown(titleMessage('Team', { salt: SALT }));
  expect(view.kind).toBe('event');
  expect(view.event).toEqual({ what: 'titled', by: ANNA.toString(), who: [], title: 'Team' });
});

const CARDS: Card[] = [
  { kind: 'choose', identifier: 'a', requestId: 'r' },
  { kind: 'cancelRequest', uid: 'u' },
  { kind: 'bookingRequest', party: 2, day: '2027-01-01', at: '20:00', underName: 'Ben' },
  { kind: 'bookingRequest', party: null, day: null, at: null, underName: '' },
  { kind: 'choices', title: 'Which?', options: [{ identifier: 'a', label: 'A' }] },
];

test.each(CARDS)('a card has fields and a text: $kind', (card) => {
  const view = shown(cardMessage(card, 'in words', { salt: SALT, language: 'en' }));
  expect([view.kind, view.text]).toEqual(['card', 'in words']);
  expect(JSON.stringify(view.card)).not.toContain('null');
  const answer = view.card;
  if (
    answer?.kind === 'choose' ||
    answer?.kind === 'booking_request' ||
    answer?.kind === 'cancel_request'
  ) {
    expect(customerCard(answer)).toEqual(card);
  }
});

test('what is deleted has no words', () => {
  const row = rowOf(textMessage('secret', { salt: SALT }));
  const folded = {
    ...fold(row, [], 'received'),
    content: undefined,
    first: undefined,
    isDeleted: true,
  };
  expect(JSON.stringify([messageView(folded, NONE), quoteView(folded)])).not.toContain('secret');
});

test('a quote is cut', () => {
  const folded = fold(rowOf(textMessage('x'.repeat(900), { salt: SALT })), [], 'received');
  expect(quoteView(folded).text).toHaveLength(QUOTE_CHARACTERS);
});

test('an account that nobody knows is a person who was not compared', async () => {
  const [anna] = await annaAndBen(new Delivery());
  const stranger = new AccountAddress('stranger', DOMAIN);
  expect(contactView(anna.core, stranger)).toEqual({
    ...{ address: stranger.toString(), kind: 'person', state: 'pinned', isBlocked: false },
  });
});
