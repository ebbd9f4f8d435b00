import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { type MemberView, type Received, ReceivedTable } from '../../src/vault/received.ts';
import { RECEIVED } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, tamper } from './vault_players.ts';

const GROUP = utf8('group');

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

const member = (leafIndex: number): MemberView => ({
  leafIndex,
  credentialType: 1,
  credential: utf8(`member ${leafIndex}`),
  signatureKey: utf8('key'),
});

const message = (position: number, group = GROUP): Received => ({
  position,
  group,
  taken: {
    kind: 'message',
    epoch: 2n ** 40n,
    sender: member(3),
    authenticated: utf8('beside'),
    plaintext: utf8(`text ${position}`),
  },
});

const digest = (number: number): Uint8Array => Uint8Array.of(number, 0, 1);

test.each<Received>([
  message(1),
  {
    position: 1,
    group: GROUP,
    taken: { kind: 'proposal', epoch: 1n, sender: undefined, type: 3, reference: utf8('ref') },
  },
  {
    position: 1,
    group: GROUP,
    taken: { kind: 'proposal', epoch: 1n, sender: member(1), type: 1, reference: utf8('ref') },
  },
  {
    position: 1,
    group: GROUP,
    taken: {
      kind: 'commit',
      epoch: 5n,
      sender: member(0),
      added: [member(4), member(5)],
      removed: [member(1)],
      isOwn: false,
      isSelfRemoved: true,
      endsGroup: true,
    },
  },
])('what was received comes back as it was: $taken.kind', async (received) => {
  const table = new ReceivedTable(vault);
  await vault.write([await table.add(received, digest(1))]);
  expect(await table.byEnvelope(GROUP, digest(1))).toEqual(received);
  expect(await table.byEnvelope(GROUP, digest(2))).toBeUndefined();
  expect(await table.byEnvelope(utf8('other'), digest(1))).toBeUndefined();
});

test('reading goes on after a position, in one group or in all', async () => {
  const table = new ReceivedTable(vault);
  const other = utf8('another group');
  const rows = [message(1), message(2, other), message(3), message(4)];
  await vault.write(await Promise.all(rows.map((row) => table.add(row, digest(row.position)))));
  const positions = async (...asked: Parameters<ReceivedTable['after']>): Promise<number[]> =>
    (await table.after(...asked)).map(({ position }) => position);
  expect(await positions(0, 10)).toEqual([1, 2, 3, 4]);
  expect(await positions(1, 10, GROUP)).toEqual([3, 4]);
  expect(await positions(0, 10, other)).toEqual([2]);
  expect(await positions(1, 2)).toEqual([2, 3]);
  expect(await positions(4, 10)).toEqual([]);
  expect(await table.last()).toBe(4);
});

test('one envelope has one row', async () => {
  const table = new ReceivedTable(vault);
  await vault.write([await table.add(message(1), digest(1))]);
  const again = await table.add(message(2), digest(1));
  expect(await codeOf(vault.write([again]))).toBe('storage_unavailable');
  expect(await table.last()).toBe(1);
});

test.each([
  ['position', 7],
  ['group', utf8('elsewhere')],
  ['envelope', digest(9)],
  ['sealed', 'text'],
])('a received row whose %s was altered is refused', async (name, value) => {
  const table = new ReceivedTable(vault);
  await vault.write([await table.add(message(1), digest(1))]);
  await tamper(platform, vault, RECEIVED, (row) => {
    row[name] = value;
  });
  expect(await codeOf(table.after(0, 10))).toBe('vault_damaged');
});
