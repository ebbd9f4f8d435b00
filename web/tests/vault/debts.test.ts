import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { ConversationId, MessageId } from '../../src/base/ids.ts';
import {
  type Debt,
  debtName,
  Debts,
  IDEMPOTENCY_BYTES,
  newIdempotencyId,
} from '../../src/vault/debts.ts';
import { DEBT } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const HERE = ConversationId.of(new Uint8Array(16).fill(1));
const THERE = ConversationId.of(new Uint8Array(16).fill(2));
const message = (number: number): MessageId => MessageId.of(new Uint8Array(32).fill(number));

let platform: Platform;
let vault: Vault;
let debts: Debts;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
  debts = new Debts(vault);
  await debts.load();
});

afterEach(async () => {
  await vault.close();
});

async function owe(change: Partial<Debt> = {}): Promise<Debt> {
  const debt: Debt = {
    ...{ conversation: HERE, kind: 'message', idempotencyId: newIdempotencyId() },
    ...{ intent: utf8('intent'), payload: new Uint8Array(0), ...change },
  };
  await vault.write([await debts.add(debt)]);
  return debt;
}

const names = (all: readonly Debt[]): string[] =>
  all.map(({ idempotencyId }) => debtName(idempotencyId));

test('ids are random and long enough', () => {
  expect(newIdempotencyId()).toHaveLength(IDEMPOTENCY_BYTES);
  expect(newIdempotencyId()).not.toEqual(newIdempotencyId());
});

test('debts are paid in the order in which they were made, after a restart too', async () => {
  const owed = [await owe(), await owe({ conversation: THERE }), await owe()];
  debts = new Debts(vault);
  await debts.load();
  owed.push(await owe());
  const here = [owed[0]!, owed[2]!, owed[3]!];
  expect(names(await debts.of(HERE))).toEqual(names(here));
  expect(names([(await debts.first(HERE))!])).toEqual(names([owed[0]!]));
  expect(await debts.conversations()).toHaveLength(2);
  await vault.write([debts.remove(owed[0]!.idempotencyId)]);
  expect(names([(await debts.first(HERE))!])).toEqual(names([owed[2]!]));
  expect(await debts.first(ConversationId.of(new Uint8Array(16)))).toBeUndefined();
});

test('a Commit that is made goes first, and messages that are held wait', async () => {
  const [held, text] = [await owe({ messageId: message(1) }), await owe({ messageId: message(2) })];
  const change = await owe({ kind: 'change' });
  const first = async (waiting: string[] = []): Promise<string[]> =>
    names([(await debts.first(HERE, new Set(waiting)))!]);
  expect(await first()).toEqual(names([held]));
  expect(await first([message(1).hex])).toEqual(names([text]));
  await vault.write([await debts.setPayload(change, 3n, utf8('commit'))]);
  expect(await first([message(1).hex])).toEqual(names([change]));
});

test('a payload is bound to its epoch, keeps its place, and is made anew with none', async () => {
  const one = await owe({ messageId: message(1) });
  await owe();
  await vault.write([await debts.setPayload(one, 2n ** 63n, utf8('bytes'))]);
  expect(await debts.get(one.idempotencyId)).toEqual({
    ...one,
    epoch: 2n ** 63n,
    payload: utf8('bytes'),
  });
  expect(names(await debts.of(HERE))[0]).toBe(debtName(one.idempotencyId));
  await vault.write([await debts.setPayload(one, undefined, new Uint8Array(0))]);
  expect((await debts.get(one.idempotencyId))?.epoch).toBeUndefined();
});

test('what is paid does not come back by a late payload', async () => {
  const one = await owe();
  const late = await debts.setPayload(one, 1n, utf8('bytes'));
  await vault.write([debts.remove(one.idempotencyId), late]);
  expect(await debts.get(one.idempotencyId)).toBeUndefined();
});

test('a debt is found by its message', async () => {
  const one = await owe({ messageId: message(5) });
  expect(names([(await debts.forMessage(message(5)))!])).toEqual(names([one]));
  expect(await debts.forMessage(message(6))).toBeUndefined();
});

test('what is owed cannot be read from the outside, nor altered', async () => {
  await owe({ intent: utf8('the secret'), messageId: message(1) });
  expect(await shownInClear(platform, vault, DEBT)).not.toContain('secret');
  await tamper(platform, vault, DEBT, (row) => {
    row['kind'] = 'leave';
  });
  expect(await codeOf(debts.of(HERE))).toBe('vault_damaged');
  await tamper(platform, vault, DEBT, (row) => {
    row['kind'] = 'nonsense';
  });
  expect(await codeOf(debts.of(HERE))).toBe('vault_damaged');
});

test('a debt does not move to another conversation', async () => {
  await owe();
  await tamper(platform, vault, DEBT, (row) => {
    row['conversation'] = THERE.bytes;
  });
  expect(await codeOf(debts.of(THERE))).toBe('vault_damaged');
});
