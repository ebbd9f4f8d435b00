/** The words of `server.ts` in frames, and pushes in the words of this program. */

import { expect, test } from 'vitest';

import { AccountAddress, ConversationId } from '../../src/base/ids.ts';
import { makeOwn } from '../../src/sdk/account.ts';
import { greeting, pushedOf, serverOver, signedLogin } from '../../src/sdk/server_frames.ts';
import type { Transport } from '../../src/sdk/transport.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { DOMAIN, NOW_S } from './identities.ts';
import { Office } from './office.ts';

const ID = ConversationId.of(new Uint8Array(16).fill(1));
const RAW = Uint8Array.of(1, 2);
const ENVELOPE = {
  seq: 1,
  epoch: 2,
  kind: 1,
  acceptedAtMs: 3,
  sender: 'x',
  message: RAW,
  stamp: RAW,
};

/** A transport that notes what is asked and answers what the test says. */
class Asked {
  readonly asked: unknown[] = [];
  readonly server;

  constructor(answer: object = {}) {
    const transport = {
      isOnline: true,
      generation: 4,
      waitOnline: () => Promise.resolve(),
      ask: (name: string, fields: object) => {
        this.asked.push([name, fields]);
        return Promise.resolve(answer);
      },
      tell: (name: string, fields: object) => this.asked.push([name, fields]),
    };
    this.server = serverOver(transport as unknown as Transport);
  }
}

test('each word is one frame with its fields', async () => {
  const all = new Asked({ keyPackages: [['x', RAW]], envelopes: [ENVELOPE], head: 9, items: [] });
  const { server, asked } = all;
  const bundle = { commit: RAW, groupInfo: RAW, welcome: RAW, welcomeTo: ['d'] };
  await server.getAccount('ben');
  await server.publishDeviceList(RAW, [RAW]);
  await server.uploadKeyPackages([RAW], RAW);
  expect(await server.claimKeyPackages('ben', 1, ['d'])).toEqual([RAW]);
  await server.createConversation(ID, RAW);
  await server.append(ID, 5n, 'message', RAW, RAW);
  await server.append(ID, 5n, 'quiet', RAW, RAW);
  await server.append(ID, 5n, 'proposal', RAW, RAW);
  await server.appendCommit(ID, 5n, bundle, RAW);
  expect(await server.read(ID, 3, 4)).toEqual({ head: 9, envelopes: [ENVELOPE] });
  await server.cursors(ID);
  await server.readMailbox(1, 2);
  server.acknowledge(ID.bytes, 6);
  server.acknowledgeMailbox(7);
  const conversation = ID.bytes;
  const appended = { conversation, epoch: 5, message: RAW, idempotencyId: RAW };
  expect(asked).toEqual([
    ['GetAccount', { name: 'ben' }],
    ['PublishDeviceList', { deviceList: RAW, certificates: [RAW] }],
    ['UploadKeyPackages', { keyPackages: [RAW], lastResort: RAW }],
    ['ClaimKeyPackages', { name: 'ben', suite: 1, devices: ['d'] }],
    ['CreateConversation', { conversation, groupInfo: RAW }],
    ['Append', { ...appended, kind: 1, quiet: false }],
    ['Append', { ...appended, kind: 1, quiet: true }],
    ['Append', { ...appended, kind: 2, quiet: true }],
    ['AppendCommit', { ...appended, groupInfo: RAW, welcome: RAW, welcomeTo: ['d'] }],
    ['Read', { conversation, after: 3, limit: 4 }],
    ['GetCursors', { conversation }],
    ['ReadMailbox', { after: 1, limit: 2 }],
    ['Acknowledge', { conversation, seq: 6 }],
    ['AcknowledgeMailbox', { item: 7 }],
  ]);
  expect([server.isOnline, server.generation]).toEqual([true, 4]);
});

test('what moved, and how a blob stands', async () => {
  const moved = [{ conversation: ID.bytes, cursor: 0, head: 2, epoch: 1 }];
  const { server } = new Asked({ mailbox: 2, moved, more: true, offset: 77, chunk: RAW });
  expect(await server.resume(new Uint8Array(0))).toMatchObject({ hasMail: true, hasMore: true });
  expect(await server.beginBlob(RAW, 9, RAW)).toBe(77);
  expect(await server.putBlobChunk(RAW, 0, RAW)).toBe(77);
  expect(await server.getBlobChunk(RAW, 0, 9)).toBe(RAW);
  await server.dropBlob(RAW);
});

test('a report is one frame', async () => {
  const { server, asked } = new Asked();
  const message = { conversation: ID.bytes, sender: 'x', acceptedAtMs: 3, stamp: RAW };
  const messages = [{ ...message, key: RAW, content: RAW }];
  const report = { name: 'ben', reason: 'spam', note: 'x', messages, idempotencyId: RAW };
  await server.report(report);
  expect(asked).toEqual([['Report', report]]);
});

test('profiles are handed in, and the directory is asked', async () => {
  const page = { found: [], more: true };
  const { server, asked } = new Asked(page);
  await server.publishProfile(RAW);
  await server.withdrawProfile(RAW);
  const query = { words: 'lin', kind: '', place: '86', after: '', limit: 20 };
  expect(await server.searchDirectory(query)).toBe(page);
  expect(asked).toEqual([
    ['PublishProfile', { profile: RAW }],
    ['WithdrawProfile', { profile: RAW }],
    ['SearchDirectory', query],
  ]);
});

test('pushes in words', () => {
  const conversation = ID.bytes;
  const delivery = { conversation, head: 3, envelopes: [ENVELOPE] };
  expect(pushedOf({ frame: 'Delivery', ...delivery })).toEqual({ push: 'delivery', ...delivery });
  expect(pushedOf({ frame: 'MailboxMoved', item: 4 })).toEqual({ push: 'mail' });
  const cursor = { conversation, device: 'd', seq: 5 };
  expect(pushedOf({ frame: 'CursorMoved', ...cursor })).toEqual({ push: 'cursor', ...cursor });
  const list = { push: 'device_list', name: 'ben' };
  expect(pushedOf({ frame: 'DeviceListMoved', name: 'ben' })).toEqual(list);
  const ephemeral = { frame: 'Ephemeral', conversation, sender: 'x', message: RAW } as const;
  expect(pushedOf(ephemeral)).toBeUndefined();
});

test('an account registers and logs in on a connection that is no transport', async () => {
  const office = new Office(new Delivery());
  const greet = greeting(office.outside);
  const own = makeOwn('https://localhost', new AccountAddress('anna', DOMAIN), 'person', NOW_S);
  const server = await greet('https://localhost');
  expect(server.domain).toBe(DOMAIN);
  expect(await codeOf(server.logIn(own))).toBe('unknown_device');
  await server.register(own, '');
  await server.logIn(own);
  await server.disconnect();
  expect(office.delivery.accounts.has('anna')).toBe(true);
  expect(await codeOf(greet('nowhere'))).toBe('bad_url');
});

test('a login is signed for the server that asked, and for no other', () => {
  const own = makeOwn('https://localhost', new AccountAddress('anna', DOMAIN), 'person', NOW_S);
  const sign = signedLogin(own);
  const nonce = new Uint8Array(32);
  const one = sign({ domain: DOMAIN, nonce });
  expect(one.device).toBe(own.device.uri);
  expect(() => sign({ domain: 'other.example', nonce })).toThrow('another domain');
  expect(sign({ domain: DOMAIN, nonce: nonce.with(0, 1) }).signature).not.toEqual(one.signature);
});
