/** The key schedule: from one epoch's secrets to the next (RFC 9420 section 8). */

import { concatErasing } from '../base/bytes.ts';
import { opaque, type Reader } from './codec.ts';
import type { Suite } from './suite.ts';

const SECRET_LIMIT = 64;

/** The most that HKDF gives with the shortest hash of a suite, SHA-256 (RFC 5869 section 2.3). */
export const EXPORT_LIMIT_BYTES = 255 * 32;

/**
 * The secrets of one epoch that outlive its derivation.
 *
 * `epoch_secret` and `joiner_secret` are not here: everything is derived from them at once and
 * they are forgotten. `encryption_secret` goes into the secret tree and nowhere else.
 */
export class EpochSecrets {
  constructor(
    readonly senderData: Uint8Array,
    readonly exporter: Uint8Array,
    readonly external: Uint8Array,
    readonly confirmationKey: Uint8Array,
    readonly membershipKey: Uint8Array,
    readonly resumption: Uint8Array,
    readonly authenticator: Uint8Array,
    readonly init: Uint8Array,
  ) {}

  /** From saved bytes. Throws CodecError. */
  static read(reader: Reader): EpochSecrets {
    const secret = (): Uint8Array => reader.opaque(SECRET_LIMIT);
    return new EpochSecrets(
      secret(),
      secret(),
      secret(),
      secret(),
      secret(),
      secret(),
      secret(),
      secret(),
    );
  }

  /** All of them, in the order of the fields. */
  all(): readonly Uint8Array[] {
    return [
      this.senderData,
      this.exporter,
      this.external,
      this.confirmationKey,
      this.membershipKey,
      this.resumption,
      this.authenticator,
      this.init,
    ];
  }

  /** For saving; the order is that of the fields. */
  toBytes(): Uint8Array {
    return concatErasing(...this.all().map(opaque));
  }

  /** MLS-Exporter (RFC 9420 section 8.5); `length` in bytes. */
  export(suite: Suite, label: string, context: Uint8Array, length: number): Uint8Array {
    const secret = suite.deriveSecret(this.exporter, label);
    const exported = suite.expandWithLabel(secret, 'exported', suite.hash(context), length);
    secret.fill(0);
    return exported;
  }
}

/** Everything one step of the key schedule yields; only `secrets` is kept. */
export class EpochKeys {
  constructor(
    readonly joiner: Uint8Array,
    readonly welcome: Uint8Array,
    readonly encryption: Uint8Array,
    readonly secrets: EpochSecrets,
  ) {}
}

/** What a Welcome carries; `context` is the encoded GroupContext of the new epoch. */
export function joinerSecret(
  suite: Suite,
  initSecret: Uint8Array,
  commitSecret: Uint8Array,
  context: Uint8Array,
): Uint8Array {
  const extracted = suite.extract(initSecret, commitSecret);
  const joiner = suite.expandWithLabel(extracted, 'joiner', context, suite.hashLength);
  extracted.fill(0);
  return joiner;
}

/** The secret that encrypts the GroupInfo of a Welcome. */
export function welcomeSecret(suite: Suite, joiner: Uint8Array, pskSecret: Uint8Array): Uint8Array {
  const intermediate = suite.extract(joiner, pskSecret);
  const welcome = suite.deriveSecret(intermediate, 'welcome');
  intermediate.fill(0);
  return welcome;
}

/** All secrets of an epoch from its joiner secret (RFC 9420 figure 22, table 4). */
export function epochKeys(
  suite: Suite,
  joiner: Uint8Array,
  pskSecret: Uint8Array,
  context: Uint8Array,
): EpochKeys {
  const intermediate = suite.extract(joiner, pskSecret);
  const epochSecret = suite.expandWithLabel(intermediate, 'epoch', context, suite.hashLength);
  const welcome = suite.deriveSecret(intermediate, 'welcome');
  intermediate.fill(0);
  return derive(suite, joiner, welcome, epochSecret);
}

/** One Commit's step; `commitSecret` is zeros when the Commit has no path. */
export function nextEpochKeys(
  suite: Suite,
  initSecret: Uint8Array,
  commitSecret: Uint8Array,
  pskSecret: Uint8Array,
  context: Uint8Array,
): EpochKeys {
  const joiner = joinerSecret(suite, initSecret, commitSecret, context);
  return epochKeys(suite, joiner, pskSecret, context);
}

/**
 * Epoch 0 of a new group: `epochSecret` is random, KDF.Nh bytes (RFC 9420 section 11); it is
 * used up: overwritten.
 */
export function firstEpochKeys(suite: Suite, epochSecret: Uint8Array): EpochKeys {
  return derive(suite, new Uint8Array(0), new Uint8Array(0), epochSecret);
}

/** Uses up `epochSecret`. */
function derive(
  suite: Suite,
  joiner: Uint8Array,
  welcome: Uint8Array,
  epochSecret: Uint8Array,
): EpochKeys {
  const secret = (label: string): Uint8Array => suite.deriveSecret(epochSecret, label);
  const keys = new EpochKeys(
    joiner,
    welcome,
    secret('encryption'),
    new EpochSecrets(
      secret('sender data'),
      secret('exporter'),
      secret('external'),
      secret('confirm'),
      secret('membership'),
      secret('resumption'),
      secret('authentication'),
      secret('init'),
    ),
  );
  epochSecret.fill(0);
  return keys;
}
