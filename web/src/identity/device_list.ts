/**
 * The hash-chained, signed list of an account's devices.
 *
 * A device whose key is not in the newest list is never encrypted to. Each list names the hash
 * of the one before it: whoever holds two lists sees a rollback or a fork. A device of staff is
 * listed with a time, after which it is encrypted to no more unless a newer list has moved it.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { EMPTY, equalBytes, toHex } from '../base/bytes.ts';
import { LocalError } from '../base/errors.ts';
import { AccountAddress, DeviceAddress, NameRefused } from '../base/ids.ts';
import { IdentityRefused } from './errors.ts';
import { checkPublicKey, type SigningKey, verify } from './keys.ts';
import { type Fields, pack, unpack, VERSION } from './signed.ts';

export const LABEL = 'device list';

/** A business's limit; a person's (6) is kept by the server, which knows the account's kind. */
export const MAX_DEVICES = 50;

/** Of a list that names staff; without them, a list is of version 1. */
const STAFF_VERSION = 2;

const HASH_BYTES = 32;
const DEVICE_ID = /^[0-9a-f]{16}$/;

/** One entry of a list: 16 hex digits, and the device's signature key of 32 bytes. */
export type ListedDevice = readonly [device: string, signatureKey: Uint8Array];

/** A listed device that does not have the identity key, and the second at which its time is over. */
export type ListedStaff = readonly [device: string, untilS: number];

/** What a list says and is signed for; the fields are those of DeviceList. */
interface Payload {
  readonly account: string;
  readonly identityKey: Uint8Array;
  readonly seq: number;
  readonly previous: Uint8Array;
  readonly issuedAtS: number;
  readonly devices: readonly ListedDevice[];
  readonly staff: readonly ListedStaff[];
}

/**
 * What a list says, after its signature was found right.
 *
 * `seq` counts from 1; `previous` is the SHA-256 of the previous list's signed bytes, empty in
 * the first; `devices` are in order of their ids, and so are those of `staff`; `raw` the signed
 * bytes.
 */
export class DeviceList {
  constructor(
    readonly account: AccountAddress,
    readonly identityKey: Uint8Array,
    readonly seq: number,
    readonly previous: Uint8Array,
    readonly issuedAtS: number,
    readonly devices: readonly ListedDevice[],
    readonly staff: readonly ListedStaff[],
    readonly raw: Uint8Array,
  ) {}

  /**
   * The signed list that comes after `previousRaw` (empty: the first). `staff` without a value:
   * whoever is on the list before and on this one stays what it is.
   *
   * Throws LocalError on devices or a time that no list may hold, IdentityRefused when `previousRaw` is no
   * list of this account and key.
   */
  static issue(
    identity: SigningKey,
    account: AccountAddress,
    devices: Iterable<ListedDevice>,
    issuedAtS: number,
    previousRaw: Uint8Array = EMPTY,
    staff?: Iterable<ListedStaff>,
  ): Uint8Array {
    if (!Number.isSafeInteger(issuedAtS) || issuedAtS < 0) {
      throw new LocalError(`A device list is issued at a whole second, not at ${issuedAtS}.`);
    }
    const ordered = [...devices].sort(byId);
    let kept: readonly ListedStaff[] = [];
    let seq = 1;
    let previous: Uint8Array = EMPTY;
    if (previousRaw.length > 0) {
      const before = parseDeviceList(previousRaw);
      if (!before.account.equals(account) || !equalBytes(before.identityKey, identity.public)) {
        throw new LocalError(
          `The previous device list is not one of ${account.toString()} and this key.`,
        );
      }
      seq = before.seq + 1;
      previous = before.digest();
      kept = before.staff.filter(([id]) => ordered.some(([listed]) => listed === id));
    }
    const limited = [...(staff ?? kept)].sort(byId);
    try {
      checkDevices(ordered, identity.public);
      checkStaff(limited, ordered);
    } catch (error) {
      if (error instanceof IdentityRefused) {
        throw new LocalError(error.message, { cause: error });
      }
      throw error;
    }
    const fields = [account.uri, identity.public, seq, previous, issuedAtS, ordered];
    return limited.length === 0
      ? pack(identity, LABEL, [VERSION, ...fields])
      : pack(identity, LABEL, [STAFF_VERSION, ...fields, limited]);
  }

