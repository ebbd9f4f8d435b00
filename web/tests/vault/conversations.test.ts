import { afterEach, beforeEach, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { AccountAddress, ConversationId, DeviceAddress } from '../../src/base/ids.ts';
import { Conversations, KeptConversation } from '../../src/vault/conversations.ts';
import { CONVERSATION } from '../../src/vault/schema.ts';
import { type Platform, type Vault } from '../../src/vault/vault.ts';
import { codeOf, freshPlatform, freshVault, shownInClear, tamper } from './vault_players.ts';

const ID = ConversationId.of(new Uint8Array(16).fill(1));
const [ANNA, BEN, CEM] = ['anna', 'ben', 'cem'].map(
  (name) => new AccountAddress(name, 'localhost'),
);
const device = (account: AccountAddress, id = '0'.repeat(16)) => new DeviceAddress(account, id);

let platform: Platform;
let vault: Vault;
let conversations: Conversations;

beforeEach(async () => {
  platform = freshPlatform();
  vault = await freshVault(platform);
  conversations = new Conversations(vault);
});

afterEach(async () => {
  await vault.close();
});

function whole(): KeptConversation {
  const kept = new KeptConversation(ID);
  kept.setMembers([device(BEN!), device(ANNA!)], [CEM!]);
  return Object.assign(kept, {
    ...{ state: 'open', isRequest: true, title: 'Das Geheimnis', epoch: 2n ** 60n, cursor: 7 },
    known: 12,
    ...{ readSeq: 5, unread: 2, activeAtMs: 9, ordinalMs: 8, isPinned: true, isArchived: true },
    ...{ mutedUntilMs: 11, draft: 'half', expiresAfterS: 60 },
    last: {
      ...{ message: '00', text: 'words', kind: 'text', sender: 'x', isOutgoing: true },
      ...{ isDeleted: false, state: 'read', atMs: 3 },
    },
  });
}

test('a conversation comes back as it was', async () => {
  const kept = whole();
  await vault.write([await conversations.put(kept)]);
  const [read] = await conversations.all();
  expect(read).toEqual(kept);
  expect(read!.members.map(({ uri }) => uri)).toEqual(kept.members.map(({ uri }) => uri));
  expect(await conversations.get(ID)).toEqual(kept);
  await vault.write([conversations.remove(ID)]);
  expect(await conversations.get(ID)).toBeUndefined();
});

test('a new one is empty and survives too', async () => {
  const kept = new KeptConversation(ID);
  await vault.write([await conversations.put(kept)]);
  expect(await conversations.get(ID)).toEqual(kept);
});

test('a row from before there was a second reading is one of a first', async () => {
  const written = { members: [], invited: [], epoch: '1', cursor: 7 };
  const sealed = await vault.seal.close(CONVERSATION, ID.bytes, utf8(JSON.stringify(written)));
  await vault.write([{ store: CONVERSATION, put: { id: ID.bytes, activeAtMs: 0, sealed } }]);
  const kept = await conversations.get(ID);
  expect([kept?.cursor, kept?.known]).toEqual([7, 0]);
});

test('what people see is sealed', async () => {
  await vault.write([await conversations.put(whole())]);
  const shown = await shownInClear(platform, vault, CONVERSATION);
  for (const secret of ['Geheimnis', 'half', 'words', 'ben']) {
    expect(shown).not.toContain(secret);
  }
});

test('participants are each account once, in order, with those to come', () => {
  const kept = new KeptConversation(ID);
  kept.setMembers([device(BEN!), device(ANNA!), device(BEN!, '1'.repeat(16))], [CEM!, ANNA!]);
  expect(kept.participants.map(String)).toEqual([ANNA, BEN, CEM].map(String));
  expect([kept.has(BEN!), kept.has(new AccountAddress('dora', 'localhost'))]).toEqual([
    true,
    false,
  ]);
  kept.setMembers([device(ANNA!)]);
  expect(kept.participants.map(String)).toEqual([String(ANNA)]);
  expect(kept.invited).toEqual([]);
});

test('it is over when this device is out or the group has ended', () => {
  const kept = new KeptConversation(ID);
  const over = ['opening', 'open', 'left', 'failed', 'broken', 'ended'] as const;
  const found = over.filter((state) => Object.assign(kept, { state }).isOver);
  expect(found).toEqual(['left', 'ended']);
});

test.each([
  ['sealed', Uint8Array.of(1)],
  ['sealed', 'text'],
  ['id', new Uint8Array(16)],
])('a row whose %s was altered is refused', async (name, value) => {
  await vault.write([await conversations.put(whole())]);
  await tamper(platform, vault, CONVERSATION, (row) => {
    row[name] = value;
  });
  expect(await codeOf(conversations.all())).toBe('vault_damaged');
});
