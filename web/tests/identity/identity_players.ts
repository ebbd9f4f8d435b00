/** Anna, Ben and fixed keys, so that every failure repeats; and how to forge what they sign. */

import { encode } from '@msgpack/msgpack';

import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import { PlauschError } from '../../src/base/errors.ts';
import { DeviceCertificate } from '../../src/identity/certificate.ts';
import { DeviceList, type ListedDevice } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';

export const NOW_S = 1_800_000_000;
export const YEAR_S = 365 * 86_400;
export const NOTHING = new Uint8Array(0);

/** A key that follows from one byte. */
export function keyOf(seed: number): SigningKey {
  return SigningKey.fromBytes(new Uint8Array(32).fill(seed));
}

/** An account with one device, at one time. */
export class Person {
  readonly account: AccountAddress;
  readonly identity: SigningKey;
  readonly deviceKey: SigningKey;
  readonly device: DeviceAddress;
  readonly certificateRaw: Uint8Array;
  readonly listRaw: Uint8Array;

  constructor(name: string, seed: number) {
    this.account = new AccountAddress(name, 'example.org');
    this.identity = keyOf(seed);
    this.deviceKey = keyOf(seed + 1);
    this.device = new DeviceAddress(this.account, seed.toString(16).padStart(16, '0'));
    this.certificateRaw = DeviceCertificate.issue(
      this.identity,
      this.device,
      this.deviceKey.public,
      NOW_S,
      NOW_S + YEAR_S,
    );
    this.listRaw = this.listAfter(NOTHING);
  }

  listAfter(previous: Uint8Array, ...more: ListedDevice[]): Uint8Array {
    const devices: ListedDevice[] = [[this.device.device, this.deviceKey.public], ...more];
    return DeviceList.issue(this.identity, this.account, devices, NOW_S, previous);
  }
}

export const ANNA = new Person('anna', 1);
export const BEN = new Person('ben', 11);

/** A signed object with any payload, signed as told. */
export function forgedObject(signer: SigningKey, label: string, payload: unknown): Uint8Array {
  const raw = encode(payload);
  return encode([raw, signer.sign(label, raw)]);
}

/** The code of the error that a step ends with; '' when it ends well. */
export function refusedCode(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    if (error instanceof PlauschError) {
      return error.code;
    }
    throw error;
  }
  return '';
}

/** A copy with one byte altered. */
export function altered(raw: Uint8Array, position: number, mask = 1): Uint8Array {
  const copy = raw.slice();
  copy[position] = (copy[position] ?? 0) ^ mask;
  return copy;
}
