/**
 * Store `account`: accounts, the identity key pinned for each, their latest device list.
 *
 * All of it is sealed; a row is found by the blind name of its account.
 */

import { concat, textFrom, utf8 } from '../base/bytes.ts';
import { AccountAddress } from '../base/ids.ts';
import { opaque, type Reader, u8 } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { damaged, parsed, Row } from './row.ts';
import { ACCOUNT } from './schema.ts';
import type { Vault } from './vault.ts';

/**
 * How far an account's identity key is trusted. `pinned`: seen first, kept since (trust on first
 * use); `verified`: safety numbers were compared by people; `changed`: another key than the
 * pinned one was shown, and nothing is sent until a person decides.
 */
export const CONTACT_STATES = ['pinned', 'verified', 'changed'] as const;
export type ContactState = (typeof CONTACT_STATES)[number];

export const ACCOUNT_KINDS = ['person', 'business'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/**
 * What is known of an account. `isKnown`: this person wrote to it or accepted its request;
 * `offeredKey` and `offeredList`: the new identity that waits for a decision, else empty.
 */
export interface KeptAccount {
  readonly address: AccountAddress;
  readonly kind: AccountKind;
  readonly identityKey: Uint8Array;
  readonly deviceList: Uint8Array;
  readonly state: ContactState;
  readonly isKnown: boolean;
  readonly isBlocked: boolean;
  readonly offeredKey: Uint8Array;
  readonly offeredList: Uint8Array;
}

const KNOWN = 1;
const BLOCKED = 2;

/** The vault's accounts. */
export class Accounts {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Every account, by address. Throws VaultDamaged, StorageUnavailable. */
  async all(): Promise<readonly KeptAccount[]> {
    const rows = await this.#vault.select(ACCOUNT);
    const kept = await Promise.all(rows.map((row) => this.#opened(row)));
    return kept.sort((one, other) => AccountAddress.compare(one.address, other.address));
  }

  /** Write the whole row. */
  async put(account: KeptAccount): Promise<Write> {
    const { uri } = account.address;
    const name = await this.#vault.names.of(ACCOUNT, uri);
    const plaintext = concat(
      opaque(utf8(uri)),
      u8(ACCOUNT_KINDS.indexOf(account.kind)),
      u8(CONTACT_STATES.indexOf(account.state)),
      u8((account.isKnown ? KNOWN : 0) | (account.isBlocked ? BLOCKED : 0)),
      opaque(account.identityKey),
      opaque(account.deviceList),
      opaque(account.offeredKey),
      opaque(account.offeredList),
    );
    const sealed = await this.#vault.seal.close(ACCOUNT, name, plaintext);
    return { store: ACCOUNT, put: { name, sealed } };
  }

  async #opened(found: unknown): Promise<KeptAccount> {
    const row = new Row(ACCOUNT, found);
    const opened = await this.#vault.seal.open(ACCOUNT, row.bytes('name'), row.bytes('sealed'));
    return parsed(ACCOUNT, opened, read);
  }
}

function read(reader: Reader): KeptAccount {
  const address = AccountAddress.parseUri(textFrom(reader.opaque()));
  const kind = ACCOUNT_KINDS[reader.u8()];
  const state = CONTACT_STATES[reader.u8()];
  const flags = reader.u8();
  if (kind === undefined || state === undefined) {
    throw damaged(ACCOUNT);
  }
  return {
    address,
    kind,
    state,
    isKnown: (flags & KNOWN) !== 0,
    isBlocked: (flags & BLOCKED) !== 0,
    identityKey: reader.opaque(),
    deviceList: reader.opaque(),
    offeredKey: reader.opaque(),
    offeredList: reader.opaque(),
  };
}
