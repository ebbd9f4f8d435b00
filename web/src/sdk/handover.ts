/** What a linked device is handed: who it is from now on, and where its history will be. */

import { concat, EMPTY, equalBytes, textFrom, utf8 } from '../base/bytes.ts';
import { DeviceAddress, NameRefused } from '../base/ids.ts';
import { ContentError } from '../content/errors.ts';
import { parseCertificate } from '../identity/certificate.ts';
import { parseDeviceList } from '../identity/device_list.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { KEY_BYTES, SigningKey } from '../identity/keys.ts';
import { CodecError, opaque, optional, parseWhole, type Reader, u8 } from '../mls/codec.ts';
import { ACCOUNT_KINDS, type AccountKind } from '../vault/accounts.ts';
import { type NotePlace, placeBytes, readPlace } from './archive_ref.ts';
import { PairingRefused } from './pairing.ts';
import { readRecovery, type Recovery, recoveryBytes } from './recovery_settings.ts';

const VERSION = 2;

/** In their order on the wire. */
const ROLES = ['owner', 'staff'] as const;

/**
 * All devices of an account have its identity key: whichever is left can remove the one that was
 * lost (docs/decisions/0011). Those of a business's staff do not: `identity` is undefined, and what
 * a removed one has never had, it does not keep (docs/decisions/0018).
 */
export interface Handover {
  readonly kind: AccountKind;
  readonly identity: SigningKey | undefined;
  readonly device: DeviceAddress;
  readonly certificate: Uint8Array;
  readonly deviceList: Uint8Array;

  /** Where it will be said where the history is. */
  readonly note: NotePlace | undefined;

  /** How this account's backups are made. */
  readonly recovery: Recovery | undefined;
}

/** As bytes, which hold secrets: overwrite them. */
export function handoverBytes(handover: Handover): Uint8Array {
  const { certificate, device, deviceList, identity, kind, note, recovery } = handover;
  const secret = identity?.toBytes() ?? EMPTY;
  const raw = concat(
    u8(VERSION),
    u8(ACCOUNT_KINDS.indexOf(kind)),
    u8(ROLES.indexOf(identity === undefined ? 'staff' : 'owner')),
    opaque(secret),
    opaque(utf8(device.uri)),
    opaque(certificate),
    opaque(deviceList),
    optional(note && placeBytes(note)),
    optional(recovery && recoveryBytes(recovery)),
  );
  secret.fill(0);
  return raw;
}

/**
 * What was handed over to the device of this key, by the server of this domain; all of it fits
 * together.
 *
 * Throws PairingRefused.
 */
export function readHandover(
  raw: Uint8Array,
  deviceKey: SigningKey,
  domain: string,
  nowS: number,
): Handover {
  try {
    const handover = parseWhole(read, raw);
    check(handover, deviceKey, domain, nowS);
    return handover;
  } catch (error) {
    if (
      error instanceof CodecError ||
      error instanceof ContentError ||
      error instanceof IdentityRefused ||
      error instanceof NameRefused ||
      error instanceof TypeError
    ) {
      throw unfit(error.message, error);
    }
    throw error;
  }
}

function read(reader: Reader): Handover {
  const version = reader.u8();
  if (version !== VERSION) {
    throw unfit('it was made by another version of Plausch');
  }
  const kind = ACCOUNT_KINDS[reader.u8()];
  const role = ROLES[reader.u8()];
  const secret = reader.opaque();
  if (
    kind === undefined ||
    role === undefined ||
    secret.length !== (role === 'owner' ? KEY_BYTES : 0)
  ) {
    throw unfit('a field is not what it must be');
  }
  const identity = role === 'owner' ? SigningKey.fromBytes(secret) : undefined;
  secret.fill(0);
  return {
    kind,
    identity,
    device: DeviceAddress.parseUri(textFrom(reader.opaque())),
    certificate: reader.opaque(),
    deviceList: reader.opaque(),
    note: reader.optional(readPlace),
    recovery: reader.optional(readRecovery),
  };
}

function check(handover: Handover, deviceKey: SigningKey, domain: string, nowS: number): void {
  const { device, identity } = handover;
  if (device.account.domain !== domain) {
    throw unfit(`the account lives at ${device.account.domain}, and this is ${domain}`);
  }
  const certificate = parseCertificate(handover.certificate);
  certificate.check(nowS);
  const list = parseDeviceList(handover.deviceList);
  list.checkTime(device, nowS);
  const identityKey = identity?.public ?? list.identityKey;
  const fits =
    certificate.device.equals(device) &&
    equalBytes(certificate.signatureKey, deviceKey.public) &&
    equalBytes(certificate.identityKey, identityKey) &&
    equalBytes(list.identityKey, identityKey) &&
    list.lists(device, deviceKey.public) &&
    list.isStaff(device) === (identity === undefined);
  if (!fits) {
    throw unfit('its keys do not belong together');
  }
}

function unfit(why: string, cause?: unknown): PairingRefused {
  return new PairingRefused(
    `What the other device has handed over cannot be used (${why.replace(/\.$/, '')}): nothing ` +
      'was linked; try it with a new code.',
    { code: 'link_unfit', cause },
  );
}
