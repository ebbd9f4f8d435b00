/**
 * Who may be a member, until device certificates are judged here (#4): devices that the page names.
 *
 * A list, because a rule that accepts by default would accept strangers.
 */

import { concat, toHex } from '../base/bytes.ts';
import { Credential, type CredentialJudge, CredentialRefused } from '../mls/credential.ts';
import type { PinnedDevice, Policy } from './protocol.ts';

/** A judge for the devices of a policy and our own. */
export function judgeOf(policy: Policy, own: PinnedDevice | undefined): CredentialJudge {
  const devices = own === undefined ? policy.devices : [...policy.devices, own];
  const pinned = new Set(
    devices.map((device) =>
      pinOf(new Credential(device.credentialType, device.credential), device.signatureKey),
    ),
  );
  return (credential, signatureKey, role) => {
    if (role === 'external_sender') {
      throw new CredentialRefused('Nobody outside a group may send to it.');
    }
    if (!pinned.has(pinOf(credential, signatureKey))) {
      throw new CredentialRefused(
        'A device that this device does not know wants to be a member: check whose it is.',
      );
    }
  };
}

/** One text for a credential and its key; the credential's encoding has its own length. */
function pinOf(credential: Credential, signatureKey: Uint8Array): string {
  return toHex(concat(credential.toBytes(), signatureKey));
}
