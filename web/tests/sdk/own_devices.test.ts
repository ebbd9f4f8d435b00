/** Taking a device of one's own off the list, and out of every conversation. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { DeviceAddress } from '../../src/base/ids.ts';
import { DeviceList, parseDeviceList } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { SdkError, ServerRefused, Unreachable } from '../../src/sdk/errors.ts';
import {
  addDevice,
  demandCanAdd,
  type ListKeeper,
  removeDevice,
  removeOthers,
  renewStaff,
  STAFF_LIFETIME_S,
  STAFF_RENEWED_S,
} from '../../src/sdk/own_devices.ts';
import type { AccountOwn } from '../../src/vault/account_own.ts';
import { codeOf } from '../vault/vault_players.ts';
import { FIRST, NOW_S, Person, SECOND } from './identities.ts';
import { Scene } from './trust_players.ts';

/** Anna's first device, with a tablet on the list; `steps` says what was done, in order. */
class Keeper implements ListKeeper {
  readonly steps: string[] = [];
  readonly nowS = NOW_S + 5;
  own: AccountOwn;
  refusal: Error | undefined;
  isOnline = true;
  published: Uint8Array | undefined;

  constructor(readonly scene: Scene) {
    const { anna } = scene;
    this.own = {
      serverUrl: 'https://localhost',
      device: anna.deviceAddress(FIRST),
      kind: 'person',
      identity: anna.identity,
      deviceKey: anna.devices.get(FIRST)!,
      certificate: anna.certificate(),
      deviceList: anna.list,
      isRegistered: true,
      mailbox: 0,
    };
  }

  get trust(): Scene['trust'] {
    return this.scene.trust;
  }

  waitOnline(): Promise<void> {
    return this.isOnline ? Promise.resolve() : Promise.reject(new Unreachable('Not connected.'));
  }

  publish(deviceList: Uint8Array): Promise<void> {
    if (this.refusal !== undefined) {
      return Promise.reject(this.refusal);
    }
    this.steps.push('publish');
    this.published = deviceList;
    return Promise.resolve();
  }

  keepOwn(own: AccountOwn): Promise<void> {
    this.steps.push('keep');
    this.own = own;
    return Promise.resolve();
  }

  takeOut(removed: DeviceAddress): Promise<void> {
    this.steps.push(`take out ${removed.device}`);
    expect(this.trust.deviceList(removed.account).addresses()).not.toContainEqual(removed);
    return Promise.resolve();
  }
}

let scene: Scene;
let keeper: Keeper;
let tablet: DeviceAddress;

beforeEach(async () => {
  scene = await Scene.begin();
  scene.anna.addDevice(SECOND);
  scene.server.show(scene.anna);
  keeper = new Keeper(scene);
  tablet = scene.anna.deviceAddress(SECOND);
});

afterEach(async () => {
  await scene.vault.close();
});

test('a device is taken off the list, then out of every conversation', async () => {
  await removeDevice(keeper, tablet);
  expect(keeper.steps).toEqual(['publish', 'keep', `take out ${SECOND}`]);
  const list = parseDeviceList(keeper.published!);
  list.follows(scene.anna.list);
  expect(list.addresses()).toEqual([scene.anna.deviceAddress(FIRST)]);
  expect(list.issuedAtS).toBe(NOW_S + 5);
  expect(keeper.own.deviceList).toEqual(list.raw);
  expect(scene.trust.deviceList(scene.anna.address).raw).toEqual(list.raw);
});

test('the list is looked up first, so that no later one is forgotten', async () => {
  const third = 'f'.repeat(16);
  scene.anna.addDevice(third);
  scene.server.show(scene.anna);
  await removeDevice(keeper, tablet);
  expect(parseDeviceList(keeper.published!).devices.map(([id]) => id)).toEqual([FIRST, third]);
});

test('a device cannot remove itself', async () => {
  await expect(removeDevice(keeper, keeper.own.device)).rejects.toThrow(/cannot remove itself/);
  expect([keeper.steps, scene.server.asked]).toEqual([[], []]);
});

test('a device that is not on the list is not removed', async () => {
  const cem = new Person('cem');
  for (const other of [
    new DeviceAddress(scene.anna.address, '0'.repeat(16)),
    cem.deviceAddress(),
  ]) {
    await expect(removeDevice(keeper, other)).rejects.toThrow(/is not a device of this account/);
  }
  expect(keeper.steps).toEqual([]);
});

test('only the device with the identity key can remove another', async () => {
  keeper.own = { ...keeper.own, identity: undefined };
  await expect(removeDevice(keeper, tablet)).rejects.toThrow(SdkError);
  expect(keeper.steps).toEqual([]);
});

