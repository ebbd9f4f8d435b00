/**
 * Restoring: after all devices are lost, a browser becomes a device of the account again by the
 * recovery key.
 *
 * The keys of the new device are in the vault before the server is asked to adopt it; asked again
 * after an interruption, it is the same device.
 */

import { equalBytes } from '../base/bytes.ts';
import { AccountAddress, DeviceAddress } from '../base/ids.ts';
import { toHex } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { signAdoption } from '../identity/adoption.ts';
import { DeviceList, type ListedDevice, parseDeviceList } from '../identity/device_list.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { SigningKey } from '../identity/keys.ts';
import type { Clock } from '../platform/clock.ts';
import { type AccountOwn, AccountOwnTable } from '../vault/account_own.ts';
import type { AccountKind } from '../vault/accounts.ts';
import type { Vault } from '../vault/vault.ts';
import type { Hello } from '../wire/frames.ts';
import { DEVICE_ID_BYTES } from './account.ts';
import { socketUrl } from './address.ts';
import { arrivingSlot, backedUp } from './arrival.ts';
import { type BackupRecord, BackupRefused, checkList, openRecord } from './backup_record.ts';
import { backupSlot, takenOver } from './backups.ts';
import { connect, type Connection, type Outside } from './connection.ts';
import { SdkError, ServerRefused } from './errors.ts';
import { lostSlot } from './lost_devices.ts';
import { certify } from './own_devices.ts';
import { recoveryOf, type RecoverySecrets } from './recovery_key.ts';

/** A backup that was found, opened and compared with what the server shows now. */
export interface FoundBackup {
  readonly record: BackupRecord;
  readonly kind: AccountKind;
  readonly list: DeviceList;
}

/** How the server is reached, and who is wanted back. */
export interface Wanted {
  readonly outside: Outside;
  readonly serverUrl: string;
  readonly name: string;
  readonly secrets: RecoverySecrets;

  /** The record of a backup file, in place of the server's. */
  readonly record?: Uint8Array;
}

/**
 * Find the account's backup. Throws ServerRefused `no_backup`, BackupRefused, Unreachable,
 * NameRefused.
 */
export async function findBackup(wanted: Wanted): Promise<FoundBackup> {
  return greeted(wanted, (connection, hello) => ask(wanted, connection, hello));
}

/**
 * Become a device of the account. `isAlone`: its other devices are lost and have to go
 * (lost_devices.ts).
 *
 * Throws as `findBackup`, SdkError `vault_exists`, StorageUnavailable.
 */
export async function restore(
  vault: Vault,
  wanted: Wanted,
  isAlone: boolean,
  clock: Clock,
): Promise<{ readonly own: AccountOwn; readonly found: FoundBackup }> {
  const table = new AccountOwnTable(vault);
  const begun = await table.get();
  if (begun?.isRegistered === true) {
    throw new SdkError('There is an account in this browser already.', { code: 'vault_exists' });
  }
  const nowS = Math.floor(clock.nowMs() / 1000);
  return greeted(wanted, async (connection, hello) => {
    const found = await ask(wanted, connection, hello);
    const own = ownOf(wanted, found, begun, nowS);
    await vault.write(await table.put(own));
    const adopted = await adopt(wanted, connection, hello, found, own, isAlone, nowS);
    const recovery = recoveryOf(wanted.secrets);
    const origin = wanted.record === undefined ? 'backup' : 'file';
    const lost = found.list.addresses().filter((one) => !one.equals(own.device));
    const registered = { ...own, deviceList: adopted, isRegistered: true };
    await vault.write([
      ...(await table.put(registered)),
      await backupSlot(vault).put(takenOver(recovery, found.record.madeAtMs)),
      await arrivingSlot(vault).put(backedUp(found.record.archive, clock.nowMs(), origin)),
      ...(isAlone ? [await lostSlot(vault).put(lost)] : []),
    ]);
    return { own: registered, found };
  });
}

async function greeted<T>(
  { outside, serverUrl }: Wanted,
  step: (connection: Connection, hello: Hello) => Promise<T>,
): Promise<T> {
  const never = new AbortController().signal;
  const [connection, hello] = await connect(socketUrl(serverUrl), () => undefined, outside, never);
  try {
    return await step(connection, hello);
  } finally {
    await connection.disconnect();
  }
}

async function ask(
  { name, record, secrets }: Wanted,
  connection: Connection,
  hello: Hello,
): Promise<FoundBackup> {
  const account = new AccountAddress(name, hello.domain);
  const answer = await connection.ask('GetBackup', { name, capability: secrets.capability });
  const opened = openRecord(secrets.sealing[0], account, record ?? answer.record);
  const list = listOf(answer.deviceList);
  checkList(opened, list);
  return { record: opened, kind: answer.kind === 'business' ? 'business' : 'person', list };
}

function listOf(raw: Uint8Array): DeviceList {
  try {
    return parseDeviceList(raw);
  } catch (error) {
    if (error instanceof IdentityRefused) {
      throw new BackupRefused(
        `The server shows a list of devices that cannot be believed (${error.message}): nothing ` +
          'was restored.',
        { code: error.code, cause: error },
      );
    }
    throw error;
  }
}

/** This device's keys: those that an interrupted attempt has written down, or new ones. */
function ownOf(
  { serverUrl }: Wanted,
  { kind, list, record }: FoundBackup,
  begun: AccountOwn | undefined,
  nowS: number,
): AccountOwn {
  const { account, identity } = record;
  const isSame =
    begun?.identity !== undefined &&
    begun.device.account.equals(account) &&
    equalBytes(begun.identity.public, identity.public);
  const device = isSame
    ? begun.device
    : new DeviceAddress(account, toHex(randomBytes(DEVICE_ID_BYTES)));
  const deviceKey = isSame ? begun.deviceKey : SigningKey.generate();
  const certificate = certify(identity, device, deviceKey.public, nowS);
  return {
    ...{ serverUrl, device, kind, identity, deviceKey, certificate },
    ...{ deviceList: list.raw, isRegistered: false, mailbox: 0 },
  };
}

/**
 * The list with this device beside all others, as the server has it then. Where there is no room for
 * one more and the others are lost, one of them makes it.
 */
async function adopt(
  wanted: Wanted,
  connection: Connection,
  hello: Hello,
  { list, record }: FoundBackup,
  own: AccountOwn,
  isAlone: boolean,
  nowS: number,
): Promise<Uint8Array> {
  if (list.lists(own.device, own.deviceKey.public)) {
    return list.raw; // the answer of an earlier attempt was lost
  }
  const { account, identity } = record;
  const entry: ListedDevice = [own.device.device, own.deviceKey.public];
  const publish = async (others: readonly ListedDevice[]): Promise<Uint8Array> => {
    const deviceList = DeviceList.issue(identity, account, [...others, entry], nowS, list.raw);
    const { domain, nonce } = hello;
    const signature = signAdoption(wanted.secrets.adoption, domain, nonce, account, deviceList);
    const { certificate } = own;
    await connection.ask('AdoptDevice', { name: wanted.name, deviceList, certificate, signature });
    return deviceList;
  };
  try {
    return await publish(list.devices);
  } catch (error) {
    const isFull = error instanceof ServerRefused && error.code === 'too_many_devices';
    if (!isFull || !isAlone) {
      throw error;
    }
    return publish(list.devices.slice(1));
  }
}
