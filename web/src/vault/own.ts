/** Store `own`: whose device this is. The vault's key and writer are beside it (vault.ts). */

import { concat, utf8 } from '../base/bytes.ts';
import type { Write } from '../platform/database.ts';
import { opaque, parseWhole, type Reader, u16 } from '../mls/codec.ts';
import { optionalRow } from './row.ts';
import { IDENTITY_SLOT, OWN } from './schema.ts';
import type { Vault } from './vault.ts';

/** The device's signature key pair and what its leaves show. */
export interface Identity {
  readonly suite: number;
  readonly credentialType: number;
  readonly credential: Uint8Array;
  readonly signerPrivate: Uint8Array;
  readonly signatureKey: Uint8Array;
}

const ROW = utf8(IDENTITY_SLOT);

/** The vault's owner. */
export class Own {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  async put(identity: Identity): Promise<Write> {
    const plaintext = concat(
      u16(identity.suite),
      u16(identity.credentialType),
      opaque(identity.credential),
      opaque(identity.signerPrivate),
      opaque(identity.signatureKey),
    );
    const sealed = await this.#vault.seal.close(OWN, ROW, plaintext);
    plaintext.fill(0);
    return { store: OWN, put: { slot: IDENTITY_SLOT, sealed } };
  }

  /** Throws VaultDamaged, StorageUnavailable. */
  async get(): Promise<Identity | undefined> {
    const row = optionalRow(OWN, await this.#vault.get(OWN, IDENTITY_SLOT));
    if (row === undefined) {
      return undefined;
    }
    return parseWhole(read, await this.#vault.seal.open(OWN, ROW, row.bytes('sealed')));
  }
}

function read(reader: Reader): Identity {
  return {
    suite: reader.u16(),
    credentialType: reader.u16(),
    credential: reader.opaque(),
    signerPrivate: reader.opaque(),
    signatureKey: reader.opaque(),
  };
}
