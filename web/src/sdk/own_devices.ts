/** This account's own devices: putting one on the list, taking one off it, renewing staff. */

import { equalBytes, toHex } from '../base/bytes.ts';
import { DeviceAddress } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { DeviceCertificate } from '../identity/certificate.ts';
import { DeviceList, type ListedDevice, type ListedStaff } from '../identity/device_list.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { AccountOwn } from '../vault/account_own.ts';
import { CERTIFICATE_LIFETIME_S, CLOCK_SLACK_S, DEVICE_ID_BYTES } from './account.ts';
import { NotOwner, SdkError, ServerRefused } from './errors.ts';
import type { Trust } from './trust.ts';

/** How far ahead a device of staff is good: for so long can a server hide its removal. */
export const STAFF_LIFETIME_S = 45 * 24 * 3600;

/** What must be left of that; an owner's device that comes by renews what has less. */
export const STAFF_RENEWED_S = 30 * 24 * 3600;

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

/** The identity key. Throws NotOwner, SdkError `not_business`: only a business has staff. */
export function demandCanAdd(own: AccountOwn, isStaff: boolean): SigningKey {
  if (isStaff && own.kind !== 'business') {
    throw new SdkError('Only the account of a business has staff.', { code: 'not_business' });
  }
  return identityOf(own);
}

/** The account's identity key. Throws NotOwner on a device of staff. */
export function identityOf({ identity }: AccountOwn): SigningKey {
  if (identity === undefined) {
    throw new NotOwner();
  }
  return identity;
}

/**
 * Publish a list with a device of this key. The same key again is the same device, so that what was
 * interrupted can be repeated.
 *
 * Throws NotOwner, SdkError (`link_other_role`: it is listed already, not as that; `not_business`), TrustRefused, Unreachable, ServerRefused, StorageUnavailable.
 */
export async function addDevice(
  keeper: ListKeeper,
  deviceKey: Uint8Array,
  isStaff = false,
): Promise<Enrolled> {
  const identity = demandCanAdd(keeper.own, isStaff);
  const { account } = keeper.own.device;
  const fresh = newDevice(keeper.own);
  let certificate = certify(identity, fresh, deviceKey, keeper.nowS);
  let device = fresh;
  const untilS = keeper.nowS + STAFF_LIFETIME_S;
  await changeList(keeper, (listed, list) => {
    const known = listed.find(([, key]) => equalBytes(key, deviceKey));
    if (known !== undefined) {
      device = new DeviceAddress(account, known[0]);
      if (list.isStaff(device) !== isStaff) {
        throw new SdkError(
          'This device is on the list already, in another role: remove it first.',
          {
            code: 'link_other_role',
          },
        );
      }
      certificate = certify(identity, device, deviceKey, keeper.nowS);
      return undefined;
    }
    device = fresh;
    const staff: readonly ListedStaff[] = isStaff ? [[fresh.device, untilS]] : [];
    return [[...listed, [fresh.device, deviceKey]], [certificate], [...list.staff, ...staff]];
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
    identityOf(keeper.own);
    return [left, []];
  });
  await keeper.takeOut(removed);
}

/**
 * Give staff whose time runs short a new one; nothing happens on a device of staff.
 *
 * Throws as `removeDevice`.
 */
export async function renewStaff(keeper: ListKeeper): Promise<void> {
  const { nowS, own, trust } = keeper;
  const isShort = ({ staff }: DeviceList): boolean =>
    staff.some(([, untilS]) => untilS - nowS < STAFF_RENEWED_S);
  if (own.identity === undefined || !isShort(trust.deviceList(own.device.account))) {
    return;
  }
  await changeList(keeper, (listed, list) => {
    const later = (untilS: number): number => Math.max(untilS, nowS + STAFF_LIFETIME_S);
    const staff = list.staff.map(([id, untilS]) => [id, later(untilS)] as const);
    return isShort(list) ? [listed, [], staff] : undefined;
  });
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

/** The next list; `staff` without a value: who is staff stays so. */
type Changed = readonly [
  devices: readonly ListedDevice[],
  certificates: readonly Uint8Array[],
  staff?: readonly ListedStaff[],
];

type Change = (listed: readonly ListedDevice[], list: DeviceList) => Changed | undefined;

/** Publish the list that `change` makes of the newest one, unless it is that already; keep it. */
async function changeList(keeper: ListKeeper, change: Change): Promise<void> {
  const { trust } = keeper;
  const { account } = keeper.own.device;
  await keeper.waitOnline();
  for (let attempt = 1; ; attempt += 1) {
    await trust.refresh(account);
    const before = trust.deviceList(account);
    const changed = change(before.devices, before);
    let { raw } = before;
    if (changed !== undefined) {
      const [devices, certificates, staff] = changed;
      const identity = identityOf(keeper.own);
      raw = DeviceList.issue(identity, account, devices, keeper.nowS, before.raw, staff);
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
