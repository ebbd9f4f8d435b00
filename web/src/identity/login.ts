/**
 * Login: the device signs the server's nonce.
 *
 * The signature binds the server's domain, so that one server cannot log in at another with it,
 * and the device URI, so that it speaks for this device only.
 */

import { encode } from '@msgpack/msgpack';

import { LocalError } from '../base/errors.ts';
import type { DeviceAddress } from '../base/ids.ts';
import { IdentityRefused } from './errors.ts';
import { type SigningKey, verify } from './keys.ts';
import { VERSION } from './signed.ts';

export const LABEL = 'login';
export const NONCE_BYTES = 32;

/** What is signed: msgpack [version, domain, nonce, device URI]. */
export function loginPayload(domain: string, nonce: Uint8Array, device: DeviceAddress): Uint8Array {
  return encode([VERSION, domain, nonce, device.uri]);
}

/**
 * The answer to the server's nonce, by the device's key.
 *
 * Throws LocalError when the nonce is not 32 bytes or the device belongs to another domain: then
 * the server is not the one the device wants to speak to.
 */
export function signLogin(
  key: SigningKey,
  domain: string,
  nonce: Uint8Array,
  device: DeviceAddress,
): Uint8Array {
  if (nonce.length !== NONCE_BYTES) {
    throw new LocalError(`A login nonce has ${NONCE_BYTES} bytes, not ${nonce.length}.`);
  }
  if (device.account.domain !== domain) {
    const shown = JSON.stringify(domain.slice(0, 255));
    throw new LocalError(`${device.uri} cannot log in at ${shown}, which is another domain.`);
  }
  return key.sign(LABEL, loginPayload(domain, nonce, device));
}

/**
 * Check the answer under the device's key as the server knows it.
 *
 * Throws IdentityRefused (`wrong_domain`, `bad_signature`, `bad_key`).
 */
export function verifyLogin(
  publicKey: Uint8Array,
  domain: string,
  nonce: Uint8Array,
  device: DeviceAddress,
  signature: Uint8Array,
): void {
  if (device.account.domain !== domain) {
    throw new IdentityRefused(`${device.uri} is not a device of ${domain}.`, {
      code: 'wrong_domain',
    });
  }
  verify(publicKey, LABEL, loginPayload(domain, nonce, device), signature);
}
