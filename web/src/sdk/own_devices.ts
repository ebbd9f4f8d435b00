/** This account's own devices: putting one on the list, taking one off it. */

import { equalBytes, toHex } from '../base/bytes.ts';
import { DeviceAddress } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { DeviceCertificate } from '../identity/certificate.ts';
import { DeviceList, type ListedDevice } from '../identity/device_list.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { AccountOwn } from '../vault/account_own.ts';
import { CERTIFICATE_LIFETIME_S, CLOCK_SLACK_S, DEVICE_ID_BYTES } from './account.ts';
import { SdkError, ServerRefused } from './errors.ts';
import type { Trust } from './trust.ts';

/** Lists of other devices of the account that may come in between, in a row. */
const LIST_ATTEMPTS = 4;

/** What is needed of a device to change its account's list. */
export interface ListKeeper {
  readonly own: AccountOwn;
  readonly trust: Pick<Trust, 'deviceList' | 'pinOwn' | 'refresh'>;
  readonly nowS: number;

  /** Throws Unreachable. */
  waitOnline(): Promise<void>;

  /** Throws ServerRefused, Unreachable. */
  publish(deviceList: Uint8Array, certificates: readonly Uint8Array[]): Promise<void>;

  /** Into vault and memory. Throws StorageUnavailable. */
  keepOwn(own: AccountOwn): Promise<void>;

  /** Owe every open conversation of which it is a member that it is taken out. */
  takeOut(removed: DeviceAddress): Promise<void>;
}

/** A device that was put on the list. */
export interface Enrolled {
  readonly device: DeviceAddress;
  readonly certificate: Uint8Array;
  readonly deviceList: Uint8Array;
}

/** An identity key's certificate for a device from now on. */
export function certify(
  identity: SigningKey,
  device: DeviceAddress,
  deviceKey: Uint8Array,
  nowS: number,
): Uint8Array {
  const [fromS, toS] = [nowS - CLOCK_SLACK_S, nowS + CERTIFICATE_LIFETIME_S];
  return DeviceCertificate.issue(identity, device, deviceKey, fromS, toS);
}

/** A device id that nobody has used. */
export function newDevice(own: AccountOwn): DeviceAddress {
  return new DeviceAddress(own.device.account, toHex(randomBytes(DEVICE_ID_BYTES)));
}

/**
 * Publish a list with a device of this key. The same key again is the same device, so that what was
 * interrupted can be repeated.
 *
 * Throws SdkError, TrustRefused, Unreachable, ServerRefused, StorageUnavailable.
 */
export async function addDevice(keeper: ListKeeper, deviceKey: Uint8Array): Promise<Enrolled> {
  const identity = identityOf(keeper);
  const { account } = keeper.own.device;
  const fresh = newDevice(keeper.own);
  let certificate = certify(identity, fresh, deviceKey, keeper.nowS);
  let device = fresh;
  await changeList(keeper, (listed) => {
    const known = listed.find(([, key]) => equalBytes(key, deviceKey));
    if (known !== undefined) {
      device = new DeviceAddress(account, known[0]);
      certificate = certify(identity, device, deviceKey, keeper.nowS);
      return undefined;
    }
    device = fresh;
    return [[...listed, [fresh.device, deviceKey]], [certificate]];
  });
  return { device, certificate, deviceList: keeper.own.deviceList };
}

/**
 * Publish a list without `removed`, then take it out of every conversation.
 *
 * Throws SdkError, TrustRefused, Unreachable, ServerRefused, StorageUnavailable.
 */
export async function removeDevice(keeper: ListKeeper, removed: DeviceAddress): Promise<void> {
  if (removed.equals(keeper.own.device)) {
    throw new SdkError('This device cannot remove itself: use another device of the account.', {
      code: 'own_device',
    });
  }
  let isListed = false;
  await changeList(keeper, (listed) => {
    const left = listed.filter(([id]) => id !== removed.device);
    const isOurs = removed.account.equals(keeper.own.device.account);
    if (left.length === listed.length || !isOurs) {
      if (isListed) {
        return undefined; // another device of the account was faster
      }
      throw new SdkError(`${removed.uri} is not a device of this account.`, {
        code: 'unknown_device',
      });
    }
    isListed = true;
    identityOf(keeper);
    return [left, []];
  });
  await keeper.takeOut(removed);
}

/**
 * Publish a list with this device only, then take out `lost` and whatever else has gone by that.
 *
 * Throws as `removeDevice`.
 */
export async function removeOthers(
  keeper: ListKeeper,
  lost: readonly DeviceAddress[],
): Promise<void> {
  const { account, device: own } = keeper.own.device;
  const going = new Set(
    lost.filter((one) => one.account.equals(account)).map(({ device }) => device),
  );
  await changeList(keeper, (listed) => {
    const others = listed.filter(([id]) => id !== own);
    others.forEach(([id]) => going.add(id));
    return others.length === 0 ? undefined : [listed.filter(([id]) => id === own), []];
  });
  for (const id of going) {
    await keeper.takeOut(new DeviceAddress(account, id));
  }
}

type Change = (
  listed: readonly ListedDevice[],
) => readonly [devices: readonly ListedDevice[], certificates: readonly Uint8Array[]] | undefined;

/** Publish the list that `change` makes of the newest one, unless it is that already; keep it. */
async function changeList(keeper: ListKeeper, change: Change): Promise<void> {
  const { trust } = keeper;
  const { account } = keeper.own.device;
  await keeper.waitOnline();
  for (let attempt = 1; ; attempt += 1) {
    await trust.refresh(account);
    const before = trust.deviceList(account);
    const changed = change(before.devices);
    let { raw } = before;
    if (changed !== undefined) {
      const [devices, certificates] = changed;
      raw = DeviceList.issue(identityOf(keeper), account, devices, keeper.nowS, before.raw);
      try {
        await keeper.publish(raw, certificates);
      } catch (error) {
        if (
          error instanceof ServerRefused &&
          error.code === 'bad_device_list' &&
          attempt < LIST_ATTEMPTS
        ) {
          continue; // another device of the account was faster
        }
        throw error;
      }
    }
    await keeper.keepOwn({ ...keeper.own, deviceList: raw });
    await trust.pinOwn(keeper.own.kind, raw);
    return;
  }
}

function identityOf({ own }: ListKeeper): SigningKey {
  if (own.identity === undefined) {
    throw new SdkError("This device does not hold the account's identity key: use the first one.", {
      code: 'no_identity_key',
    });
  }
  return own.identity;
}
