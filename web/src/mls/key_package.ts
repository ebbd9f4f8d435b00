/**
 * KeyPackage: what a device leaves with the server so that others can add it (RFC 9420, 10).
 *
 * No secrets here: whoever parses and checks key packages of others uses this file.
 */

import { concat, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, Reader, u16 } from './codec.ts';
import type { CredentialJudge, Role } from './credential.ts';
import { codePoint, CodecError, KeyRefused, require as ensure, ValidationError } from './errors.ts';
import {
  encodeExtensions,
  type Extensions,
  findExtension,
  LAST_RESORT,
  readExtensions,
} from './extension.ts';
import { KEY_LIMIT, LeafNode, MLS10, SOURCE_KEY_PACKAGE } from './leaf_node.ts';
import { checkLifetime, checkPublicKey, GroupDemands, validateLeaf } from './leaf_validation.ts';
import type { SignatureChecks } from './signature_checks.ts';
import type { Suite } from './suite.ts';

const LABEL = 'KeyPackageTBS';
const REF_LABEL = 'MLS 1.0 KeyPackage Reference';
const WIRE_FORMAT_KEY_PACKAGE = 0x0005;

const KEY_PACKAGE_EXTENSIONS_LIMIT = 2 ** 16;

/** How `KeyPackage.validate` judges; `demands` are those of its suite alone when left out. */
export interface KeyPackageOptions {
  readonly demands?: GroupDemands | undefined;

  /** As in `checkLifetime`. */
  readonly maxLifetimeS?: number | undefined;

  /**
   * What the judge is told, `key_package` when left out; `added`: somebody else has used the
   * package.
   */
  readonly role?: Role | undefined;
}

/** A signed offer to be added. Two are equal when their encodings are. */
export class KeyPackage {
  /**
   * `encoded`: the exact bytes of the key package; `unsigned`: the part of them that the signature
   * covers.
   */
  constructor(
    readonly version: number,
    readonly cipherSuite: number,
    readonly initKey: Uint8Array,
    readonly leafNode: LeafNode,
    readonly extensions: Extensions,
    readonly signature: Uint8Array,
    readonly encoded: Uint8Array,
    readonly unsigned: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): KeyPackage {
    const start = reader.position;
    const version = reader.u16();
    const cipherSuite = reader.u16();
    const initKey = reader.opaque(KEY_LIMIT);
    const leafNode = LeafNode.read(reader);
    const extensions = readExtensions(reader, KEY_PACKAGE_EXTENSIONS_LIMIT);
    const end = reader.position;
    const signature = reader.opaque(KEY_LIMIT);
    const encoded = reader.since(start);
    return new KeyPackage(
      version,
      cipherSuite,
      initKey,
      leafNode,
      extensions,
      signature,
      encoded,
      encoded.subarray(0, end - start),
    );
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): KeyPackage {
    return parseWhole((reader) => KeyPackage.read(reader), raw);
  }

  /** A key package around a leaf that is already signed. Throws KeyRefused. */
  static sign(
    suite: Suite,
    signerPrivate: Uint8Array,
    initKey: Uint8Array,
    leafNode: LeafNode,
    extensions: Extensions = [],
  ): KeyPackage {
    const unsigned = concat(
      u16(MLS10),
      u16(suite.id),
      opaque(initKey),
      leafNode.toBytes(),
      encodeExtensions(extensions),
    );
    const signature = suite.signWithLabel(signerPrivate, LABEL, unsigned);
    return KeyPackage.fromBytes(concat(unsigned, opaque(signature)));
  }

  /** The TLS encoding, without the MLSMessage around it. */
  toBytes(): Uint8Array {
    return this.encoded;
  }

  /** As an MLSMessage (RFC 9420 section 6). */
  toMessage(): Uint8Array {
    return concat(u16(MLS10), u16(WIRE_FORMAT_KEY_PACKAGE), this.encoded);
  }

  /** Whether it may be handed out more than once, when no other is left. */
  get lastResort(): boolean {
    return findExtension(this.extensions, LAST_RESORT) !== undefined;
  }

  /** KeyPackageRef (RFC 9420 section 5.2). */
  ref(suite: Suite): Uint8Array {
    return suite.refHash(REF_LABEL, this.encoded);
  }

  /**
   * All checks of RFC 9420 section 10.1, for a group of `suite` with `demands`.
   *
   * `key-package-version`, `key-package-suite`, `key-package-init-key`,
   * `key-package-init-key-differs`, `key-package-signature`, `key-package-lifetime`, and those
   * of its leaf. Throws ValidationError or CredentialRefused.
   */
  validate(
    suite: Suite,
    checks: SignatureChecks,
    judge: CredentialJudge,
    nowS: number,
    options: KeyPackageOptions = {},
  ): void {
    const { demands = new GroupDemands(suite), role = 'key_package', maxLifetimeS } = options;
    ensure(
      this.version === MLS10,
      'key-package-version',
      `A key package is for protocol version ${this.version}; only MLS 1.0 is spoken here.`,
    );
    ensure(
      this.cipherSuite === suite.id,
      'key-package-suite',
      `A key package is for cipher suite ${codePoint(this.cipherSuite)}; ` +
        `${codePoint(suite.id)} is needed.`,
    );
    ensure(
      !equalBytes(this.initKey, this.leafNode.encryptionKey),
      'key-package-init-key-differs',
      'A key package uses one key for joining and for its leaf; they must differ.',
    );
    checkPublicKey(suite, this.initKey, 'key-package-init-key', "A key package's init key");
    this.#checkSignature(suite, checks);
    validateLeaf(checks, this.leafNode, demands, judge, {
      source: SOURCE_KEY_PACKAGE,
      binding: undefined,
      role,
    });
    try {
      checkLifetime(this.leafNode, nowS, { maxLifetimeS, wasUsed: role === 'added' });
    } catch (error) {
      if (error instanceof ValidationError) {
        throw new ValidationError('key-package-lifetime', error.message, { cause: error });
      }
      throw error;
    }
  }

  equals(other: unknown): boolean {
    return other instanceof KeyPackage && equalBytes(this.encoded, other.encoded);
  }

  #checkSignature(suite: Suite, checks: SignatureChecks): void {
    const failure = (cause?: unknown): ValidationError =>
      new ValidationError(
        'key-package-signature',
        "A key package's signature does not verify: it was altered on the way.",
        { cause },
      );
    const key = this.leafNode.signatureKey;
    try {
      suite.verifyWithLabel(checks, key, LABEL, this.unsigned, this.signature, failure);
    } catch (error) {
      throw error instanceof KeyRefused ? failure(error) : error;
    }
  }
}

/** A key package from an MLSMessage. Throws CodecError. */
export function parseKeyPackage(message: Uint8Array): KeyPackage {
  const reader = new Reader(message);
  const version = reader.u16();
  const wireFormat = reader.u16();
  if (version !== MLS10 || wireFormat !== WIRE_FORMAT_KEY_PACKAGE) {
    throw new CodecError(
      `Expected an MLSMessage with a key package, got version ${version}, ` +
        `wire format ${wireFormat}.`,
    );
  }
  const keyPackage = KeyPackage.read(reader);
  reader.finish();
  return keyPackage;
}
