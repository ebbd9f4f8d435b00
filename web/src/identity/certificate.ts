/**
 * Device certificates: an account's identity key vouches for one device's MLS signature key.
 *
 * The signed bytes are the MLS credential of the device's leaf (spec/identity.md).
 */

import { equalBytes } from '../base/bytes.ts';
import { LocalError } from '../base/errors.ts';
import { type AccountAddress, DeviceAddress, NameRefused } from '../base/ids.ts';
import { PLAUSCH } from '../mls/credential.ts';
import { IdentityRefused } from './errors.ts';
import { checkPublicKey, type SigningKey, verify } from './keys.ts';
import { type Fields, MAX_SECONDS, pack, unpack, VERSION } from './signed.ts';

/** MLS credential type (RFC 9420 section 17.5, private use): a signed device certificate. */
export const CREDENTIAL_TYPE = PLAUSCH;

export const LABEL = 'device certificate';

/** What a certificate says and is signed for; times as in DeviceCertificate. */
interface Payload {
  readonly device: string;
  readonly signatureKey: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly notBeforeS: number;
  readonly expiresS: number;
}

/**
 * What a certificate says, after its signature was found right.
 *
 * It proves that the holder of `identityKey` accepts the device; that this identity key is the
 * account's is proven elsewhere (pin, key transparency). Times are seconds since 1970,
 * `expiresS` exclusive.
 */
export class DeviceCertificate {
  constructor(
    readonly device: DeviceAddress,
    readonly signatureKey: Uint8Array,
    readonly identityKey: Uint8Array,
    readonly notBeforeS: number,
    readonly expiresS: number,
  ) {}

  /** The signed certificate. Throws LocalError when the times or the key make no sense. */
  static issue(
    identity: SigningKey,
    device: DeviceAddress,
    signatureKey: Uint8Array,
    notBeforeS: number,
    expiresS: number,
  ): Uint8Array {
    const whole = Number.isSafeInteger(notBeforeS) && Number.isSafeInteger(expiresS);
    if (!whole || notBeforeS < 0 || notBeforeS >= expiresS || expiresS > MAX_SECONDS) {
      throw new LocalError(
        `A certificate cannot run from ${notBeforeS} to ${expiresS} seconds: the end must be ` +
          'after the beginning.',
      );
    }
    try {
      checkKeys(signatureKey, identity.public);
    } catch (error) {
      if (error instanceof IdentityRefused) {
        throw new LocalError(error.message, { cause: error });
      }
      throw error;
    }
    const payload = [VERSION, device.uri, signatureKey, identity.public, notBeforeS, expiresS];
    return pack(identity, LABEL, payload);
  }

  /** Whose device it is. */
  get account(): AccountAddress {
    return this.device.account;
  }

  /**
   * Refuse a certificate outside its time.
   *
   * Throws IdentityRefused (`certificate_not_yet_valid`, `certificate_expired`).
   */
  check(nowS: number): void {
    if (nowS < this.notBeforeS) {
      throw new IdentityRefused(
        `The certificate of ${this.device.uri} is valid only from ${this.notBeforeS} (seconds ` +
          `since 1970); it is ${nowS}. Check both clocks.`,
        { code: 'certificate_not_yet_valid' },
      );
    }
    if (nowS >= this.expiresS) {
      throw new IdentityRefused(
        `The certificate of ${this.device.uri} expired at ${this.expiresS} (seconds since ` +
          `1970); it is ${nowS}. The device must renew it.`,
        { code: 'certificate_expired' },
      );
    }
  }
}

/**
 * Parse strictly and verify the identity key's signature; the time is not judged here.
 *
 * Throws IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `key_reuse`,
 * `certificate_never_valid`, `bad_signature`).
 */
export function parseCertificate(raw: Uint8Array): DeviceCertificate {
  const [payload, signedPayload, signature] = unpack(raw, LABEL, readPayload);
  const { signatureKey, identityKey, notBeforeS, expiresS } = payload;
  const device = parseDevice(payload.device);
  checkKeys(signatureKey, identityKey);
  if (notBeforeS >= expiresS) {
    throw new IdentityRefused(`The certificate of ${device.uri} ends before it begins.`, {
      code: 'certificate_never_valid',
    });
  }
  verify(identityKey, LABEL, signedPayload, signature);
  return new DeviceCertificate(device, signatureKey, identityKey, notBeforeS, expiresS);
}

function readPayload(fields: Fields): Payload {
  return {
    device: fields.text(),
    signatureKey: fields.bytes(),
    identityKey: fields.bytes(),
    notBeforeS: fields.natural(),
    expiresS: fields.natural(),
  };
}

function parseDevice(uri: string): DeviceAddress {
  try {
    return DeviceAddress.parseUri(uri);
  } catch (error) {
    if (error instanceof NameRefused) {
      throw new IdentityRefused(`A ${LABEL} names no device: ${error.message}`, {
        code: 'malformed',
        cause: error,
      });
    }
    throw error;
  }
}

function checkKeys(signatureKey: Uint8Array, identityKey: Uint8Array): void {
  checkPublicKey(signatureKey);
  checkPublicKey(identityKey);
  if (equalBytes(signatureKey, identityKey)) {
    throw new IdentityRefused("A device's signature key must not be the account's identity key.", {
      code: 'key_reuse',
    });
  }
}
