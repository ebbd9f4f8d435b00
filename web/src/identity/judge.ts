/**
 * The check of one leaf, as a pure function: may this device be encrypted to?
 *
 * Every client asks it for every leaf of every group and every key package it uses; there is no
 * "notify and go on" (spec/identity.md).
 */

import { equalBytes } from '../base/bytes.ts';
import type { DeviceCertificate } from './certificate.ts';
import type { DeviceList } from './device_list.ts';
import { IdentityRefused } from './errors.ts';

/**
 * Return when the leaf is the listed device of the account whose key is pinned, else throw.
 *
 * `certificate` and `deviceList` come from their parsers, which verified their signatures.
 * Throws IdentityRefused: `leaf_key_mismatch`, `identity_key_changed`, `device_list_account`,
 * `device_not_listed`, `staff_expired`, `certificate_not_yet_valid`, `certificate_expired`.
 */
export function judgeLeaf(
  certificate: DeviceCertificate,
  leafSignatureKey: Uint8Array,
  pinnedIdentityKey: Uint8Array,
  deviceList: DeviceList,
  nowS: number,
): void {
  const device = certificate.device.uri;
  const account = certificate.account.toString();
  if (!equalBytes(certificate.signatureKey, leafSignatureKey)) {
    throw new IdentityRefused(
      `A leaf shows the certificate of ${device} with a key that is not the certificate's.`,
      { code: 'leaf_key_mismatch' },
    );
  }
  if (!equalBytes(certificate.identityKey, pinnedIdentityKey)) {
    throw new IdentityRefused(
      `The identity key of ${account} is not the one known so far. Compare safety numbers ` +
        'before you go on.',
      { code: 'identity_key_changed' },
    );
  }
  if (!deviceList.account.equals(certificate.account)) {
    throw new IdentityRefused(
      `${device} was looked up in the device list of ${deviceList.account.toString()}.`,
      { code: 'device_list_account' },
    );
  }
  if (!equalBytes(deviceList.identityKey, pinnedIdentityKey)) {
    throw new IdentityRefused(
      `The device list of ${account} is signed by another identity key than the one known so ` +
        'far. Compare safety numbers before you go on.',
      { code: 'identity_key_changed' },
    );
  }
  if (!deviceList.lists(certificate.device, leafSignatureKey)) {
    throw new IdentityRefused(`${device} is not (or no longer) among the devices of ${account}.`, {
      code: 'device_not_listed',
    });
  }
  deviceList.checkTime(certificate.device, nowS);
  certificate.check(nowS);
}