  /** SHA-256 of the signed bytes: the next list's `previous`. */
  digest(): Uint8Array {
    return sha256(this.raw);
  }

  /** Whether this device is listed with exactly this key. */
  lists(device: DeviceAddress, signatureKey: Uint8Array): boolean {
    return (
      device.account.equals(this.account) &&
      this.devices.some(([id, key]) => id === device.device && equalBytes(key, signatureKey))
    );
  }

  /** The listed devices' addresses, by id. */
  addresses(): readonly DeviceAddress[] {
    return this.devices.map(([device]) => new DeviceAddress(this.account, device));
  }

  /** Whether it is listed as one that does not have the identity key. */
  isStaff(device: DeviceAddress): boolean {
    return device.account.equals(this.account) && this.#untilS(device) !== undefined;
  }

  /** The addresses of the devices whose time is not over. */
  inTime(nowS: number): readonly DeviceAddress[] {
    return this.addresses().filter((one) => nowS < (this.#untilS(one) ?? Infinity));
  }

  /** Throws IdentityRefused `staff_expired` when a listed device's time is over. */
  checkTime(device: DeviceAddress, nowS: number): void {
    const untilS = this.#untilS(device);
    if (untilS !== undefined && nowS >= untilS) {
      throw new IdentityRefused(
        `${device.uri} is a device of staff, and its time on the list ended at ${untilS} (seconds ` +
          `since 1970); it is ${nowS}. A device of an owner must renew it.`,
        { code: 'staff_expired' },
      );
    }
  }

  #untilS({ device }: DeviceAddress): number | undefined {
    return this.staff.find(([id]) => id === device)?.[1];
  }

  /**
   * Refuse unless this is the very next list after `previousRaw` (empty: the first list).
   *
   * For whoever sees every list (the server, the log of lists). Throws IdentityRefused with the
   * codes of `supersedes`, and `device_list_gap`.
   */
  follows(previousRaw: Uint8Array): void {
    if (previousRaw.length === 0) {
      if (this.seq !== 1) {
        throw new IdentityRefused(
          `The first device list of ${this.account.toString()} has number ${this.seq}, not 1.`,
          { code: 'device_list_gap' },
        );
      }
      return;
    }
    const known = parseDeviceList(previousRaw);
    this.#checkAfter(known);
    if (this.seq !== known.seq + 1) {
      throw new IdentityRefused(
        `Device list ${this.seq} of ${this.account.toString()} does not come right after list ` +
          `${known.seq}.`,
        { code: 'device_list_gap' },
      );
    }
  }

  /**
   * Whether this list is newer than the known one; false when it is the same.
   *
   * For clients, which may have missed lists between. Throws IdentityRefused:
   * `device_list_account`, `identity_key_changed`, `device_list_rollback` (an older list),
   * `device_list_fork` (another history).
   */
  supersedes(knownRaw: Uint8Array): boolean {
    if (equalBytes(this.raw, knownRaw)) {
      return false;
    }
    this.#checkAfter(parseDeviceList(knownRaw));
    return true;
  }

  #checkAfter(known: DeviceList): void {
    const name = this.account.toString();
    if (!this.account.equals(known.account)) {
      throw new IdentityRefused(
        `A device list of ${name} cannot follow one of ${known.account.toString()}.`,
        { code: 'device_list_account' },
      );
    }
    if (!equalBytes(this.identityKey, known.identityKey)) {
      throw new IdentityRefused(
        `The identity key of ${name} changed. Compare safety numbers before you go on.`,
        { code: 'identity_key_changed' },
      );
    }
    if (this.seq < known.seq) {
      throw new IdentityRefused(
        `Device list ${this.seq} of ${name} is older than list ${known.seq}, which is known ` +
          'already.',
        { code: 'device_list_rollback' },
      );
    }
    const isSamePlace = this.seq === known.seq;
    const isNext = this.seq === known.seq + 1;
    if (isSamePlace || (isNext && !equalBytes(this.previous, known.digest()))) {
      throw new IdentityRefused(
        `Device list ${this.seq} of ${name} belongs to another history than the known one: ` +
          'somebody shows different lists to different people.',
        { code: 'device_list_fork' },
      );
    }
  }
}

