/** Restoring over the wire: what is found, who is adopted, and what is not believed. */

import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { EMPTY, equalBytes } from '../../src/base/bytes.ts';
import type { PlauschError } from '../../src/base/errors.ts';
import { verifyAdoption } from '../../src/identity/adoption.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import { arrivingSlot } from '../../src/sdk/arrival.ts';
import { newNotePlace } from '../../src/sdk/archive_ref.ts';
import { sealRecord } from '../../src/sdk/backup_record.ts';
import { backupSlot } from '../../src/sdk/backups.ts';
import { lostSlot } from '../../src/sdk/lost_devices.ts';
import {
  deriveRecovery,
  newRecoveryKey,
  recoveryOf,
  type RecoverySecrets,
} from '../../src/sdk/recovery_key.ts';
import { findBackup, restore, type Wanted } from '../../src/sdk/restoring.ts';
import { AccountOwnTable } from '../../src/vault/account_own.ts';
import type { Vault } from '../../src/vault/vault.ts';
import type { ClientFrame, ClientFrameOf, ServerFrame } from '../../src/wire/frames.ts';
import { HELLO } from '../wire/server_side.ts';
import { freshVault } from '../vault/vault_players.ts';
import { DOMAIN, ManualClock, Person, SECOND } from './identities.ts';
import { failure, idOf, refused, Scripted } from './scripted.ts';

const NONCE = (HELLO as { readonly nonce: Uint8Array }).nonce;
const secrets: RecoverySecrets = await deriveRecovery(newRecoveryKey(), '');

/** The server with Anna's backup, from which `anna` may have gone on since. */
class Server extends Scripted {
  readonly anna = new Person('anna');
  readonly adopted: ClientFrameOf<'AdoptDevice'>[] = [];
  record: Uint8Array;
  refusal = '';

  constructor() {
    super();
    this.anna.addDevice(SECOND);
    const list = parseDeviceList(this.anna.list);
    this.record = sealRecord(secrets.sealing[1], {
      ...{ account: this.anna.address, identity: this.anna.identity, madeAtMs: 1_234 },
      ...{ listSeq: list.seq, listDigest: list.digest() },
      archive: { ...newNotePlace(), digest: new Uint8Array(32), contentBytes: 5 },
    });
    this.answer = (frame) => this.#answer(frame);
  }

  #answer(frame: ClientFrame): readonly ServerFrame[] {
    const id = idOf(frame);
    if (frame.frame === 'GetBackup') {
      const isRight =
        frame.name === 'anna' && equalBytes(sha256(frame.capability), recoveryOf(secrets).lookup);
      return isRight
        ? [
            {
              ...{ frame: 'Backup', id, keptAtMs: 1, record: this.record, kind: 'person' },
              deviceList: this.anna.list,
            },
          ]
        : [refused(frame, 'no_backup', 'There is none.')];
    }
    if (frame.frame === 'AdoptDevice') {
      if (this.refusal !== '') {
        const code = this.refusal;
        this.refusal = '';
        return [refused(frame, code, 'No.')];
      }
      this.adopted.push(frame);
      this.anna.lists.push(frame.deviceList);
      return [{ frame: 'Done', id }];
    }
    return [];
  }
}

let server: Server;
let vault: Vault;

beforeEach(async () => {
  server = new Server();
  vault = await freshVault();
});

afterEach(async () => {
  await vault.close();
});

const wanted = (more: Partial<Wanted> = {}): Wanted => ({
  ...{ outside: server.outside, serverUrl: 'http://localhost', name: 'anna', secrets },
  ...more,
});

const clock = new ManualClock();
const own = () => new AccountOwnTable(vault).get();

async function codeOf(step: Promise<unknown>): Promise<string> {
  return ((await failure(step)) as PlauschError).code;
}

test('a backup is found, opened and compared with the list of now', async () => {
  const { kind, list, record } = await findBackup(wanted());
  expect([kind, list.raw, record.madeAtMs]).toEqual(['person', server.anna.list, 1_234]);
  expect(record.identity.toBytes()).toEqual(server.anna.identity.toBytes());
  expect(await own()).toBeUndefined(); // only looked at
});

