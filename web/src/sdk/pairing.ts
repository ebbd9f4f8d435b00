/**
 * What two devices say to each other while one is linked to the other's account (spec/linking.md).
 *
 * The server passes these messages on and may alter them. What keeps the new device's keys true is
 * the code that a person carries from one screen to the other: the hash of the keys themselves, or,
 * when it is the old device that shows the code, a number of six digits that both show. For that
 * number the new device commits itself before it knows what the other one adds to it.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { fromBase64Url, toBase64Url } from '../base/base64url.ts';
import { concat, EMPTY, equalBytes, textFrom, utf8 } from '../base/bytes.ts';
import { RemoteError } from '../base/errors.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { type SigningKey, verify } from '../identity/keys.ts';
import { CodecError, opaque, parseWhole, type Reader, u8 } from '../mls/codec.ts';
import { DecryptionFailed, KeyRefused } from '../mls/errors.ts';
import { MLS_256_XWING, suite } from '../mls/suite.ts';
import { SdkError } from './errors.ts';

export const PAIRING_BYTES = 16;
export const NONCE_BYTES = 32;

/** Most of what a new device says it is called. */
export const NAME_CHARACTERS = 64;

const VERSION = 1;
const KEYS_HASH_BYTES = 32;
const HPKE_LABEL = 'Plausch linking';
const OFFER_LABEL = 'link offer';
const PATH = '/#/link/';

/** What the other device says cannot be believed, or is none of what is said in a pairing. */
export class PairingRefused extends RemoteError {
  static override readonly code: string = 'pairing_refused';
}

/** Which device shows the code: the new one, or the one that has the account. */
export const SHOWN_BY = ['new', 'existing'] as const;
export type ShownBy = (typeof SHOWN_BY)[number];

/** A code as it is scanned. `keysHash` is empty in one that an existing device shows. */
export interface LinkCode {
  readonly shownBy: ShownBy;
  readonly pairing: Uint8Array;
  readonly keysHash: Uint8Array;
}

/**
 * The new device's keys: by `hpkeKey` it is written to, `deviceKey` is listed. `signature` is by the
 * device key, over all of it and the pairing: nobody offers a key that is another device's.
 */
export interface Offer {
  readonly hpkeKey: Uint8Array;
  readonly deviceKey: Uint8Array;
  readonly name: string;
  readonly signature: Uint8Array;
}

/** A message of a pairing. */
export type PairingMessage =
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'commitment'; readonly commitment: Uint8Array }
  | { readonly kind: 'challenge'; readonly nonce: Uint8Array }
  | { readonly kind: 'reveal'; readonly nonce: Uint8Array; readonly offer: Offer }
  | { readonly kind: 'sealed'; readonly kemOutput: Uint8Array; readonly ciphertext: Uint8Array }
  | { readonly kind: 'finished' }
  | { readonly kind: 'cancelled' };

const KINDS = [
  'offer',
  'commitment',
  'challenge',
  'reveal',
  'sealed',
  'finished',
  'cancelled',
] as const satisfies readonly PairingMessage['kind'][];

// --- the code --------------------------------------------------------------------------------

/** The link that is shown as a code and may be pasted. */
export function linkText(serverUrl: string, code: LinkCode): string {
  const raw = concat(u8(VERSION), u8(SHOWN_BY.indexOf(code.shownBy)), code.pairing, code.keysHash);
  return `${serverUrl.replace(/\/+$/, '')}${PATH}${toBase64Url(raw)}`;
}

/**
 * A link that was scanned or pasted.
 *
 * Throws SdkError `bad_link`, `other_server` (it is for another one), `link_version`.
 */
export function parseLink(text: string, serverUrl: string): LinkCode {
  const trimmed = text.trim();
  const at = trimmed.indexOf(PATH);
  const raw = at === -1 ? undefined : fromBase64Url(trimmed.slice(at + PATH.length));
  if (raw === undefined) {
    throw badLink();
  }
  if (trimmed.slice(0, at) !== serverUrl.replace(/\/+$/, '')) {
    throw new SdkError(
      `This link is for ${JSON.stringify(trimmed.slice(0, Math.min(at, 128)))}, and this is ` +
        `${serverUrl}: open the same address on both devices.`,
      { code: 'other_server' },
    );
  }
  if (raw[0] !== VERSION) {
    throw new SdkError('This link was made by a newer Plausch: reload the page on both devices.', {
      code: 'link_version',
    });
  }
  try {
    return parseWhole(readCode, raw);
  } catch (error) {
    throw error instanceof CodecError ? badLink(error) : error;
  }
}

