/**
 * Linking: the two sides of it, each from its code to its end (spec/linking.md).
 *
 * Nothing is kept on the new device before everything was verified. On the other one the list with
 * the new device is published before its keys are sent; what is interrupted in between is repeated
 * with the same code and leads to the same device.
 */

import { sha256 } from '@noble/hashes/sha2.js';

import { concat, equalBytes, utf8 } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import { randomBytes } from '../base/random.ts';
import { SigningKey } from '../identity/keys.ts';
import type { AccountOwn } from '../vault/account_own.ts';
import type { NotePlace } from './archive_ref.ts';
import type { Outside } from './connection.ts';
import { SdkError } from './errors.ts';
import { type Handover, handoverBytes, readHandover } from './handover.ts';
import type { Enrolled } from './own_devices.ts';
import {
  checkCommitment,
  checkKeys,
  checkOffer,
  commitmentTo,
  keysHash,
  type LinkCode,
  makeHpkeKeys,
  makeOffer,
  messageBytes,
  NAME_CHARACTERS,
  NO_NONCE,
  NONCE_BYTES,
  notUnderstood,
  type Offer,
  openSealed,
  PAIRING_BYTES,
  type PairingMessage,
  parseMessage,
  sealFor,
  shortCode,
} from './pairing.ts';
import { PairingLine, TOKEN_BYTES } from './pairing_line.ts';
import type { Recovery } from './recovery_settings.ts';

/** How a server is reached, and its address. */
export interface Reach {
  readonly outside: Outside;
  readonly serverUrl: string;
}

/** What a side tells while it goes on. */
export type Told =
  | { readonly stage: 'showing'; readonly code: LinkCode }
  | { readonly stage: 'comparing'; readonly digits: string }
  | { readonly stage: 'asking'; readonly name: string; readonly digits?: string }
  | { readonly stage: 'joining'; readonly account: string }
  | { readonly stage: 'working' };

/** One side under way. */
export interface Side {
  readonly line: PairingLine;
  readonly tell: (told: Told) => void;
}

type Sealed = Extract<PairingMessage, { kind: 'sealed' }>;

function newPairing(): Uint8Array {
  return randomBytes(PAIRING_BYTES);
}

/** Messages out and in, and what ends a pairing from the other side. */
async function say(line: PairingLine, message: PairingMessage): Promise<void> {
  await line.send(messageBytes(message));
}

async function hear<K extends PairingMessage['kind']>(
  line: PairingLine,
  ...kinds: readonly K[]
): Promise<Extract<PairingMessage, { kind: K }>> {
  const message = parseMessage(await line.receive());
  demandGoingOn(message);
  if (!kinds.some((kind) => kind === message.kind)) {
    throw notUnderstood();
  }
  return message as Extract<PairingMessage, { kind: K }>;
}

/** Throws what ends the pairing, once it ends; whatever else is said until then is passed over. */
async function untilOver(line: PairingLine): Promise<never> {
  for (;;) {
    demandGoingOn(parseMessage(await line.receive()));
  }
}

function demandGoingOn({ kind }: PairingMessage): void {
  if (kind === 'cancelled') {
    throw new SdkError('Linking was declined on the other device.', { code: 'link_declined' });
  }
}

/** Tell the other side that it is over, if it can be reached at once. */
export async function callOff(line: PairingLine): Promise<void> {
  try {
    const isSaid = line.send(messageBytes({ kind: 'cancelled' }));
    isSaid.catch(() => undefined); // who is not reached finds out by the pairing's end
    if (line.hasMet) {
      await isSaid;
    }
  } catch (error) {
    if (!(error instanceof PlauschError)) {
      throw error;
    }
  } finally {
    await line.close();
  }
}

// --- the new device --------------------------------------------------------------------------

/** What a new device has become, to be written down before `line` hears of it. */
export interface Linked {
  readonly own: AccountOwn;
  readonly note: NotePlace | undefined;
  readonly recovery: Recovery | undefined;
}

/** The new device's side: its own code is shown, or one was scanned. */
export class NewSide {
  readonly line: PairingLine;
  readonly code: LinkCode;
  readonly #reach: Reach;
  readonly #scanned: boolean;
  readonly #offer: Offer;
  readonly #privateKey: Uint8Array;
  readonly #deviceKey = SigningKey.generate();

