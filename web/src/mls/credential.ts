/**
 * Credentials, and the judge that accepts or refuses them (RFC 9420 section 5.3).
 *
 * MLS does not know who somebody is: the authentication service does. It enters here as a
 * `CredentialJudge`, a required argument wherever a credential is taken on trust; there is no
 * default, because a default would accept anybody.
 */

import { concat, concatAll, equalBytes } from '../base/bytes.ts';
import { opaque, parseWhole, Reader, u16 } from './codec.ts';
import { CodecError, codePoint } from './errors.ts';

export { CredentialRefused } from './errors.ts';

export const BASIC = 0x0001;
export const X509 = 0x0002;

/** Private use: a signed device certificate as `opaque<V>`. */
export const PLAUSCH = 0xf0a1;

/** Bytes of a credential's body: 16 KiB, room for a chain of X.509 certificates. */
const CREDENTIAL_LIMIT = 2 ** 14;

/**
 * Where a credential stands: in a leaf of the tree, in a key package that is to be used now, in one
 * that somebody else has used, in the leaf of who comes in by an external commit, in
 * external_senders.
 */
export type Role = 'member' | 'key_package' | 'added' | 'joiner' | 'external_sender';

/**
 * A credential type and its body.
 *
 * The body is the identity of `basic`, the encoded certificate chain of `x509`, and the bytes
 * inside `opaque<V>` for any other type: all of these are one `opaque<V>` on the wire, so that
 * types unknown here (GREASE included, RFC 9420 section 13.5) pass through unharmed.
 */
export class Credential {
  constructor(
    readonly type: number,
    readonly body: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): Credential {
    const credential = new Credential(reader.u16(), reader.opaque(CREDENTIAL_LIMIT));
    if (credential.type === X509 && credential.certificates().length === 0) {
      throw new CodecError('An x509 credential holds no certificate; it must hold at least one.');
    }
    return credential;
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): Credential {
    return parseWhole((reader) => Credential.read(reader), raw);
  }

  /** A bare name; only a test or another application's judge would accept it. */
  static basic(identity: Uint8Array): Credential {
    return new Credential(BASIC, identity);
  }

  /** A chain of DER certificates, the member's own first. */
  static x509(certificates: readonly Uint8Array[]): Credential {
    return new Credential(X509, concatAll(certificates.map(opaque)));
  }

  /**
   * The DER certificates of an `x509` credential, the member's own first.
   *
   * Throws CodecError for a credential of another type or a malformed chain.
   */
  certificates(): readonly Uint8Array[] {
    if (this.type !== X509) {
      throw new CodecError(`A credential of type ${codePoint(this.type)} holds no certificates.`);
    }
    const reader = new Reader(this.body);
    const chain: Uint8Array[] = [];
    while (reader.remaining > 0) {
      chain.push(reader.opaque(CREDENTIAL_LIMIT));
    }
    return chain;
  }

  equals(other: Credential): boolean {
    return this.type === other.type && equalBytes(this.body, other.body);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(u16(this.type), opaque(this.body));
  }
}

/**
 * The authentication service's answer for one credential and signature key: returns when
 * `signatureKey` belongs to whom `credential` names.
 *
 * Throws CredentialRefused with a sentence that a person can read.
 */
export type CredentialJudge = (
  credential: Credential,
  signatureKey: Uint8Array,
  role: Role,
) => void;
