/** A device's own key package with its secrets, until somebody uses it (RFC 9420 section 10). */

import { concatErasing } from '../base/bytes.ts';
import { opaque, Reader, u16 } from './codec.ts';
import { BASIC, type Credential, PLAUSCH, X509 } from './credential.ts';
import { ProtocolError, SavedStateRefused, UnsupportedSuite } from './errors.ts';
import { Extension, LAST_RESORT } from './extension.ts';
import { KeyPackage, parseKeyPackage } from './key_package.ts';
import { Capabilities, LeafContent, Lifetime, MLS10 } from './leaf_node.ts';
import { ROLES } from './roles.ts';
import { suite, SUITES } from './suite.ts';

const SAVED_VERSION = 1;

/** How long before its making a key package is already valid: clocks of others may be behind. */
export const CLOCK_SLACK_S = 3_600;

/**
 * An announced capability that does not exist, so that nobody learns to be strict (RFC 9420, 13.5).
 */
const GREASE = 0x5a5a;

/** What this implementation can do, for a leaf with `credential`. */
export function ownCapabilities(credential: Credential): Capabilities {
  return new Capabilities(
    [MLS10],
    [...SUITES.keys(), GREASE],
    [LAST_RESORT, ROLES, GREASE],
    [GREASE],
    [...new Set([credential.type, BASIC, X509, PLAUSCH])],
  );
}

/** How `KeyPackageBundle.create` makes it. */
export interface BundleOptions {
  readonly lastResort?: boolean | undefined;

  /** `ownCapabilities` when left out. */
  readonly capabilities?: Capabilities | undefined;
}

/**
 * A key package and its three private keys.
 *
 * After the join that uses it is accepted, the caller deletes it (unless `lastResort`): whoever
 * keeps the init key can open the Welcome again, and with it that epoch. `erase` overwrites it.
 */
export class KeyPackageBundle {
  constructor(
    readonly keyPackage: KeyPackage,
    readonly initPrivate: Uint8Array,
    readonly encryptionPrivate: Uint8Array,
    readonly signerPrivate: Uint8Array,
  ) {}

  /**
   * A fresh key package, valid from an hour before `nowS` for `lifetimeS` seconds after.
   *
   * Throws UnsupportedSuite, KeyRefused.
   */
  static create(
    suiteId: number,
    credential: Credential,
    signerPrivate: Uint8Array,
    nowS: number,
    lifetimeS: number,
    { lastResort = false, capabilities }: BundleOptions = {},
  ): KeyPackageBundle {
    const crypto = suite(suiteId);
    const [initPrivate, initKey] = crypto.kemGenerate();
    const [encryptionPrivate, encryptionKey] = crypto.kemGenerate();
    const leaf = new LeafContent(
      encryptionKey,
      crypto.signaturePublicOf(signerPrivate),
      credential,
      capabilities ?? ownCapabilities(credential),
      new Lifetime(BigInt(Math.max(0, nowS - CLOCK_SLACK_S)), BigInt(nowS + lifetimeS)),
    ).sign(crypto, signerPrivate);
    const extensions = lastResort ? [new Extension(LAST_RESORT, new Uint8Array(0))] : [];
    const keyPackage = KeyPackage.sign(crypto, signerPrivate, initKey, leaf, extensions);
    return new KeyPackageBundle(keyPackage, initPrivate, encryptionPrivate, signerPrivate.slice());
  }

  /** The public part as an encoded MLSMessage, for the server. */
  get message(): Uint8Array {
    return this.keyPackage.toMessage();
  }

  /** The cipher suite's code point. */
  get suiteId(): number {
    return this.keyPackage.cipherSuite;
  }

  /** The reference under which a Welcome names it. */
  get ref(): Uint8Array {
    return this.keyPackage.ref(suite(this.suiteId));
  }

  /** Whether it must be kept after use. */
  get lastResort(): boolean {
    return this.keyPackage.lastResort;
  }

  /** Everything, secrets included; `load` reads it. */
  save(): Uint8Array {
    return concatErasing(
      u16(SAVED_VERSION),
      opaque(this.message),
      opaque(this.initPrivate),
      opaque(this.encryptionPrivate),
      opaque(this.signerPrivate),
    );
  }

  /** Overwrite the private keys, once the bundle is deleted: nothing can be joined with it. */
  erase(): void {
    for (const secret of [this.initPrivate, this.encryptionPrivate, this.signerPrivate]) {
      secret.fill(0);
    }
  }

  /** Throws SavedStateRefused; UnsupportedSuite when this program does not have the package's. */
  static load(saved: Uint8Array): KeyPackageBundle {
    try {
      return read(new Reader(saved));
    } catch (error) {
      if (error instanceof ProtocolError && !(error instanceof UnsupportedSuite)) {
        throw new SavedStateRefused(`A saved key package is damaged: ${error.message}`, {
          cause: error,
        });
      }
      throw error;
    }
  }
}

function read(reader: Reader): KeyPackageBundle {
  const version = reader.u16();
  if (version !== SAVED_VERSION) {
    throw new SavedStateRefused(
      `A saved key package has version ${version}; this program reads ` +
        `${SAVED_VERSION}: update it.`,
    );
  }
  const bundle = new KeyPackageBundle(
    parseKeyPackage(reader.opaque()),
    reader.opaque(),
    reader.opaque(),
    reader.opaque(),
  );
  reader.finish();
  suite(bundle.suiteId);
  return bundle;
}
