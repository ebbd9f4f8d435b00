/**
 * Safety numbers and the QR code that two people compare.
 *
 * The construction is Signal's numeric fingerprint (libsignal, `NumericFingerprintGenerator`):
 * 5200 rounds of SHA-512 over version, key and stable identifier, 30 decimal digits a party,
 * both parties' halves in ascending order. Identifier: the account URI.
 */

import { encode } from '@msgpack/msgpack';
import { sha512 } from '@noble/hashes/sha2.js';

import { fromBase64Url, toBase64Url } from '../base/base64url.ts';
import { concat, equalBytes, utf8 } from '../base/bytes.ts';
import { AccountAddress, NameRefused } from '../base/ids.ts';
import { IdentityRefused } from './errors.ts';
import { checkPublicKey } from './keys.ts';
import { decodeExactly, type Fields, VERSION } from './signed.ts';

export const ITERATIONS = 5200;

const FINGERPRINT_VERSION = Uint8Array.of(0, 0);
const DIGIT_GROUP = 5;
const GROUPS_PER_PARTY = 6;
const QR_PREFIX = 'plausch-verify:';
const MAX_QR_CHARACTERS = 1024;
const CODE = 'verification code';

/** An account and the identity key that somebody holds to be its own. */
export interface Party {
  readonly account: AccountAddress;
  readonly identityKey: Uint8Array;
}

/** What a scanned code claims: whose phone shows it, and whom that phone believes to see. */
export interface Verification {
  readonly shownBy: Party;
  readonly shownTo: Party;
}

/** A code as it is written. */
interface Qr {
  readonly version: number;
  readonly shownBy: string;
  readonly shownByKey: Uint8Array;
  readonly shownTo: string;
  readonly shownToKey: Uint8Array;
}

/** 60 digits in 12 groups of 5; the same whichever party comes first. */
export function safetyNumber(one: Party, other: Party): string {
  const digits = [fingerprint(one), fingerprint(other)].sort().join('');
  const groups: string[] = [];
  for (let start = 0; start < digits.length; start += DIGIT_GROUP) {
    groups.push(digits.slice(start, start + DIGIT_GROUP));
  }
  return groups.join(' ');
}

/** Whether a number that somebody compared or typed is this one; white space does not count. */
export function isSameNumber(compared: string, number: string): boolean {
  return compared.replaceAll(/\s+/g, '') === number.replaceAll(' ', '');
}

function fingerprint({ account, identityKey }: Party): string {
  let digest = concat(FINGERPRINT_VERSION, identityKey, utf8(account.uri));
  for (let round = 0; round < ITERATIONS; round += 1) {
    digest = sha512.create().update(digest).update(identityKey).digest();
  }
  let digits = '';
  for (let group = 0; group < GROUPS_PER_PARTY; group += 1) {
    const bytes = digest.subarray(5 * group, 5 * group + 5);
    const number = bytes.reduce((high, byte) => high * 256 + byte, 0);
    digits += String(number % 100_000).padStart(DIGIT_GROUP, '0');
  }
  return digits;
}

/** The text of the code that `own` shows to `other`: both addresses and full keys. */
export function qrPayload(own: Party, other: Party): string {
  const raw = encode([
    VERSION,
    own.account.uri,
    own.identityKey,
    other.account.uri,
    other.identityKey,
  ]);
  return QR_PREFIX + toBase64Url(raw);
}

/** Whether a text is meant to be such a code. */
export function isQrPayload(text: string): boolean {
  return text.startsWith(QR_PREFIX);
}

/** Parse a scanned code strictly. Throws IdentityRefused (`malformed`, `bad_key`, ...). */
export function parseQrPayload(text: string): Verification {
  if (!isQrPayload(text) || text.length > MAX_QR_CHARACTERS) {
    throw new IdentityRefused('This is not a Plausch verification code.', { code: 'malformed' });
  }
  const code = decodeExactly(rawOf(text.slice(QR_PREFIX.length)), CODE, readQr);
  if (code.version !== VERSION) {
    throw new IdentityRefused(
      `This verification code has version ${code.version}; this program knows version ${VERSION}.`,
      { code: 'unknown_version' },
    );
  }
  return {
    shownBy: party(code.shownBy, code.shownByKey),
    shownTo: party(code.shownTo, code.shownToKey),
  };
}

/**
 * Compare a scanned code with what this device believes of itself and the other party.
 *
 * Throws IdentityRefused: `wrong_party` (somebody else's code), `safety_number_differs` (the keys
 * are not the same on both devices: do not trust this conversation).
 */
export function checkScanned(text: string, own: Party, other: Party): void {
  const seen = parseQrPayload(text);
  const [mine, theirs] = [own.account.toString(), other.account.toString()];
  if (!seen.shownBy.account.equals(other.account) || !seen.shownTo.account.equals(own.account)) {
    throw new IdentityRefused(
      `This code verifies ${seen.shownBy.account.toString()} and ` +
        `${seen.shownTo.account.toString()}, not ${theirs} and ${mine}.`,
      { code: 'wrong_party' },
    );
  }
  const areSame =
    equalBytes(seen.shownBy.identityKey, other.identityKey) &&
    equalBytes(seen.shownTo.identityKey, own.identityKey);
  if (!areSame) {
    throw new IdentityRefused(
      `The keys of ${theirs} and ${mine} are not the same on both devices. Somebody may be ` +
        'listening: do not trust this conversation.',
      { code: 'safety_number_differs' },
    );
  }
}

function readQr(fields: Fields): Qr {
  return {
    version: fields.natural(),
    shownBy: fields.text(),
    shownByKey: fields.bytes(),
    shownTo: fields.text(),
    shownToKey: fields.bytes(),
  };
}

function party(uri: string, identityKey: Uint8Array): Party {
  let account;
  try {
    account = AccountAddress.parseUri(uri);
  } catch (error) {
    if (error instanceof NameRefused) {
      throw new IdentityRefused(`A ${CODE} names no account: ${error.message}`, {
        code: 'malformed',
        cause: error,
      });
    }
    throw error;
  }
  checkPublicKey(identityKey);
  return { account, identityKey };
}

/** Only the one text that stands for the bytes. Throws IdentityRefused (`malformed`). */
function rawOf(text: string): Uint8Array {
  const raw = fromBase64Url(text);
  if (raw === undefined) {
    throw new IdentityRefused('This Plausch verification code is damaged; scan it again.', {
      code: 'malformed',
    });
  }
  return raw;
}
