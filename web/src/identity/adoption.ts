/**
 * Adoption: a device that no other one can link proves the backup's key, over the server's nonce.
 *
 * Every device of an account has the identity key, a device that was removed had it too: the
 * identity key alone therefore brings nobody back in. The adoption key follows from the recovery
 * key, which no device keeps.
 */

import { encode } from '@msgpack/msgpack';
import { sha256 } from '@noble/hashes/sha2.js';

import { LocalError } from '../base/errors.ts';
import type { AccountAddress } from '../base/ids.ts';
import { IdentityRefused } from './errors.ts';
import { type SigningKey, verify } from './keys.ts';
import { NONCE_BYTES } from './login.ts';
import { VERSION } from './signed.ts';

export const LABEL = 'adoption';

/** What is signed: msgpack [version, domain, nonce, account URI, SHA-256 of the signed list]. */
export function adoptionPayload(
  domain: string,
  nonce: Uint8Array,
  account: AccountAddress,
  deviceList: Uint8Array,
): Uint8Array {
  return encode([VERSION, domain, nonce, account.uri, sha256(deviceList)]);
}

/**
 * The answer to the server's nonce, by the adoption key.
 *
 * Throws LocalError when the nonce is not 32 bytes or the account lives on another domain.
 */
export function signAdoption(
  key: SigningKey,
  domain: string,
  nonce: Uint8Array,
  account: AccountAddress,
  deviceList: Uint8Array,
): Uint8Array {
  if (nonce.length !== NONCE_BYTES) {
    throw new LocalError(`A nonce has ${NONCE_BYTES} bytes, not ${nonce.length}.`);
  }
  if (account.domain !== domain) {
    const shown = JSON.stringify(domain.slice(0, 255));
    throw new LocalError(`${account.toString()} cannot be restored at ${shown}: another domain.`);
  }
  return key.sign(LABEL, adoptionPayload(domain, nonce, account, deviceList));
}

/**
 * Check the answer under the adoption key as the server knows it.
 *
 * Throws IdentityRefused (`wrong_domain`, `bad_signature`, `bad_key`).
 */
export function verifyAdoption(
  publicKey: Uint8Array,
  domain: string,
  nonce: Uint8Array,
  account: AccountAddress,
  deviceList: Uint8Array,
  signature: Uint8Array,
): void {
  if (account.domain !== domain) {
    throw new IdentityRefused(`${account.toString()} is not an account of ${domain}.`, {
      code: 'wrong_domain',
    });
  }
  verify(publicKey, LABEL, adoptionPayload(domain, nonce, account, deviceList), signature);
}