function readCode(reader: Reader): LinkCode {
  reader.u8();
  const shownBy = SHOWN_BY[reader.u8()];
  if (shownBy === undefined) {
    throw badLink();
  }
  const pairing = reader.fixed(PAIRING_BYTES);
  const keysHash = shownBy === 'new' ? reader.fixed(KEYS_HASH_BYTES) : EMPTY;
  return { shownBy, pairing, keysHash };
}

function badLink(cause?: unknown): SdkError {
  return new SdkError(
    'This is not a whole link of another device: copy all of it, or scan the code again.',
    { code: 'bad_link', cause },
  );
}

// --- the offer -------------------------------------------------------------------------------

/** What a new device offers in a pairing. */
export function makeOffer(
  pairing: Uint8Array,
  deviceKey: SigningKey,
  hpkeKey: Uint8Array,
  name: string,
): Offer {
  const unsigned = { hpkeKey, deviceKey: deviceKey.public, name };
  return { ...unsigned, signature: deviceKey.sign(OFFER_LABEL, offered(pairing, unsigned)) };
}

/** Throws PairingRefused unless the device has the key that it offers in this pairing. */
export function checkOffer(pairing: Uint8Array, offer: Offer): void {
  try {
    verify(offer.deviceKey, OFFER_LABEL, offered(pairing, offer), offer.signature);
  } catch (error) {
    throw error instanceof IdentityRefused ? notUnderstood(error) : error;
  }
}

function offered(pairing: Uint8Array, offer: Omit<Offer, 'signature'>): Uint8Array {
  return concat(pairing, unsignedBytes(offer));
}

// --- what the code proves --------------------------------------------------------------------

/** What the code of a new device holds of its keys. */
export function keysHash(offer: Offer): Uint8Array {
  return sha256(concat(context('link keys'), offerBytes(offer)));
}

/** Throws PairingRefused unless these are the keys of which the code was shown. */
export function checkKeys(code: LinkCode, offer: Offer): void {
  if (!equalBytes(keysHash(offer), code.keysHash)) {
    throw new PairingRefused(
      'The keys that came over the server are not those of the device that shows this code: ' +
        'nothing was linked; try it with a new code, and if it happens again, do not trust the ' +
        'server.',
      { code: 'link_keys_swapped' },
    );
  }
}

/** What a new device binds itself to before it hears the other one's nonce. */
export function commitmentTo(nonce: Uint8Array, offer: Offer): Uint8Array {
  return sha256(concat(context('link commitment'), nonce, offerBytes(offer)));
}

/** Throws PairingRefused unless this is what the new device had bound itself to. */
export function checkCommitment(commitment: Uint8Array, nonce: Uint8Array, offer: Offer): void {
  if (!equalBytes(commitmentTo(nonce, offer), commitment)) {
    throw new PairingRefused(
      'The new device did not show the keys that it had announced: nothing was linked; try it ' +
        'with a new code.',
      { code: 'link_keys_swapped' },
    );
  }
}

/** In the place of a new device's nonce when its keys are known by its code: it chooses nothing. */
export const NO_NONCE = new Uint8Array(NONCE_BYTES);

/**
 * Six digits: the new device shows them, and whoever says yes types them on the other one. The same
 * if nobody is in between.
 */
export function shortCode(
  pairing: Uint8Array,
  challenge: Uint8Array,
  nonce: Uint8Array,
  offer: Offer,
): string {
  const hash = sha256(concat(context('link code'), pairing, challenge, nonce, offerBytes(offer)));
  const number = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0) % 1_000_000n;
  return number.toString().padStart(6, '0');
}

// --- the secrets -----------------------------------------------------------------------------

/** The new device's key pair for what is sent to it. */
export function makeHpkeKeys(): readonly [privateKey: Uint8Array, publicKey: Uint8Array] {
  return suite(MLS_256_XWING).kemGenerate();
}

