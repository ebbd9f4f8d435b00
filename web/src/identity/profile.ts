/**
 * A business's public profile, signed by its identity key and numbered.
 *
 * It comes through the server, which could otherwise write imprints and opening hours of its own.
 * The number grows with each profile: whoever has seen one is shown no older one. An empty body
 * says that the profile was withdrawn; that too is signed. What the body says is profile_body.ts's.
 */

import { equalBytes } from '../base/bytes.ts';
import { LocalError } from '../base/errors.ts';
import { AccountAddress, NameRefused } from '../base/ids.ts';
import { IdentityRefused } from './errors.ts';
import { checkPublicKey, type SigningKey, verify } from './keys.ts';
import { pack, unpack, VERSION } from './signed.ts';

export const LABEL = 'profile';

/** What was signed, after the signature was found right. `raw` are the signed bytes. */
export interface SignedProfile {
  readonly account: AccountAddress;
  readonly identityKey: Uint8Array;
  /** Counts from 1. */
  readonly seq: number;
  readonly issuedAtS: number;
  /** Empty when the profile is withdrawn. */
  readonly body: Uint8Array;
  readonly raw: Uint8Array;
}

/**
 * The signed bytes of profile number `seq`; an empty body withdraws it. Throws LocalError when the
 * number is below 1.
 */
export function issueProfile(
  identity: SigningKey,
  account: AccountAddress,
  seq: number,
  issuedAtS: number,
  body: Uint8Array,
): Uint8Array {
  if (seq < 1) {
    throw new LocalError(`Profiles are numbered from 1, not ${seq}.`);
  }
  return pack(identity, LABEL, [VERSION, account.uri, identity.public, seq, issuedAtS, body]);
}

/**
 * Parse strictly and verify the signature; the body is not looked into.
 *
 * Throws IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `bad_signature`).
 */
export function parseProfile(raw: Uint8Array): SignedProfile {
  const [payload, signedPayload, signature] = unpack(raw, LABEL, (fields) => ({
    account: fields.text(),
    identityKey: fields.bytes(),
    seq: fields.natural(),
    issuedAtS: fields.natural(),
    body: fields.bytes(),
  }));
  const account = accountIn(payload.account);
  checkPublicKey(payload.identityKey);
  if (payload.seq < 1) {
    throw new IdentityRefused(`A ${LABEL} is numbered from 1.`, { code: 'malformed' });
  }
  verify(payload.identityKey, LABEL, signedPayload, signature);
  return { ...payload, account, raw };
}

/**
 * Whether `shown` is newer than the known one; false when it is the same.
 *
 * Throws IdentityRefused: `profile_account`, `identity_key_changed`, `profile_rollback` (an older
 * one), `profile_fork` (another one of the same number).
 */
export function supersedes(shown: SignedProfile, knownRaw: Uint8Array): boolean {
  if (equalBytes(shown.raw, knownRaw)) {
    return false;
  }
  const known = parseProfile(knownRaw);
  if (!shown.account.equals(known.account)) {
    throw new IdentityRefused(
      `A profile of ${shown.account.toString()} cannot follow one of ${known.account.toString()}.`,
      { code: 'profile_account' },
    );
  }
  if (!equalBytes(shown.identityKey, known.identityKey)) {
    throw new IdentityRefused(
      `The profile of ${shown.account.toString()} is signed by another key than the known one.`,
      { code: 'identity_key_changed' },
    );
  }
  if (shown.seq < known.seq) {
    throw new IdentityRefused(
      `Profile ${shown.seq} of ${shown.account.toString()} is older than profile ${known.seq}, which is ` +
        'known already.',
      { code: 'profile_rollback' },
    );
  }
  if (shown.seq === known.seq) {
    throw new IdentityRefused(
      `There are two profiles ${shown.seq} of ${shown.account.toString()}: somebody shows different ones to ` +
        'different people.',
      { code: 'profile_fork' },
    );
  }
  return true;
}

function accountIn(uri: string): AccountAddress {
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
