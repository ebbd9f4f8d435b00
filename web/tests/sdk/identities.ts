/** Accounts with keys, devices and lists, as a server would show them; and how to forge them. */

import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { CREDENTIAL_TYPE, DeviceCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, type ListedDevice } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { Credential } from '../../src/mls/credential.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Shown } from '../../src/sdk/trust.ts';

export const DOMAIN = 'localhost';
export const NOW_S = 1_800_000_000;
export const YEAR_S = 365 * 24 * 3600;
export const FIRST = '0'.repeat(15) + '1';
export const SECOND = '0'.repeat(15) + '2';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  constructor(public atMs = NOW_S * 1000) {}

  nowMs(): number {
    return this.atMs;
  }
}

/** An account that can issue anything. */
export class Person {
  readonly devices = new Map<string, SigningKey>();
  readonly lists: Uint8Array[] = [];

  constructor(
    readonly name: string,
    readonly kind: 'person' | 'business' = 'person',
    readonly identity = SigningKey.generate(),
  ) {
    this.addDevice(FIRST);
  }

  get address(): AccountAddress {
    return new AccountAddress(this.name, DOMAIN);
  }

  get list(): Uint8Array {
    return this.lists.at(-1)!;
  }

  /** The next list with the devices as they are now. */
  publish(): void {
    const entries = Array.from(this.devices, ([id, key]): ListedDevice => [id, key.public]);
    const before = this.lists.at(-1);
    this.lists.push(DeviceList.issue(this.identity, this.address, entries, NOW_S, before));
  }

  addDevice(device: string): void {
    this.devices.set(device, SigningKey.generate());
    this.publish();
  }

  removeDevice(device: string): void {
    this.devices.delete(device);
    this.publish();
  }

  deviceAddress(device = FIRST): DeviceAddress {
    return new DeviceAddress(this.address, device);
  }

  certificate(device = FIRST, fromS = NOW_S - YEAR_S, toS = NOW_S + YEAR_S): Uint8Array {
    const address = this.deviceAddress(device);
    return DeviceCertificate.issue(this.identity, address, this.key(device), fromS, toS);
  }

  credential(device = FIRST): Credential {
    return new Credential(CREDENTIAL_TYPE, this.certificate(device));
  }

  key(device = FIRST): Uint8Array {
    return this.devices.get(device)!.public;
  }

  /** What the server answers when it is asked for this account. */
  shown(at = -1): Shown {
    const deviceList = this.lists.at(at)!;
    return { kind: this.kind, identityKey: this.identity.public, deviceList };
  }

  /** The same account as it was, with the same keys, that goes on in another way. */
  forked(): Person {
    const fork = new Person(this.name, this.kind, this.identity);
    fork.devices.clear();
    this.devices.forEach((key, device) => fork.devices.set(device, key));
    fork.lists.splice(0, fork.lists.length, ...this.lists);
    return fork;
  }

  /** The same name with other keys: what a server could make up. */
  impostor(): Person {
    return new Person(this.name, this.kind);
  }
}
