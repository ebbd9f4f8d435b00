import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ConversationId } from '../../src/base/ids.ts';
import { StorageUnavailable, type Write } from '../../src/platform/database.ts';
import { KEPT, type Problem, Problems, SENTENCE_LIMIT } from '../../src/vault/problems.ts';
import { PROBLEM } from '../../src/vault/schema.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';
import {
  codeOf,
  failPut,
  freshPlatform,
  freshVault,
  shownInClear,
  tamper,
} from './vault_players.ts';

const ROOM = ConversationId.of(new Uint8Array(16).fill(7));

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await vault.close();
});

const junk = (seq: number): Problem => ({
  conversation: ROOM,
  seq,
  code: 'junk',
  sentence: 'Junk.',
  atMs: seq,
});

const first: Problem = { ...junk(7), code: 'log_gap', sentence: 'Something is missing.' };
const second: Problem = {
  conversation: undefined,
  seq: undefined,
  code: 'bad_content',
  sentence: 'Etwas ist nicht in Ordnung: „Grüße“.',
  atMs: 1_800_000_000_000,
};

test('problems are kept in order', async () => {
  const table = new Problems(vault);
  await vault.write([...(await table.add(first)), ...(await table.add(second))]);
  expect(await table.all()).toEqual([first, second]);
});

test('those that are noted at the same time do not take each other’s place', async () => {
  const table = new Problems(vault);
  const writes = await Promise.all([1, 2, 3, 4, 5].map((seq) => table.add(junk(seq))));
  await Promise.all(writes.toReversed().map((some) => vault.write(some)));
  expect((await table.all()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
});

test('the next life of the vault goes on behind them', async () => {
  await vault.write(await new Problems(vault).add(first));
  await vault.close();
  vault = await Vault.open(platform, vault.name, false);
  await vault.write(await new Problems(vault).add(second));
  expect(await new Problems(vault).all()).toEqual([first, second]);
});

test('the oldest go when there are too many', async () => {
  const table = new Problems(vault);
  for (let start = 0; start < KEPT + 20; start += 100) {
    const writes: Write[] = [];
    for (let seq = start; seq < start + 100; seq += 1) {
      writes.push(...(await table.add(junk(seq))));
    }
    await vault.write(writes);
  }
  const kept = await table.all();
  expect(kept).toHaveLength(KEPT);
  expect(kept.at(-1)?.seq).toBe(KEPT + 99);
});

test('one that stayed because a write failed goes with a later one', async () => {
  const table = new Problems(vault);
  const writes: Write[] = [];
  for (let seq = 1; seq <= KEPT; seq += 1) {
    writes.push(...(await table.add(junk(seq))));
  }
  await vault.write(writes);
  failPut();
  expect(await codeOf(vault.write(await table.add(first)))).toBe('storage_full');
  expect(await table.all()).toHaveLength(KEPT);
  await vault.write(await table.add(second));
  const kept = await table.all();
  expect(kept).toHaveLength(KEPT - 1);
  expect(kept.at(-1)).toEqual(second);
});

test('storage that is away for a while does not end the numbering', async () => {
  const table = new Problems(vault);
  const away = vi.spyOn(vault, 'lastNumber').mockRejectedValue(new StorageUnavailable('Away.'));
  expect(await codeOf(table.add(first))).toBe('storage_unavailable');
  away.mockRestore();
  await vault.write(await table.add(first));
  expect(await table.all()).toEqual([first]);
});

test('long sentences are cut', async () => {
  const table = new Problems(vault);
  await vault.write(await table.add({ ...first, sentence: 'x'.repeat(100_000) }));
  expect((await table.all())[0]?.sentence).toHaveLength(SENTENCE_LIMIT);
});

test('what they say is not in the clear, and stays in its place', async () => {
  const table = new Problems(vault);
  await vault.write(await table.add(first));
  expect(await shownInClear(platform, vault, PROBLEM)).not.toMatch(/missing|log_gap/);
  await tamper(platform, vault, PROBLEM, (row) => {
    row['number'] = 9;
  });
  expect(await codeOf(table.all())).toBe('vault_damaged');
});