/**
 * Parse strictly and verify the identity key's signature.
 *
 * Throws IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `key_reuse`,
 * `bad_signature`).
 */
export function parseDeviceList(raw: Uint8Array): DeviceList {
  const [payload, signedPayload, signature] = unpack(raw, LABEL, readPayload, readWithStaff);
  const { identityKey, seq, previous, issuedAtS, devices, staff } = payload;
  const account = parseAccount(payload.account);
  checkPublicKey(identityKey);
  checkDevices(devices, identityKey);
  checkStaff(staff, devices);
  if (seq < 1 || previous.length !== (seq > 1 ? HASH_BYTES : 0)) {
    throw new IdentityRefused(
      `Device list ${seq} of ${account.toString()} does not name the list before it.`,
      { code: 'malformed' },
    );
  }
  verify(identityKey, LABEL, signedPayload, signature);
  return new DeviceList(
    ...([account, identityKey, seq, previous, issuedAtS, devices, staff] as const),
    raw.slice(),
  );
}

function readPayload(fields: Fields): Payload {
  return {
    account: fields.text(),
    identityKey: fields.bytes(),
    seq: fields.natural(),
    previous: fields.bytes(),
    issuedAtS: fields.natural(),
    devices: fields.list((entry) => [entry.text(), entry.bytes()] as const),
    staff: [],
  };
}

function readWithStaff(fields: Fields): Payload {
  const payload = readPayload(fields);
  const staff = fields.list((entry) => [entry.text(), entry.natural()] as const);
  if (staff.length === 0) {
    throw new IdentityRefused(
      'A device list without staff is one of version 1: it has one encoding.',
      { code: 'malformed' },
    );
  }
  return { ...payload, staff };
}

function parseAccount(uri: string): AccountAddress {
  try {
    return AccountAddress.parseUri(uri);
  } catch (error) {
    if (error instanceof NameRefused) {
      throw new IdentityRefused(`A ${LABEL} names no account: ${error.message}`, {
        code: 'malformed',
        cause: error,
      });
    }
    throw error;
  }
}

function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** A list on which nobody could renew anybody is none. */
function checkStaff(staff: readonly ListedStaff[], devices: readonly ListedDevice[]): void {
  const listed = new Set(devices.map(([device]) => device));
  const isOrdered = staff.every(([id], at) => at === 0 || (staff[at - 1]?.[0] ?? '') < id);
  if (
    !isOrdered ||
    !staff.every(([id]) => listed.has(id)) ||
    (staff.length > 0 && staff.length >= devices.length)
  ) {
    throw new IdentityRefused(
      'The devices of staff on a list are in order of their ids, each once, all of them listed, ' +
        'and not all that are.',
      { code: 'malformed' },
    );
  }
}

function checkDevices(devices: readonly ListedDevice[], identityKey: Uint8Array): void {
  if (devices.length < 1 || devices.length > MAX_DEVICES) {
    throw new IdentityRefused(
      `A device list has 1 to ${MAX_DEVICES} devices, not ${devices.length}.`,
      { code: 'malformed' },
    );
  }
  let before = '';
  for (const [device] of devices) {
    if (device <= before) {
      throw new IdentityRefused('The devices of a list are in order of their ids, each once.', {
        code: 'malformed',
      });
    }
    before = device;
  }
  for (const [device, key] of devices) {
    if (!DEVICE_ID.test(device)) {
      throw new IdentityRefused(
        `${JSON.stringify(device.slice(0, 32))} is not a device id: expected 16 hex digits.`,
        { code: 'malformed' },
      );
    }
    checkPublicKey(key);
  }
  const keys = new Set([identityKey, ...devices.map(([, key]) => key)].map(toHex));
  if (keys.size !== devices.length + 1) {
    throw new IdentityRefused(
      'Each device of a list needs a key of its own, other than the identity key.',
      { code: 'key_reuse' },
    );
  }
}