test('another key or name finds nothing', async () => {
  const other = await deriveRecovery(newRecoveryKey(), '');
  expect(await codeOf(findBackup(wanted({ secrets: other })))).toBe('no_backup');
  expect(await codeOf(findBackup(wanted({ name: 'cem' })))).toBe('no_backup');
  expect(await codeOf(findBackup(wanted({ name: 'No Name!' })))).toBe('bad_name');
});

test('this device is listed beside the others, who go later if they are lost', async () => {
  const before = server.anna.list;
  const { own: restored } = await restore(vault, wanted(), true, clock);
  const [frame] = server.adopted;
  verifyAdoption(
    ...([secrets.adoption.public, DOMAIN, NONCE, server.anna.address] as const),
    ...([frame!.deviceList, frame!.signature] as const),
  );
  const list = parseDeviceList(frame!.deviceList);
  list.follows(before);
  expect(list.devices).toHaveLength(3);
  expect(list.lists(restored.device, restored.deviceKey.public)).toBe(true);
  expect(await own()).toMatchObject({ isRegistered: true, deviceList: frame!.deviceList });
  expect(await lostSlot(vault).get()).toEqual(parseDeviceList(before).addresses());
  expect((await arrivingSlot(vault).get())?.origin).toBe('backup');
  const state = await backupSlot(vault).get();
  expect([state?.recovery, state?.made?.blob]).toEqual([recoveryOf(secrets), EMPTY]);
});

test('others that are not lost stay', async () => {
  await restore(vault, wanted(), false, clock);
  expect(await lostSlot(vault).get()).toBeUndefined();
});

test('where there is no room, a lost device makes it', async () => {
  server.refusal = 'too_many_devices';
  await restore(vault, wanted(), true, clock);
  expect(parseDeviceList(server.adopted[0]!.deviceList).devices).toHaveLength(2);
  const other = await freshVault();
  server.refusal = 'too_many_devices';
  expect(await codeOf(restore(other, wanted(), false, clock))).toBe('too_many_devices');
  await other.close();
});

test('asked again after a lost answer, it is the same device', async () => {
  server.refusal = 'storage_unavailable';
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('server_unavailable');
  const begun = await own();
  expect(begun?.isRegistered).toBe(false);
  const { own: restored } = await restore(vault, wanted(), true, clock);
  expect(restored.device).toEqual(begun!.device);
  await vault.write(await new AccountOwnTable(vault).put({ ...restored, isRegistered: false }));
  const again = await restore(vault, wanted(), true, clock);
  expect([again.own.device, server.adopted.length]).toEqual([begun!.device, 1]);
});

test('an account that is here is not overwritten', async () => {
  await restore(vault, wanted(), true, clock);
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('vault_exists');
});

test('an altered record, an old list, another history and another key are refused', async () => {
  const { anna } = server;
  const good = server.record;
  server.record = good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte));
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('bad_backup');
  server.record = good;
  const newest = anna.lists.pop()!;
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('device_list_rollback');
  anna.addDevice('f'.repeat(16));
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('device_list_fork');
  anna.lists.splice(-1, 1, new Person('anna').list);
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('identity_key_changed');
  anna.lists.splice(-1, 1, Uint8Array.of(1, 2, 3));
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('malformed');
  expect([server.adopted, await own()]).toEqual([[], undefined]);
  anna.lists.splice(-1, 1, newest);
  await restore(vault, wanted(), true, clock);
});

test('the record of a file counts in place of the server’s; its archive is not fetched', async () => {
  const record = server.record;
  server.record = new Uint8Array(10);
  await restore(vault, wanted({ record }), true, clock);
  expect(await arrivingSlot(vault).get()).toMatchObject({ origin: 'file', isFailed: false });
  expect((await own())?.isRegistered).toBe(true);
});

test('a server of another domain has no such account', async () => {
  server.greeting = [{ ...HELLO, domain: 'evil.example' }];
  expect(await codeOf(restore(vault, wanted(), true, clock))).toBe('bad_backup');
  expect(server.adopted).toEqual([]);
});
