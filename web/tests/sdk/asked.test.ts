import { expect, test } from 'vitest';

import { checkAsked, LIST_LIMIT, TEXT_LIMIT, WORDS_LIMIT } from '../../src/sdk/asked.ts';
import { SdkError } from '../../src/sdk/errors.ts';
import { LINDE_DRAFT } from '../stage/profiles.ts';
import { codeOf } from '../vault/vault_players.ts';

const HERE = { conversation: '00' };
const ONE = { ...HERE, message: '00' };
const FILE = { ...HERE, file: new Blob(['x']), name: 'x', mediaType: 'a/b', transfer: 't' };
const CHOICE = { kind: 'choose', identifier: 'i', requestId: '' };
const PLACE = [1, 2, 3];
const HOURS = LINDE_DRAFT.hours;

function check(operation: unknown, asked: unknown): void {
  checkAsked(operation, asked);
}

test.each<[string, object]>([
  ['open', {}],
  ['register', { name: 'anna' }],
  ['register', { name: 'anna', invitation: undefined }],
  ['register', { name: 'anna', kind: 'business' }],
  ['keepProfileDraft', {}],
  ['publishProfile', { profile: LINDE_DRAFT }],
  ['createGroup', { title: '', addresses: [] }],
  ['messages', { ...HERE, stretch: { from: 'end' }, limit: 5 }],
  ['messages', { ...HERE, stretch: { before: PLACE }, limit: 5 }],
  ['messages', { ...HERE, stretch: { around: '00' }, limit: 5 }],
  ['sendText', { ...HERE, text: 'x', mentions: ['ben'] }],
  ['sendText', { ...HERE, text: 'x'.repeat(TEXT_LIMIT) }],
  ['sendText', { ...HERE, text: 'x', idempotencyId: 'a1'.repeat(16), isAgain: true }],
  ['answerCard', { ...HERE, answer: CHOICE, text: 'x', language: 'de' }],
  [
    'answerCard',
    { ...HERE, answer: { kind: 'cancel_request', uid: 'u' }, text: 'x', language: 'de' },
  ],
  ['sendFile', FILE],
  ['sendFile', { ...FILE, width: 1, waveform: [0, 255], preview: Uint8Array.of(1) }],
  ['change', HERE],
  ['change', { ...HERE, isPinned: true, mutedUntilMs: Number.MAX_SAFE_INTEGER }],
  ['setExpiry', { ...HERE, expiresAfterS: 0 }],
  ['block', { address: 'ben', isBlocked: false }],
])('a right request to %s passes', (operation, asked) => {
  check(operation, asked);
});

test.each<[string, unknown, string]>([
  ['register', { name: 'x'.repeat(WORDS_LIMIT + 1) }, 'name'],
  ['register', { name: 'anna', invitation: null }, 'invitation'],
  ['register', { name: 'anna', kind: 'operator' }, 'kind'],
  ['publishProfile', {}, 'profile'],
  ['publishProfile', { profile: { ...LINDE_DRAFT, name: 5 } }, 'profile'],
  ['checkProfile', { profile: { ...LINDE_DRAFT, hours: { ...HOURS, weekly: [] } } }, 'profile'],
  ['keepProfileDraft', { profile: { ...LINDE_DRAFT, pictures: [{}] } }, 'profile'],
  ['addPublicPicture', { file: 'x' }, 'file'],
  ['createGroup', { title: 'x', addresses: Array(LIST_LIMIT + 1).fill('a') }, 'addresses'],
  ['createGroup', { title: 'x', addresses: ['a', 5] }, 'addresses'],
  ['createGroup', { title: 'x', addresses: { length: 1 } }, 'addresses'],
  ['messages', { ...HERE, stretch: { from: 'middle' }, limit: 5 }, 'stretch'],
  ['messages', { ...HERE, stretch: { before: [1, 2] }, limit: 5 }, 'stretch'],
  ['messages', { ...HERE, stretch: { after: [1, 2, Infinity] }, limit: 5 }, 'stretch'],
  ['messages', { ...HERE, stretch: null, limit: 5 }, 'stretch'],
  ['messages', { ...HERE, stretch: { from: 'end' }, limit: '5' }, 'limit'],
  ['messages', { ...HERE, stretch: { from: 'end' }, limit: -1 }, 'limit'],
  ['sendText', { text: 'x' }, 'conversation'],
  ['sendText', { ...HERE, text: 'x'.repeat(TEXT_LIMIT + 1) }, 'text'],
  ['sendText', { ...HERE, text: { toString: () => 'x' } }, 'text'],
  ['sendText', { ...HERE, text: 'x', idempotencyId: 'a1' }, 'idempotencyId'],
  ['sendText', { ...HERE, text: 'x', idempotencyId: 'A1'.repeat(16) }, 'idempotencyId'],
  ['sendText', { ...HERE, text: 'x', isAgain: 'yes' }, 'isAgain'],
  ['answerCard', { ...HERE, answer: { kind: 'booking' }, text: 'x', language: 'de' }, 'answer'],
  [
    'answerCard',
    { ...HERE, answer: { ...CHOICE, identifier: 1 }, text: 'x', language: 'de' },
    'answer',
  ],
  ['react', { ...ONE, sign: 7 }, 'sign'],
  ['sendFile', { ...FILE, file: 'x' }, 'file'],
  ['sendFile', { ...FILE, width: 2 ** 40 }, 'width'],
  ['sendFile', { ...FILE, durationMs: NaN }, 'durationMs'],
  ['sendFile', { ...FILE, waveform: [256] }, 'waveform'],
  ['sendFile', { ...FILE, waveform: Array(10_000).fill(1) }, 'waveform'],
  ['sendFile', { ...FILE, preview: new Uint8Array(100_000) }, 'preview'],
  ['change', { ...HERE, mutedUntilMs: Infinity }, 'mutedUntilMs'],
  ['change', { ...HERE, isPinned: 'yes' }, 'isPinned'],
  ['setExpiry', { ...HERE, expiresAfterS: 1.5 }, 'expiresAfterS'],
  ['setExpiry', { ...HERE, expiresAfterS: 2 ** 50 }, 'expiresAfterS'],
  ['contacts', null, 'fields'],
  ['contacts', undefined, 'fields'],
  ['contacts', 'all', 'fields'],
])('a request to %s with %o is refused for its %s', async (operation, asked, field) => {
  expect(() => {
    check(operation, asked);
  }).toThrow(new RegExp(`\\(${field}\\).*\\.$`));
  const step = async (): Promise<void> => {
    await Promise.resolve();
    check(operation, asked);
  };
  expect(await codeOf(step())).toBe('bad_request');
});

test.each(['constructor', 'toString', '__proto__', 'nothing', '', 5, undefined, null])(
  'there is no operation %s',
  (operation) => {
    expect(() => {
      check(operation, {});
    }).toThrow(SdkError);
  },
);
