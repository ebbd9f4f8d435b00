/** What the parts of a device share: memory that follows the vault, judging, waiting, tasks. */

import { beforeEach, expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { AccountAddress, ConversationId } from '../../src/base/ids.ts';
import type { Group } from '../../src/mls/group.ts';
import { EPOCHS_REMEMBERED, Live } from '../../src/sdk/core.ts';
import { NeedsAccount } from '../../src/sdk/trust.ts';
import { KeptConversation } from '../../src/vault/conversations.ts';
import { newIdempotencyId } from '../../src/vault/debts.ts';
import { codeOf, failPut } from '../vault/vault_players.ts';
import { Delivery, offline } from './delivery.ts';
import { annaAndBen, Player, quiet } from './players.ts';

let delivery: Delivery;
let anna: Player;
let ben: Player;
let id: string;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben, id] = await annaAndBen(delivery);
});

const epoch = (number: bigint): Group =>
  ({ epoch: number, epochAuthenticator: Uint8Array.of(Number(number)) }) as unknown as Group;

test('the newest epochs are remembered and no others', () => {
  const live = new Live(new KeptConversation(ConversationId.of(new Uint8Array(16))));
  for (let number = 0n; number < 20n; number += 1n) {
    live.rememberEpoch(epoch(number));
  }
  expect([...live.authenticators.keys()]).toHaveLength(EPOCHS_REMEMBERED);
  expect(live.authenticators.has(19n)).toBe(true);
  expect(live.authenticators.has(11n)).toBe(false);
});

test('others are the participants without oneself', () => {
  expect(anna.live(id).others(anna.core.address).map(String)).toEqual([ben.address]);
});

test('a change that fails leaves what the vault holds', async () => {
  const live = anna.live(id);
  const refused = anna.core.changing(live, () => {
    live.kept.title = 'never';
    return Promise.reject(new LocalError('No.', { code: 'no' }));
  });
  expect(await codeOf(refused)).toBe('no');
  expect([live.kept.title, live.group]).toEqual(['', undefined]);
});

test('no key is used for two messages when a write fails', async () => {
  const live = anna.live(id);
  const encrypt = (): Promise<Uint8Array> =>
    anna.core.changing(live, async () => {
      const raw = (await anna.core.group(live)).encrypt(Uint8Array.of(1), new Uint8Array(0));
      await anna.core.vault.write(await anna.core.saveGroup(live, false));
      return raw;
    });
  failPut();
  expect(await codeOf(encrypt())).toBe('storage_full');
  const sent = [await encrypt(), await encrypt()];
  expect(sent[0]).not.toEqual(sent[1]);
});

test('one changes at a time', async () => {
  const live = anna.live(id);
  const order: number[] = [];
  const slow = (number: number): Promise<void> =>
    anna.core.changing(live, async () => {
      order.push(number);
      await Promise.resolve();
      order.push(number);
    });
  await Promise.all([slow(1), slow(2), slow(3)]);
  expect(order).toEqual([1, 1, 2, 2, 3, 3]);
});

test('without a group nothing can be done', async () => {
  const live = anna.live(id);
  live.group = undefined;
  await anna.core.vault.write(anna.core.groups.remove(live.id.bytes));
  expect(await codeOf(anna.core.group(live))).toBe('conversation_broken');
  expect(await anna.core.saveGroup(live, true)).toEqual([]);
});

test('everything is loaded again, messages that wait for files among it', async () => {
  anna.line.cut();
  const file = new Blob(['x']);
  const asked = { conversation: id, file, name: 'x', mediaType: 'text/plain', transfer: 't' };
  const message = await anna.parts.files.send(anna.live(id), asked);
  await anna.restart(false);
  expect(anna.core.held).toEqual(new Set([message.hex]));
  expect(anna.rooms.conversation({ conversation: id }).participants).toHaveLength(2);
  expect(await anna.texts(id)).toHaveLength(2);
});

test('strangers are looked up while judging, and who does not exist is asked for once', async () => {
  await Player.join(delivery, 'cem');
  const judged: string[] = [];
  const ask = (name: string): Promise<string> =>
    anna.core.judged(() => {
      judged.push(name);
      const address = new AccountAddress(name, 'localhost');
      if (judged.length === 1) {
        throw new NeedsAccount(address);
      }
      return Promise.resolve(name);
    });
  expect(await ask('cem')).toBe('cem');
  expect(judged).toEqual(['cem', 'cem']);
  judged.length = 0;
  await ask('nobody');
  expect(anna.problems()).toEqual(['unknown_account']);
  anna.line.cut();
  judged.length = 0;
  expect(await codeOf(ask('dora'))).toBe('unreachable');
});

test('a problem is told after it is kept', async () => {
  await anna.core.report(anna.live(id).id, 3, new LocalError('Odd.', { code: 'odd' }));
  const [problem] = await anna.core.problems.all();
  expect(problem).toMatchObject({ code: 'odd', sentence: 'Odd.', seq: 3 });
  expect(anna.problems()).toEqual(['odd']);
});

test('a waiter hears once whoever asks, and who waits is told what prevents it', async () => {
  const [one, two] = [newIdempotencyId(), newIdempotencyId()];
  const waiting = [anna.core.waiter(one), anna.core.waiter(one)];
  anna.core.fulfil(one, 7);
  anna.core.fulfil(one, 8);
  expect(await Promise.all(waiting)).toEqual([7, 7]);
  const refused = codeOf(anna.core.waiter(two));
  anna.core.disappoint(two, new LocalError('No.', { code: 'no' }));
  expect(await refused).toBe('no');
});

test('closing ends tasks and waiters', async () => {
  const waiting = codeOf(anna.core.waiter(newIdempotencyId()));
  let steps = 0;
  anna.core.close(offline());
  anna.core.spawn(() => {
    steps += 1;
    return Promise.resolve();
  });
  await anna.core.patiently(() => Promise.reject(new Error('never run')));
  expect([await waiting, steps, anna.core.isClosed]).toEqual(['unreachable', 0, true]);
});

test('a task that fails as foreseen becomes an event, and a defect is shown as one', async () => {
  anna.core.spawn(() => Promise.reject(new LocalError('No.', { code: 'no' })));
  anna.core.spawn(() => Promise.reject(new TypeError('private words')));
  await quiet(anna);
  expect(anna.problems()).toEqual(['no', 'internal']);
  expect(JSON.stringify(anna.events)).not.toContain('private words');
});

test('a full disk is waited for with growing patience', async () => {
  let tries = 0;
  anna.core.spawn(() =>
    anna.core.patiently(async () => {
      tries += 1;
      if (tries < 4) {
        failPut();
      }
      await anna.core.report(undefined, undefined, new LocalError('x', { code: 'x' }));
    }),
  );
  const delays: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await quiet(anna);
    const [delay] = anna.timers.delaysMs;
    delays.push(delay!);
    await anna.timers.pass(delay!);
  }
  await quiet(anna);
  expect(delays).toEqual([125, 250, 500]);
  expect([tries, anna.problems().at(-1)]).toEqual([4, 'x']);
});
