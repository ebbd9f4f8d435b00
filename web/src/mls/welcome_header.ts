/**
 * The outside of a Welcome: its cipher suite and whom it is for (RFC 9420 section 12.4.3.1).
 *
 * No secrets here: the delivery service looks at Welcomes with this file, welcome.ts opens them.
 */

import { concat, equalBytes, toHex } from '../base/bytes.ts';
import { opaque, type Reader, u16, vector } from './codec.ts';
import { codePoint, require as ensure } from './errors.ts';
import { MESSAGE_LIMIT, mlsMessage, openMessage, WireFormat } from './framing.ts';

/** GroupSecrets sealed to the init key of the key package named `newMember`. */
export class EncryptedGroupSecrets {
  constructor(
    readonly newMember: Uint8Array,
    readonly kemOutput: Uint8Array,
    readonly ciphertext: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): EncryptedGroupSecrets {
    return new EncryptedGroupSecrets(reader.opaque(255), reader.opaque(), reader.opaque());
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(opaque(this.newMember), opaque(this.kemOutput), opaque(this.ciphertext));
  }
}

/** The sealed secrets of all members that one Commit adds, and the encrypted GroupInfo. */
export class SealedWelcome {
  constructor(
    readonly cipherSuite: number,
    readonly secrets: readonly EncryptedGroupSecrets[],
    readonly encryptedGroupInfo: Uint8Array,
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): SealedWelcome {
    return new SealedWelcome(
      reader.u16(),
      reader.vector((item) => EncryptedGroupSecrets.read(item)),
      reader.opaque(MESSAGE_LIMIT),
    );
  }

  /** A whole MLSMessage that must be a Welcome. Throws CodecError, ValidationError. */
  static fromMessage(raw: Uint8Array): SealedWelcome {
    const [, reader] = openMessage(raw, WireFormat.WELCOME);
    const welcome = SealedWelcome.read(reader);
    reader.finish();
    return welcome;
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    return concat(
      u16(this.cipherSuite),
      vector(this.secrets.map((item) => item.toBytes())),
      opaque(this.encryptedGroupInfo),
    );
  }

  /** The encoded MLSMessage. */
  toMessage(): Uint8Array {
    return mlsMessage(WireFormat.WELCOME, this.toBytes());
  }

  equals(other: unknown): boolean {
    return other instanceof SealedWelcome && equalBytes(this.toBytes(), other.toBytes());
  }
}

/** The references of the key packages a Welcome is for. Throws CodecError, ValidationError. */
export function welcomeReferences(raw: Uint8Array): readonly Uint8Array[] {
  return SealedWelcome.fromMessage(raw).secrets.map((item) => item.newMember);
}

/**
 * A Commit's Welcome: of the group's suite, with one secret for each added key package, and
 * absent (empty) when none is added.
 *
 * Throws CodecError, ValidationError `welcome-unasked`, `welcome-suite`, `welcome-references`.
 */
export function checkWelcome(
  raw: Uint8Array,
  suiteId: number,
  references: readonly Uint8Array[],
): void {
  if (references.length === 0) {
    ensure(raw.length === 0, 'welcome-unasked', 'There is a Welcome, but the Commit adds nobody.');
    return;
  }
  const welcome = SealedWelcome.fromMessage(raw);
  ensure(
    welcome.cipherSuite === suiteId,
    'welcome-suite',
    `The Welcome is of cipher suite ${codePoint(welcome.cipherSuite)}, not of its group's.`,
  );
  ensure(
    sorted(welcome.secrets.map((item) => item.newMember)) === sorted(references),
    'welcome-references',
    'The Welcome has not one secret for each added key package.',
  );
}

/** References as one text, in whatever order they came. */
function sorted(references: readonly Uint8Array[]): string {
  return references.map(toHex).sort().join();
}
