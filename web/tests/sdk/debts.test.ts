import { expect, test } from 'vitest';

import { OperatorError, type PlauschError, RemoteError } from '../../src/base/errors.ts';
import { AccountAddress, ConversationId } from '../../src/base/ids.ts';
import { type Live, Live as LiveConversation } from '../../src/sdk/core.ts';
import {
  intentOf,
  isForGood,
  onlyTidies,
  Progress,
  removalBehind,
  STALE_ATTEMPTS,
} from '../../src/sdk/debts.ts';
import { NotParticipant, TrustRefused } from '../../src/sdk/errors.ts';
import { Intent } from '../../src/sdk/membership.ts';
import { KeptConversation } from '../../src/vault/conversations.ts';
import { type Debt, type DebtKind, newIdempotencyId } from '../../src/vault/debts.ts';
import { refusal } from './delivery.ts';

const BEN = new AccountAddress('ben', 'localhost');
const CONVERSATION = ConversationId.of(new Uint8Array(16));
const EMPTY = new Uint8Array(0);

function debt(kind: DebtKind, intent?: Intent): Debt {
  const raw = intent?.toBytes() ?? EMPTY;
  const idempotencyId = newIdempotencyId();
  return { conversation: CONVERSATION, kind, intent: raw, payload: EMPTY, idempotencyId };
}

const MESSAGE = debt('message');
const ADDS = debt('change', new Intent([BEN]));
const REMOVES = debt('change', new Intent([], [BEN]));
const TIDIES = debt('change', new Intent());
const OPENS = debt('change', new Intent([BEN], [], true));

test('what is struck and what is tried again', () => {
  const gone = new NotParticipant('Out.');
  const refused = refusal('too_large');
  const later = refusal('rate_limited', { retryAfterMs: 5 });
  const trouble = refusal('storage_unavailable', { fault: 'operator' });
  const untrusted = new TrustRefused('Who?');
  const cases: [Debt, PlauschError, boolean][] = [
    [MESSAGE, gone, true],
    [MESSAGE, refused, true],
    [MESSAGE, later, false],
    [MESSAGE, trouble, false],
    [MESSAGE, untrusted, false],
    [ADDS, refused, true],
    [ADDS, later, true],
    [ADDS, untrusted, true],
    [ADDS, trouble, false],
    [OPENS, untrusted, false],
    [OPENS, later, false],
    [OPENS, refused, true],
    [REMOVES, untrusted, false],
    [TIDIES, refused, true],
    [MESSAGE, new OperatorError('Disk.'), false],
    [ADDS, new RemoteError('Odd.'), true],
  ];
  for (const [owed, error, isStruck] of cases) {
    expect(isForGood(owed, error)).toBe(isStruck);
  }
});

test('only a change has an intent', () => {
  expect(intentOf(MESSAGE).onlyTidies).toBe(true);
  expect(intentOf(OPENS)).toMatchObject({ opening: true });
  expect([MESSAGE, ADDS, REMOVES, TIDIES, OPENS].map(onlyTidies)).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
});

test('a removal goes before what is blocked but never before a beginning', () => {
  const debts = [MESSAGE, ADDS, REMOVES];
  expect(removalBehind(MESSAGE, debts)).toBe(REMOVES);
  expect(removalBehind(REMOVES, debts)).toBeUndefined();
  expect(removalBehind(debt('create'), [debt('create'), REMOVES])).toBeUndefined();
  expect(removalBehind(OPENS, [OPENS, REMOVES])).toBeUndefined();
  const both = debt('change', new Intent([BEN], [BEN]));
  expect(removalBehind(MESSAGE, [MESSAGE, both])).toBeUndefined();
});

test('patience with a log is renewed by what is new in it', () => {
  const live: Live = new LiveConversation(new KeptConversation(CONVERSATION));
  const progress = new Progress(live);
  for (let left = STALE_ATTEMPTS - 1; left > 0; left -= 1) {
    expect(progress.made()).toBe(true);
  }
  live.kept.cursor = 1;
  expect(progress.made()).toBe(true);
  for (let left = STALE_ATTEMPTS - 1; left > 0; left -= 1) {
    expect(progress.made()).toBe(true);
  }
  expect(progress.made()).toBe(false);
});
