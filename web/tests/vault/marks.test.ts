import { afterEach, beforeEach, expect, test } from 'vitest';

import { AccountAddress, ConversationId, MessageId } from '../../src/base/ids.ts';
import { Marks } from '../../src/vault/marks.ts';
import { MARK, STATUS } from '../../src/vault/schema.ts';
import { type Platform, Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const ROOM = ConversationId.of(new Uint8Array(16).fill(1));
const OTHER_ROOM = ConversationId.of(new Uint8Array(16).fill(2));
const ANNA = new AccountAddress('anna', 'localhost');
const CEM = new AccountAddress('cem', 'localhost');
const MESSAGE = MessageId.of(new Uint8Array(32).fill(1));
const OTHER_MESSAGE = MessageId.of(new Uint8Array(32).fill(2));
const [DELIVERED, READ] = [1, 2];

let platform: Platform;
let vault: Vault;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
});

afterEach(async () => {
  await vault.close();
});

test('marks by account', async () => {
  const marks = new Marks(vault);
  await vault.write([
    await marks.reach(ROOM, ANNA, 4),
    await marks.reach(ROOM, CEM, 2),
    await marks.reach(ROOM, ANNA, 3),
    await marks.reach(OTHER_ROOM, ANNA, 9),
  ]);
  expect(await marks.reached(ROOM)).toEqual(
    new Map([
      [ANNA.uri, 4],
      [CEM.uri, 2],
    ]),
  );
  expect(await marks.reached(ConversationId.of(new Uint8Array(16)))).toEqual(new Map());
});

test('a mark that is written late does not take back a later one', async () => {
  const marks = new Marks(vault);
  const writes = await Promise.all([5, 7, 6].map((seq) => marks.reach(ROOM, ANNA, seq)));
  await Promise.all(writes.map((write) => vault.write([write])));
  expect(await marks.reached(ROOM)).toEqual(new Map([[ANNA.uri, 7]]));
});

test('marks go on growing in the next life of the vault', async () => {
  await vault.write([await new Marks(vault).reach(ROOM, ANNA, 4)]);
  await vault.close();
  vault = await Vault.open(platform, vault.name, false);
  const marks = new Marks(vault);
  await vault.write([await marks.reach(ROOM, ANNA, 3)]);
  expect(await marks.reached(ROOM)).toEqual(new Map([[ANNA.uri, 4]]));
  await vault.write([await marks.reach(ROOM, ANNA, 5)]);
  expect(await marks.reached(ROOM)).toEqual(new Map([[ANNA.uri, 5]]));
});

test('read is not taken back by delivered', async () => {
  const marks = new Marks(vault);
  await vault.write([
    await marks.report(MESSAGE, ANNA, READ, 1),
    await marks.report(MESSAGE, ANNA, DELIVERED, 2),
    await marks.report(MESSAGE, CEM, DELIVERED, 3),
  ]);
  const reports = await marks.reports([MESSAGE, OTHER_MESSAGE]);
  expect([...reports.keys()]).toEqual([MESSAGE.hex]);
  expect(reports.get(MESSAGE.hex)).toEqual(
    new Map([
      [ANNA.uri, READ],
      [CEM.uri, DELIVERED],
    ]),
  );
});

test('nothing in the clear says whose marks they are', async () => {
  const marks = new Marks(vault);
  await vault.write([await marks.reach(ROOM, ANNA, 4), await marks.report(MESSAGE, ANNA, READ, 1)]);
  for (const store of [MARK, STATUS]) {
    expect(await shownInClear(platform, vault, store)).not.toMatch(/anna|localhost/);
  }
  expect(await vault.names.of(MARK, ANNA.uri)).not.toEqual(await vault.names.of(STATUS, ANNA.uri));
});

test.each([
  ['seq', 40],
  ['conversation', OTHER_ROOM.bytes],
  ['account', new Uint8Array(32)],
])('a mark whose %s was altered is refused', async (field, value) => {
  const marks = new Marks(vault);
  await vault.write([await marks.reach(ROOM, ANNA, 4)]);
  await tamper(platform, vault, MARK, (row) => {
    row[field] = value;
  });
  expect(await codeOf(marks.reached(field === 'conversation' ? OTHER_ROOM : ROOM))).toBe(
    'vault_damaged',
  );
});

test('a status that was raised behind the vault’s back is refused', async () => {
  const marks = new Marks(vault);
  await vault.write([await marks.report(MESSAGE, ANNA, DELIVERED, 1)]);
  await tamper(platform, vault, STATUS, (row) => {
    row['status'] = READ;
  });
  expect(await codeOf(marks.reports([MESSAGE]))).toBe('vault_damaged');
});