/** Seal for the new device, in this pairing only. Throws PairingRefused for a key that is none. */
export function sealFor(
  hpkeKey: Uint8Array,
  pairing: Uint8Array,
  secret: Uint8Array,
): PairingMessage {
  try {
    const crypto = suite(MLS_256_XWING);
    const [kemOutput, ciphertext] = crypto.encryptWithLabel(hpkeKey, HPKE_LABEL, pairing, secret);
    return { kind: 'sealed', kemOutput, ciphertext };
  } catch (error) {
    throw error instanceof KeyRefused ? notUnderstood(error) : error;
  }
}

/** What was sealed for this device. Throws PairingRefused. */
export function openSealed(
  privateKey: Uint8Array,
  pairing: Uint8Array,
  { kemOutput, ciphertext }: { readonly kemOutput: Uint8Array; readonly ciphertext: Uint8Array },
): Uint8Array {
  try {
    const crypto = suite(MLS_256_XWING);
    return crypto.decryptWithLabel(privateKey, HPKE_LABEL, pairing, kemOutput, ciphertext);
  } catch (error) {
    if (error instanceof DecryptionFailed || error instanceof KeyRefused) {
      throw new PairingRefused(
        'What came for this device was altered on its way or is for another one: nothing was ' +
          'linked; try it with a new code.',
        { code: 'link_altered', cause: error },
      );
    }
    throw error;
  }
}

// --- messages as bytes -----------------------------------------------------------------------

/** A message as it travels. */
export function messageBytes(message: PairingMessage): Uint8Array {
  const head = u8(KINDS.indexOf(message.kind));
  switch (message.kind) {
    case 'offer':
      return concat(head, offerBytes(message.offer));
    case 'commitment':
      return concat(head, message.commitment);
    case 'challenge':
      return concat(head, message.nonce);
    case 'reveal':
      return concat(head, message.nonce, offerBytes(message.offer));
    case 'sealed':
      return concat(head, opaque(message.kemOutput), opaque(message.ciphertext));
    case 'finished':
    case 'cancelled':
      return head;
  }
}

/** A message that came. Throws PairingRefused. */
export function parseMessage(raw: Uint8Array): PairingMessage {
  try {
    return parseWhole(readMessage, raw);
  } catch (error) {
    throw error instanceof CodecError || error instanceof TypeError ? notUnderstood(error) : error;
  }
}

function readMessage(reader: Reader): PairingMessage {
  const kind = KINDS[reader.u8()];
  if (kind === undefined) {
    throw notUnderstood();
  }
  switch (kind) {
    case 'offer':
      return { kind, offer: readOffer(reader) };
    case 'commitment':
      return { kind, commitment: reader.fixed(NONCE_BYTES) };
    case 'challenge':
      return { kind, nonce: reader.fixed(NONCE_BYTES) };
    case 'reveal':
      return { kind, nonce: reader.fixed(NONCE_BYTES), offer: readOffer(reader) };
    case 'sealed':
      return { kind, kemOutput: reader.opaque(), ciphertext: reader.opaque() };
    case 'finished':
    case 'cancelled':
      return { kind };
  }
}

function offerBytes(offer: Offer): Uint8Array {
  return concat(unsignedBytes(offer), opaque(offer.signature));
}

function unsignedBytes({ hpkeKey, deviceKey, name }: Omit<Offer, 'signature'>): Uint8Array {
  return concat(opaque(hpkeKey), opaque(deviceKey), opaque(utf8(name)));
}

function readOffer(reader: Reader): Offer {
  const [hpkeKey, deviceKey] = [reader.opaque(), reader.opaque()];
  const name = textFrom(reader.opaque());
  if (name.length > NAME_CHARACTERS) {
    throw notUnderstood();
  }
  return { hpkeKey, deviceKey, name, signature: reader.opaque() };
}

/** Of one purpose, so that no hash is taken for another one. */
function context(purpose: string): Uint8Array {
  return utf8(`Plausch 1.0 ${purpose}\0`);
}

/** The other device said something else than what is said now. */
export function notUnderstood(cause?: unknown): PairingRefused {
  return new PairingRefused(
    'What came from the other device is not understood: reload the page on both devices, and try ' +
      'it with a new code.',
    { code: 'link_not_understood', cause },
  );
}