  constructor(reach: Reach, name: string, scanned: LinkCode | undefined) {
    this.#reach = reach;
    const [privateKey, hpkeKey] = makeHpkeKeys();
    this.#privateKey = privateKey;
    const pairing = scanned?.pairing ?? newPairing();
    const called = name.slice(0, NAME_CHARACTERS);
    this.#offer = makeOffer(pairing, this.#deviceKey, hpkeKey, called);
    this.#scanned = scanned !== undefined;
    this.code = scanned ?? { shownBy: 'new', pairing, keysHash: keysHash(this.#offer) };
    this.line = new PairingLine({ ...reach, domain: undefined, pairing, side: 'new' });
  }

  /**
   * Until everything came, was verified and is wanted; `agreed`: the person's yes to the account.
   *
   * Throws SdkError, PairingRefused, ServerRefused, Unreachable.
   */
  async run(
    tell: (told: Told) => void,
    nowS: () => number,
    agreed: Promise<void>,
  ): Promise<Linked> {
    const { line } = this;
    try {
      const sealed = await (this.#scanned ? this.#prove(tell) : this.#offerTo(tell));
      tell({ stage: 'working' });
      const handover = this.#opened(sealed, nowS());
      tell({ stage: 'joining', account: handover.device.account.toString() });
      await Promise.race([agreed, untilOver(line)]);
      return this.#linked(handover);
    } finally {
      this.#privateKey.fill(0);
    }
  }

  /** It is written down: tell the other device so. */
  async finish(): Promise<void> {
    await say(this.line, { kind: 'finished' });
    await this.line.close();
  }

  /** This device has shown the code; whoever has not seen it on the screen asks for six digits. */
  async #offerTo(tell: (told: Told) => void): Promise<Sealed> {
    tell({ stage: 'showing', code: this.code });
    await say(this.line, { kind: 'offer', offer: this.#offer });
    const message = await hear(this.line, 'challenge', 'sealed');
    if (message.kind === 'sealed') {
      return message;
    }
    const digits = shortCode(this.code.pairing, message.nonce, NO_NONCE, this.#offer);
    tell({ stage: 'comparing', digits });
    return hear(this.line, 'sealed');
  }

  /** The other device has shown the code: this one shows six digits. */
  async #prove(tell: (told: Told) => void): Promise<Sealed> {
    const nonce = randomBytes(NONCE_BYTES);
    const commitment = commitmentTo(nonce, this.#offer);
    await say(this.line, { kind: 'commitment', commitment });
    const { nonce: challenge } = await hear(this.line, 'challenge');
    await say(this.line, { kind: 'reveal', nonce, offer: this.#offer });
    const digits = shortCode(this.code.pairing, challenge, nonce, this.#offer);
    tell({ stage: 'comparing', digits });
    return hear(this.line, 'sealed');
  }

  #opened(sealed: Sealed, nowS: number): Handover {
    const secret = openSealed(this.#privateKey, this.code.pairing, sealed);
    try {
      return readHandover(secret, this.#deviceKey, this.line.domain, nowS);
    } finally {
      secret.fill(0);
    }
  }

  #linked({ note, recovery, ...handover }: Handover): Linked {
    const own = {
      ...handover,
      serverUrl: this.#reach.serverUrl,
      deviceKey: this.#deviceKey,
      isRegistered: true,
      mailbox: 0,
    };
    return { own, note, recovery };
  }
}

// --- the existing device ---------------------------------------------------------------------

/** What an existing device needs to hand over its account. */
export interface Giver {
  readonly own: AccountOwn;
  readonly recovery: Recovery | undefined;

  /** What the new device gets of the identity key: nothing, if it is one of staff. */
  readonly identity: SigningKey | undefined;

  /** Put a device of this key on the list. Throws as `addDevice`. */
  enrol(deviceKey: Uint8Array): Promise<Enrolled>;

  /** Take it off the list again: its person wants no such account. Throws as `removeDevice`. */
  withdraw(device: Enrolled): Promise<void>;

  /** Where it will be said where the history is; remembered until it was. */
  note(device: Enrolled, name: string): Promise<NotePlace>;
}

/** The existing device's side: a code was scanned, or its own is shown. */
export class ExistingSide {
  readonly line: PairingLine;
  readonly code: LinkCode;
  readonly #giver: Giver;
  readonly #scanned: boolean;
  readonly #isSeen: boolean;

  /**
   * `isSeen`: the code was read from the other device's screen by this one's camera, so that it is
   * in the same hands; a link may come from anywhere.
   *
   * Throws SdkError `link_same_side` when the code is one of an existing device.
   */
  constructor(reach: Reach, giver: Giver, scanned: LinkCode | undefined, isSeen: boolean) {
    if (scanned?.shownBy === 'existing') {
      throw new SdkError(
        'This code was made by a device that already has an account: scan it with the new one, or ' +
          'scan the code that the new one shows.',
        { code: 'link_same_side' },
      );
    }
    const { deviceKey, device } = giver.own;
    this.#giver = giver;
    this.#scanned = scanned !== undefined;
    this.#isSeen = isSeen;
    this.code = scanned ?? {
      shownBy: 'existing',
      pairing: newPairing(),
      keysHash: new Uint8Array(0),
    };
    const { pairing } = this.code;
    const { domain } = device.account;
    // The same after a crash: the server lets this side come back.
    const seed = deviceKey.toBytes();
    const token = sha256(concat(utf8('Plausch 1.0 pairing token\0'), seed, pairing));
    seed.fill(0);
    this.line = new PairingLine({
      ...{ ...reach, domain, pairing, side: 'existing' },
      token: token.slice(0, TOKEN_BYTES),
    });
  }

  /**
   * Until the new device has everything; `agreed`: the person's yes.
   *
   * Throws SdkError, PairingRefused, TrustRefused, ServerRefused, Unreachable, StorageUnavailable.
   */
  async run(tell: (told: Told) => void, agreed: Promise<void>): Promise<Enrolled> {
    const { line } = this;
    const { pairing } = this.code;
    const offer = this.#scanned ? await this.#take(tell) : await this.#meet(tell);
    const finished = hear(line, 'finished');
    finished.catch(() => undefined); // it is waited for below, or the pairing has failed before
    await Promise.race([agreed, finished]);
    await agreed;
    tell({ stage: 'working' });
    const enrolled = await this.#giver.enrol(offer.deviceKey);
    try {
      const { identity, own, recovery } = this.#giver;
      const { device, certificate, deviceList } = enrolled;
      const note = await this.#giver.note(enrolled, offer.name);
      const secret = handoverBytes({
        ...{ kind: own.kind, identity, device, certificate, deviceList, note, recovery },
      });
      const sealed = sealFor(offer.hpkeKey, pairing, secret);
      secret.fill(0);
      await say(line, sealed);
      await finished;
    } catch (error) {
      throw error instanceof PlauschError ? await this.#broken(enrolled, error) : error;
    }
    await line.end();
    return enrolled;
  }

  /** What is told of a linking that broke off when the new device was on the list already. */
  async #broken(enrolled: Enrolled, error: PlauschError): Promise<PlauschError> {
    if (error.code !== 'link_declined') {
      return unfinished(error);
    }
    try {
      await this.#giver.withdraw(enrolled);
      return error;
    } catch (failure) {
      if (!(failure instanceof PlauschError)) {
        throw failure;
      }
      return unfinished(failure);
    }
  }

  async #take(tell: (told: Told) => void): Promise<Offer> {
    const { offer } = await hear(this.line, 'offer');
    checkKeys(this.code, offer);
    this.#check(offer);
    const { name } = offer;
    if (this.#isSeen) {
      tell({ stage: 'asking', name });
      return offer;
    }
    const challenge = randomBytes(NONCE_BYTES);
    await say(this.line, { kind: 'challenge', nonce: challenge });
    const digits = shortCode(this.code.pairing, challenge, NO_NONCE, offer);
    tell({ stage: 'asking', name, digits });
    return offer;
  }

  async #meet(tell: (told: Told) => void): Promise<Offer> {
    tell({ stage: 'showing', code: this.code });
    const { commitment } = await hear(this.line, 'commitment');
    const challenge = randomBytes(NONCE_BYTES);
    await say(this.line, { kind: 'challenge', nonce: challenge });
    const { nonce, offer } = await hear(this.line, 'reveal');
    checkCommitment(commitment, nonce, offer);
    this.#check(offer);
    const digits = shortCode(this.code.pairing, challenge, nonce, offer);
    tell({ stage: 'asking', name: offer.name, digits });
    return offer;
  }

  /** Throws PairingRefused for a key that nobody has, that is not the other's, or that is ours. */
  #check(offer: Offer): void {
    checkOffer(this.code.pairing, offer);
    if (equalBytes(offer.deviceKey, this.#giver.own.deviceKey.public)) {
      throw notUnderstood();
    }
  }
}

function unfinished(cause: PlauschError): SdkError {
  return new SdkError(
    'The new device is on the list of devices, but has not said that it got its keys ' +
      `(${cause.message.replace(/\.$/, '')}): link it again with the same code, or remove it ` +
      'from the list.',
    { code: 'link_unfinished', cause },
  );
}
