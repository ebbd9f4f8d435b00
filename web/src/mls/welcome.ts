/** Welcome: how a new member gets the secrets of its first epoch (RFC 9420 section 12.4.3.1). */

import { concat, EMPTY, equalBytes } from '../base/bytes.ts';
import { opaque, optional, parseWhole, type Reader, vector } from './codec.ts';
import { ValidationError } from './errors.ts';
import { GroupInfo } from './group_info.ts';
import type { KeyPackage } from './key_package.ts';
import { PreSharedKeyId } from './psk_id.ts';
import type { Suite } from './suite.ts';
import { EncryptedGroupSecrets, SealedWelcome } from './welcome_header.ts';

const SECRET_LIMIT = 64;

const LABEL = 'Welcome';

/** What a Welcome tells one new member: joiner secret, its path secret, the PSKs used. */
export class GroupSecrets {
  constructor(
    readonly joinerSecret: Uint8Array,
    readonly pathSecret: Uint8Array | undefined,
    readonly psks: readonly PreSharedKeyId[],
  ) {}

  /** Throws CodecError. */
  static read(reader: Reader): GroupSecrets {
    return new GroupSecrets(
      reader.opaque(SECRET_LIMIT),
      reader.optional((inner) => inner.opaque(SECRET_LIMIT)),
      reader.vector((item) => PreSharedKeyId.read(item)),
    );
  }

  /** Throws CodecError. */
  static fromBytes(raw: Uint8Array): GroupSecrets {
    return parseWhole((reader) => GroupSecrets.read(reader), raw);
  }

  /** The TLS encoding. */
  toBytes(): Uint8Array {
    const path = this.pathSecret === undefined ? undefined : opaque(this.pathSecret);
    return concat(
      opaque(this.joinerSecret),
      optional(path),
      vector(this.psks.map((psk) => psk.toBytes())),
    );
  }
}

/** A Welcome that can be opened. */
export class Welcome extends SealedWelcome {
  /** Throws CodecError. */
  static override read(reader: Reader): Welcome {
    return Welcome.#of(SealedWelcome.read(reader));
  }

  /** A whole MLSMessage that must be a Welcome. Throws CodecError, ValidationError. */
  static override fromMessage(raw: Uint8Array): Welcome {
    return Welcome.#of(SealedWelcome.fromMessage(raw));
  }

  static #of({ cipherSuite, secrets, encryptedGroupInfo }: SealedWelcome): Welcome {
    return new Welcome(cipherSuite, secrets, encryptedGroupInfo);
  }

  /**
   * The secrets for the key package named `reference`.
   *
   * Throws ValidationError `welcome-for-us`, DecryptionFailed, CodecError.
   */
  openSecrets(suite: Suite, reference: Uint8Array, initPrivate: Uint8Array): GroupSecrets {
    const item = this.secrets.find(({ newMember }) => equalBytes(newMember, reference));
    if (item === undefined) {
      throw new ValidationError(
        'welcome-for-us',
        'This Welcome is not for the key package it was opened with.',
      );
    }
    const plain = suite.decryptWithLabel(
      initPrivate,
      LABEL,
      this.encryptedGroupInfo,
      item.kemOutput,
      item.ciphertext,
    );
    const secrets = GroupSecrets.fromBytes(plain);
    plain.fill(0);
    return secrets;
  }

  /** Throws DecryptionFailed, CodecError, ValidationError `version`. */
  openGroupInfo(suite: Suite, welcomeSecret: Uint8Array): GroupInfo {
    const [key, nonce] = welcomeKey(suite, welcomeSecret);
    const plain = suite.aeadOpen(key, nonce, EMPTY, this.encryptedGroupInfo);
    key.fill(0);
    return GroupInfo.fromBytes(plain);
  }
}

/** A whole MLSMessage that must be a Welcome. Throws CodecError, ValidationError. */
export function parseWelcome(raw: Uint8Array): Welcome {
  return Welcome.fromMessage(raw);
}

/** A newcomer's key package and what its Welcome tells it. */
export type Newcomer = readonly [keyPackage: KeyPackage, secrets: GroupSecrets];

/** A Welcome for `newcomers`. Throws KeyRefused for an init key that is none. */
export function sealWelcome(
  suite: Suite,
  groupInfo: GroupInfo,
  welcomeSecret: Uint8Array,
  newcomers: readonly Newcomer[],
): Welcome {
  const [key, nonce] = welcomeKey(suite, welcomeSecret);
  const sealed = suite.aeadSeal(key, nonce, EMPTY, groupInfo.toBytes());
  key.fill(0);
  const entries = newcomers.map(([keyPackage, secrets]) => {
    const plain = secrets.toBytes();
    const { initKey } = keyPackage;
    const [kemOutput, ciphertext] = suite.encryptWithLabel(initKey, LABEL, sealed, plain);
    plain.fill(0);
    return new EncryptedGroupSecrets(keyPackage.ref(suite), kemOutput, ciphertext);
  });
  return new Welcome(suite.id, entries, sealed);
}

function welcomeKey(
  suite: Suite,
  welcomeSecret: Uint8Array,
): readonly [key: Uint8Array, nonce: Uint8Array] {
  return [
    suite.expandWithLabel(welcomeSecret, 'key', EMPTY, suite.keyLength),
    suite.expandWithLabel(welcomeSecret, 'nonce', EMPTY, suite.nonceLength),
  ];
}
