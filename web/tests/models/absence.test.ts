import { describe, expect, test } from 'vitest';

import { absenceIn, PATIENCE_MS } from '../../src/models/absence.ts';
import type { CardView, MessageView } from '../../src/sdk/protocol.ts';
import { ANNA, message, MINUTE_MS, NOON_MS } from './writing.ts';

const CHOICES: CardView = { kind: 'choices', title: '', options: [] };
const LATER_MS = NOON_MS + MINUTE_MS;

function answer(fields: Partial<MessageView> = {}): MessageView {
  return message({ id: 'answer', kind: 'card', card: CHOICES, ...fields });
}

function ours(fields: Partial<MessageView> = {}): MessageView {
  return message({ id: 'ours', sender: ANNA, sentAtMs: LATER_MS, ...fields });
}

describe('whose message has reached nobody', () => {
  test('is told when the last answer came', () => {
    expect(absenceIn([answer(), ours()], true)).toEqual({
      kind: 'away',
      lastMs: NOON_MS,
      fromMs: LATER_MS + PATIENCE_MS,
      untilMs: Number.POSITIVE_INFINITY,
    });
  });

  test('is told so also without any answer yet, and of a file', () => {
    expect(absenceIn([ours()], true)).toMatchObject({ kind: 'away', lastMs: 0 });
    expect(absenceIn([ours({ kind: 'file' })], true)?.kind).toBe('away');
  });

  test('waits for the first message, not for what an event says after it', () => {
    const event = message({ id: 'event', kind: 'event', sentAtMs: LATER_MS + 1 });
    expect(absenceIn([ours(), event], true)?.kind).toBe('away');
  });
});

describe('whose message has arrived', () => {
  test('hears of an assistant that answered before', () => {
    for (const state of ['delivered', 'read'] as const) {
      expect(absenceIn([answer(), ours({ state })], true)).toMatchObject({
        kind: 'silent',
        lastMs: NOON_MS,
        untilMs: LATER_MS + 86_400_000,
      });
    }
  });

  test('waits for a person where no assistant ever answered', () => {
    expect(absenceIn([message({ id: 'a' }), ours({ state: 'read' })], true)).toBeUndefined();
    const card: CardView = { kind: 'choose', identifier: '1', requestId: '' };
    expect(absenceIn([answer({ card }), ours({ state: 'read' })], true)).toBeUndefined();
  });

  test('waits for no answer to a file: assistants answer none', () => {
    expect(absenceIn([answer(), ours({ state: 'read', kind: 'file' })], true)).toBeUndefined();
  });
});

test('there is nothing to say of what was answered, is on its way, or is not the newest', () => {
  const after = answer({ sentAtMs: LATER_MS + 1 });
  expect(absenceIn([ours(), after], true)).toBeUndefined();
  expect(absenceIn([answer(), ours({ state: 'waiting' })], true)).toBeUndefined();
  expect(absenceIn([answer(), ours({ state: 'failed' })], true)).toBeUndefined();
  expect(absenceIn([answer(), ours()], false)).toBeUndefined();
  expect(absenceIn([], true)).toBeUndefined();
  expect(absenceIn([answer(), ours({ isDeleted: true })], true)).toBeUndefined();
});