test('without a connection nothing is removed', async () => {
  keeper.isOnline = false;
  await expect(removeDevice(keeper, tablet)).rejects.toThrow(Unreachable);
  expect([keeper.steps, scene.server.asked]).toEqual([[], []]);
});

test('a refused list changes nothing here', async () => {
  keeper.refusal = new ServerRefused('No.', { code: 'bad_device_list', fault: 'local' });
  const before = keeper.own;
  expect(await codeOf(removeDevice(keeper, tablet))).toBe('bad_device_list');
  expect(keeper.own).toBe(before);
  expect(scene.trust.deviceList(scene.anna.address).devices).toHaveLength(2);
  keeper.refusal = undefined;
  await removeDevice(keeper, tablet);
  expect(keeper.steps).toContain('publish');
});

test('all others go, also those that nobody knew of, and this one stays', async () => {
  const third = 'f'.repeat(16);
  scene.anna.addDevice(third);
  scene.server.show(scene.anna);
  const gone = new DeviceAddress(scene.anna.address, '1'.repeat(16)); // removed by somebody else
  await removeOthers(keeper, [tablet, gone, new Person('cem').deviceAddress()]);
  expect(parseDeviceList(keeper.published!).devices.map(([id]) => id)).toEqual([FIRST]);
  expect(keeper.steps.slice(2).sort()).toEqual(
    [gone.device, SECOND, third].map((id) => `take out ${id}`).sort(),
  );
});

test('where there is no other one, no list is published', async () => {
  await removeDevice(keeper, tablet);
  scene.anna.lists.push(keeper.published!);
  scene.server.show(scene.anna);
  keeper.steps.splice(0);
  await removeOthers(keeper, [tablet]);
  expect(keeper.steps).toEqual(['keep', `take out ${SECOND}`]);
});

test('a device of staff is listed as that, until then, and keeps its role', async () => {
  keeper.own = { ...keeper.own, kind: 'business' };
  const key = SigningKey.generate().public;
  const { device } = await addDevice(keeper, key, true);
  const list = parseDeviceList(keeper.published!);
  expect(list.staff).toEqual([[device.device, keeper.nowS + STAFF_LIFETIME_S]]);
  scene.anna.lists.push(keeper.published!);
  scene.server.show(scene.anna);
  expect((await addDevice(keeper, key, true)).device).toEqual(device);
  expect(await codeOf(addDevice(keeper, key))).toBe('link_other_role');
});

test('who may add whom', () => {
  expect(demandCanAdd(keeper.own, false)).toBe(keeper.own.identity);
  expect(() => demandCanAdd(keeper.own, true)).toThrow('Only the account of a business');
  const business = { ...keeper.own, kind: 'business' } as const;
  expect(demandCanAdd(business, true)).toBe(keeper.own.identity);
  expect(() => demandCanAdd({ ...business, identity: undefined }, false)).toThrow(
    'only a device of an owner',
  );
});

describe('renewing', () => {
  const limited = (leftS: number): void => {
    const { anna } = scene;
    const staff = [[SECOND, keeper.nowS + leftS]] as const;
    const { devices } = parseDeviceList(anna.list);
    const before = anna.list;
    anna.lists.push(DeviceList.issue(anna.identity, anna.address, devices, NOW_S, before, staff));
    scene.server.show(anna);
  };

  test('staff whose time runs short gets a new one, by the next list', async () => {
    limited(STAFF_RENEWED_S - 1);
    await scene.trust.refresh(scene.anna.address);
    await renewStaff(keeper);
    const list = parseDeviceList(keeper.published!);
    expect(list.staff).toEqual([[SECOND, keeper.nowS + STAFF_LIFETIME_S]]);
    expect(list.devices).toEqual(parseDeviceList(scene.anna.list).devices);
  });

  test('nothing happens while there is enough, nor where another device was faster', async () => {
    limited(STAFF_RENEWED_S);
    await scene.trust.refresh(scene.anna.address);
    await renewStaff(keeper);
    limited(60);
    await scene.trust.refresh(scene.anna.address);
    limited(STAFF_LIFETIME_S); // another device was faster
    await renewStaff(keeper);
    expect(keeper.published).toBeUndefined();
  });

  test('staff renews nothing', async () => {
    limited(60);
    await scene.trust.refresh(scene.anna.address);
    keeper.own = { ...keeper.own, identity: undefined };
    await renewStaff(keeper);
    expect(keeper.steps).toEqual([]);
  });
});
