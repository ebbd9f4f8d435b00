/** What goes into an archive, what never does, and that it is sealed as a file is. */

import { sha256 } from '@noble/hashes/sha2.js';
import { expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { CHUNK_BYTES, Layout } from '../../src/content/stream.ts';
import { parseRecords } from '../../src/sdk/archive_records.ts';
import { ARCHIVE_LIMIT_BYTES } from '../../src/sdk/archive_ref.ts';
import { ARCHIVE_CHUNKS, dropArchive } from '../../src/sdk/archive_writing.ts';
import { StorageUnavailable } from '../../src/platform/database.ts';
import { failPut } from '../vault/vault_players.ts';
import { chunksOf, contentOf, written } from './archive.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player, quiet } from './players.ts';

async function talk(
  count = 3,
): Promise<readonly [anna: Player, ben: Player, conversation: string]> {
  const [anna, ben, conversation] = await annaAndBen(new Delivery());
  for (let number = 0; number < count; number += 1) {
    await anna.say(conversation, `word ${number}`);
  }
  await quiet(anna, ben);
  return [anna, ben, conversation];
}

async function recordsOf(player: Player, limitBytes?: number) {
  const ref = await written(player, limitBytes);
  return parseRecords(await contentOf(player, ref), player.core.address, 10_000).records;
}

test('conversations and contacts come first, then messages, the newest first', async () => {
  const [anna] = await talk();
  const records = await recordsOf(anna);
  const kinds = records.map(({ kind }) => kind);
  expect(kinds[0]).toBe('head');
  expect(kinds.at(-1)).toBe('end');
  expect(kinds.indexOf('message')).toBeGreaterThan(kinds.lastIndexOf('conversation'));
  expect(kinds.indexOf('conversation')).toBeGreaterThan(kinds.lastIndexOf('contact'));
  const rows = records.flatMap((record) => (record.kind === 'message' ? [record.row] : []));
  const seqs = rows.map(({ seq }) => seq!);
  expect(seqs).toEqual([...seqs].sort((one, other) => other - one));
  expect(records.at(-1)).toEqual({ kind: 'end', records: records.length - 1 });
});

test('no secret of a group, of the device or of the account is in it', async () => {
  const [anna] = await talk();
  const content = toHex(await contentOf(anna, await written(anna)));
  const { own } = anna.core;
  const group = await anna.copyOfGroup(anna.only().id);
  const { ratchetState } = group.save();
  const secrets = [own.identity!.toBytes(), own.deviceKey.toBytes(), group.epochAuthenticator];
  for (let at = 0; at + 32 <= ratchetState.length; at += 16) {
    const piece = ratchetState.slice(at, at + 32);
    if (new Set(piece).size > 20) {
      secrets.push(piece); // what looks random
    }
  }
  expect(secrets.length).toBeGreaterThan(4);
  for (const secret of secrets) {
    expect(content).not.toContain(toHex(secret));
  }
});

test('what waits to be sent stays behind, and so does what is over', async () => {
  const [anna, , conversation] = await talk(1);
  anna.line.cut();
  await anna.say(conversation, 'not sent yet');
  await quiet(anna);
  const rows = (await recordsOf(anna)).flatMap((record) =>
    record.kind === 'message' ? [record.row] : [],
  );
  expect(rows.every(({ seq }) => seq !== undefined)).toBe(true);
  expect(Buffer.concat(rows.map(({ content }) => content)).includes('not sent yet')).toBe(false);
});

test('it is sealed as a file is: its chunks open in their places and fill up to few lengths', async () => {
  const [anna] = await talk();
  const ref = await written(anna);
  const chunks = await chunksOf(anna, ref);
  const layout = new Layout(ref.contentBytes);
  expect(chunks.map(({ length }) => length)).toEqual(
    chunks.map((_, number) => layout.sealedIn(number)),
  );
  expect(sha256(Buffer.concat(chunks))).toEqual(ref.digest);
  expect(Buffer.concat(chunks).includes('word 1')).toBe(false);
});

test('one that is longer than a chunk is the same as if it had been known how long it is', async () => {
  const [anna, , conversation] = await talk(1);
  const text = 'x'.repeat(50_000);
  for (let number = 0; number < 24; number += 1) {
    await anna.say(conversation, `${number} ${text}`);
  }
  await quiet(anna);
  const ref = await written(anna);
  expect(ref.contentBytes).toBeGreaterThan(CHUNK_BYTES);
  const content = await contentOf(anna, ref); // every chunk opens
  expect(content).toHaveLength(ref.contentBytes);
  const { records, taken } = parseRecords(content, anna.core.address, 10_000);
  expect([taken, records.at(-1)?.kind]).toEqual([ref.contentBytes, 'end']);
}, 120_000);

test('when there is more than it may hold, the oldest messages stay behind', async () => {
  const [anna] = await talk(10);
  const whole = await recordsOf(anna);
  const some = await recordsOf(anna, 1600);
  expect(some.length).toBeLessThan(whole.length);
  expect(some.at(-1)).toEqual({ kind: 'end', records: some.length - 1 });
  expect(some.slice(1, -1)).toEqual(whole.slice(1, some.length - 1));
  expect(new Layout(ARCHIVE_LIMIT_BYTES).chunks).toBeLessThanOrEqual(ARCHIVE_CHUNKS);
  expect(new Layout(ARCHIVE_LIMIT_BYTES).sealedBytes).toBeLessThan(100 * 1024 * 1024);
});

test('nothing of it is left when the disk is full', async () => {
  const [anna] = await talk(1);
  const count = await anna.core.vault.select('chunk');
  failPut();
  await expect(written(anna)).rejects.toThrow(StorageUnavailable);
  expect(await anna.core.vault.select('chunk')).toEqual(count);
  const ref = await written(anna);
  await dropArchive(anna.core, ref.blob);
  expect(await anna.core.vault.select('chunk')).toEqual(count);
});
