import { afterEach, expect, test, vi } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { MlsDesk } from '../../src/sync/desk.ts';
import { MlsClient, MlsRefused } from '../../src/sync/mls_client.ts';
import type { Request } from '../../src/sync/protocol.ts';
import { freshName, freshPlatform } from '../vault/vault_players.ts';
import { clock, GROUP, pinned, SUITE } from './device_players.ts';
import { HereWorker } from './here_worker.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

async function refusal(step: Promise<unknown>): Promise<MlsRefused> {
  const error: unknown = await step.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MlsRefused);
  return error as MlsRefused;
}

const identity = { suite: SUITE, credentialType: 1, credential: utf8('anna') };

test('requests are answered in their order, whoever waits for which', async () => {
  const client = new MlsClient(new HereWorker());
  const vault = freshName();
  const order: string[] = [];
  const note = (word: string) => () => order.push(word);
  await Promise.all([
    client.ask('open', { vault, wait: false, policy: pinned() }).then(note('open')),
    client.ask('makeIdentity', identity).then(note('identity')),
    client.ask('createGroup', { group: GROUP }).then(note('group')),
    client.ask('encrypt', { group: GROUP, id: utf8('1'), plaintext: utf8('x') }).then(note('say')),
    client.ask('close', {}).then(note('close')),
  ]);
  expect(order).toEqual(['open', 'identity', 'group', 'say', 'close']);
});

test('an error keeps its code, fault and sentence', async () => {
  const client = new MlsClient(new HereWorker());
  const error = await refusal(client.ask('groups', {}));
  expect([error.code, error.fault]).toEqual(['vault_closed', 'local']);
  expect(error.message).toBe('No vault is open here: open one first.');
});

test('a failed request does not hold up the next one', async () => {
  const client = new MlsClient(new HereWorker());
  const failing = client.ask('groups', {});
  const opening = client.ask('open', { vault: freshName(), wait: false, policy: pinned() });
  await refusal(failing);
  expect(await opening).toEqual({ identity: undefined });
  await client.ask('close', {});
});

test('a worker has one vault at a time', async () => {
  const client = new MlsClient(new HereWorker());
  await client.ask('open', { vault: freshName(), wait: false, policy: pinned() });
  const again = client.ask('open', { vault: freshName(), wait: false, policy: pinned() });
  expect((await refusal(again)).code).toBe('vault_usage');
  await client.ask('close', {});
  expect((await refusal(client.ask('groups', {}))).code).toBe('vault_closed');
});

test('two workers do not share a vault', async () => {
  const platform = freshPlatform();
  const [one, other] = [new HereWorker(platform), new HereWorker(platform)].map(
    (worker) => new MlsClient(worker),
  );
  const asked = { vault: freshName(), wait: false, policy: pinned() };
  await one!.ask('open', asked);
  expect((await refusal(other!.ask('open', asked))).code).toBe('vault_busy');
  const waiting = other!.ask('open', { ...asked, wait: true });
  await one!.ask('makeIdentity', identity);
  await one!.ask('close', {});
  expect((await waiting).identity?.credential).toEqual(utf8('anna'));
  await other!.ask('close', {});
});

test.each(['constructor', 'toString', '__proto__', 'nothing'])(
  'there is no operation %s',
  async (operation) => {
    const desk = new MlsDesk(freshPlatform(), clock);
    const request = { id: 1, operation, asked: {} } as unknown as Request;
    const answer = await desk.answer(request, () => undefined);
    expect(answer).toMatchObject({ id: 1, failure: { code: 'usage', fault: 'local' } });
  },
);

test('a mistake of the program is told without its words', async () => {
  const worker = new HereWorker(freshPlatform(), {
    nowMs: () => {
      throw new RangeError('words that may hold anything');
    },
  });
  const client = new MlsClient(worker);
  await client.ask('open', { vault: freshName(), wait: false, policy: pinned() });
  await client.ask('makeIdentity', identity);
  const error = await refusal(client.ask('makeKeyPackages', { count: 1, lifetimeS: 1 }));
  expect(error.code).toBe('internal');
  expect(error.message).not.toContain('words');
  expect(worker.reported).toHaveLength(1);
  await client.ask('close', {});
});
