import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { MessageId } from '../../src/base/ids.ts';
import { Chunks, type Upload } from '../../src/vault/chunks.ts';
import { CHUNK, UPLOAD } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, tamper } from './vault_players.ts';

const [BLOB, OTHER] = [utf8('blob'), utf8('blob 2')];

let platform: Platform;
let vault: Vault;
let chunks: Chunks;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
  chunks = new Chunks(vault);
});

afterEach(async () => {
  await vault.close();
});

const upload = (number: number): Upload => ({
  message: MessageId.of(new Uint8Array(32).fill(number)),
  blob: BLOB,
  digest: utf8('digest'),
  contentBytes: 2 ** 39,
});

test('chunks are kept by blob and number, and go together', async () => {
  await vault.write([
    chunks.put(BLOB, 0, utf8('a')),
    chunks.put(BLOB, 1, utf8('b')),
    chunks.put(OTHER, 0, utf8('c')),
  ]);
  expect(await chunks.get(BLOB, 1)).toEqual(utf8('b'));
  expect(await chunks.get(BLOB, 2)).toBeUndefined();
  await vault.write(chunks.remove(BLOB, 5));
  expect(await chunks.get(BLOB, 0)).toBeUndefined();
  expect(await chunks.get(OTHER, 0)).toEqual(utf8('c'));
});

test('uploads wait until they are over', async () => {
  await vault.write([await chunks.putUpload(upload(1)), await chunks.putUpload(upload(2))]);
  expect(await chunks.uploads()).toEqual([upload(1), upload(2)]);
  await vault.write([chunks.removeUpload(upload(1).message)]);
  expect(await chunks.uploads()).toEqual([upload(2)]);
});

test('an upload belongs to its message, and a chunk is bytes', async () => {
  await vault.write([await chunks.putUpload(upload(1)), chunks.put(BLOB, 0, utf8('a'))]);
  await tamper(platform, vault, UPLOAD, (row) => {
    row['message'] = upload(2).message.bytes;
  });
  expect(await codeOf(chunks.uploads())).toBe('vault_damaged');
  await tamper(platform, vault, CHUNK, (row) => {
    row['bytes'] = 'text';
  });
  expect(await codeOf(chunks.get(BLOB, 0))).toBe('vault_damaged');
});
