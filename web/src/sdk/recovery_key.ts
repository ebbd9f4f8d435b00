/**
 * The recovery key: 160 random bits on paper, and everything that follows from them.
 *
 * It is shown as eight groups of four characters, and a ninth that is a checksum, in an alphabet of
 * 32 characters in which none looks like another (those of Crockford's base 32). What a person may
 * add is a passphrase, slowed down by Argon2id (RFC 9106): whoever finds the paper still has to
 * guess it. No device keeps any of it; what devices keep is in recovery_settings.ts.
 */

import { argon2idAsync } from '@noble/hashes/argon2.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

import { concat, equalBytes, utf8 } from '../base/bytes.ts';
import { randomBytes } from '../base/random.ts';
import { SigningKey } from '../identity/keys.ts';
import { MLS_256_XWING, suite } from '../mls/suite.ts';
import { SdkError } from './errors.ts';
import type { Recovery } from './recovery_settings.ts';

export const RECOVERY_KEY_BYTES = 20;

/** Argon2id: 32 MiB, 2 passes, 1 lane; a phone takes about 3 seconds. */
export const ARGON2 = { m: 32 * 1024, t: 2, p: 1 } as const;

const GROUP = 4;
const KEY_CHARACTERS = (RECOVERY_KEY_BYTES * 8) / 5;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const SALT = utf8('Plausch 1.0 recovery\0');
const CHECKSUM = utf8('Plausch 1.0 recovery key checksum\0');
const PASSPHRASE = utf8('Plausch 1.0 recovery passphrase\0');

/** What opens a backup and brings a device in. */
export interface RecoverySecrets {
  readonly capability: Uint8Array;
  readonly adoption: SigningKey;
  readonly sealing: readonly [privateKey: Uint8Array, publicKey: Uint8Array];
}

/** 160 bits. */
export function newRecoveryKey(): Uint8Array {
  return randomBytes(RECOVERY_KEY_BYTES);
}

/** Nine groups of four characters. */
export function recoveryText(key: Uint8Array): string {
  const characters = inAlphabet(key) + checksum(key);
  return (characters.match(/.{4}/g) ?? []).join(' ');
}

/**
 * The key of a text: in capitals or not, with whatever between the groups, with O for 0 and I or L
 * for 1.
 *
 * Throws SdkError `bad_recovery_key` when it is not whole or has a wrong character.
 */
export function parseRecoveryKey(text: string): Uint8Array {
  const characters = text
    .toUpperCase()
    .replace(/[\s\-–—.]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  const key = fromAlphabet(characters.slice(0, KEY_CHARACTERS));
  const isWhole = characters.length === KEY_CHARACTERS + GROUP;
  if (!isWhole || key === undefined || checksum(key) !== characters.slice(KEY_CHARACTERS)) {
    throw new SdkError(
      isWhole
        ? 'This recovery key has a wrong character somewhere: compare it with your note.'
        : 'A recovery key has nine groups of four characters: enter all of them.',
      { code: 'bad_recovery_key' },
    );
  }
  return key;
}

/** Everything that follows from a key and a passphrase ("": none). Takes seconds with one. */
export async function deriveRecovery(
  key: Uint8Array,
  passphrase: string,
): Promise<RecoverySecrets> {
  const parts = [key.slice()];
  if (passphrase !== '') {
    const salt = sha256(concat(PASSPHRASE, key)).subarray(0, 16);
    const words = utf8(passphrase.normalize('NFKC'));
    parts.push(await argon2idAsync(words, salt, { ...ARGON2, dkLen: 32 }));
  }
  const secret = extract(sha256, concat(...parts), SALT);
  parts.forEach((part) => part.fill(0));
  const seed = expand(sha256, secret, utf8('adoption'), 32);
  const ikm = expand(sha256, secret, utf8('sealing'), 32);
  const secrets = {
    capability: expand(sha256, secret, utf8('capability'), 32),
    adoption: SigningKey.fromBytes(seed),
    sealing: suite(MLS_256_XWING).kemDeriveKeyPair(ikm),
  };
  [secret, seed, ikm].forEach((one) => one.fill(0));
  return secrets;
}

/** They are not needed any more. The adoption key cannot be overwritten, and is let go. */
export function wipe({ capability, sealing }: RecoverySecrets): void {
  [capability, sealing[0]].forEach((one) => one.fill(0));
}

/** What devices keep. */
export function recoveryOf({ adoption, capability, sealing }: RecoverySecrets): Recovery {
  return { lookup: sha256(capability), adoptionKey: adoption.public, sealingKey: sealing[1] };
}

/** Whether these secrets belong to what a device keeps. */
export function isOf(secrets: RecoverySecrets, recovery: Recovery): boolean {
  const { adoptionKey, lookup, sealingKey } = recoveryOf(secrets);
  return (
    equalBytes(lookup, recovery.lookup) &&
    equalBytes(adoptionKey, recovery.adoptionKey) &&
    equalBytes(sealingKey, recovery.sealingKey)
  );
}

function checksum(key: Uint8Array): string {
  return inAlphabet(sha256(concat(CHECKSUM, key)).subarray(0, 5)).slice(0, GROUP);
}

/** Five bits a character; the length is a multiple of five bytes. */
function inAlphabet(raw: Uint8Array): string {
  let text = '';
  let [bits, left] = [0, 0];
  for (const byte of raw) {
    bits = ((bits << 8) | byte) & 0xfff;
    for (left += 8; left >= 5; left -= 5) {
      text += ALPHABET.charAt((bits >> (left - 5)) & 0x1f);
    }
  }
  return text;
}

function fromAlphabet(text: string): Uint8Array | undefined {
  const raw = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [bits, left, at] = [0, 0, 0];
  for (const character of text) {
    const five = ALPHABET.indexOf(character);
    if (five === -1) {
      return undefined;
    }
    bits = ((bits << 5) | five) & 0xfff;
    left += 5;
    if (left >= 8) {
      left -= 8;
      raw[at] = bits >> left;
      at += 1;
    }
  }
  return raw;
}
