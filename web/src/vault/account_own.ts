/**
 * Store `own`, rows `account` and `mailbox`: whose device this is, its two keys, and how far its
 * mailbox is read. All of it is sealed.
 */

import { concat, EMPTY, textFrom, utf8 } from '../base/bytes.ts';
import { DeviceAddress } from '../base/ids.ts';
import { SigningKey } from '../identity/keys.ts';
import { opaque, type Reader, u64, u8 } from '../mls/codec.ts';
import type { Write } from '../platform/database.ts';
import { ACCOUNT_KINDS, type AccountKind } from './accounts.ts';
import { damaged, optionalRow, parsed } from './row.ts';
import { ACCOUNT_SLOT, MAILBOX_SLOT, OWN } from './schema.ts';
import type { Vault } from './vault.ts';

/**
 * This device. `identity` is undefined on a device that was linked and cannot sign lists;
 * `mailbox`: the Welcomes up to this item were dealt with.
 */
export interface AccountOwn {
  readonly serverUrl: string;
  readonly device: DeviceAddress;
  readonly kind: AccountKind;
  readonly identity: SigningKey | undefined;
  readonly deviceKey: SigningKey;
  readonly certificate: Uint8Array;
  readonly deviceList: Uint8Array;
  readonly isRegistered: boolean;
  readonly mailbox: number;
}

/** The vault's owner. */
export class AccountOwnTable {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Undefined in a new vault. Throws VaultDamaged, StorageUnavailable. */
  async get(): Promise<AccountOwn | undefined> {
    const account = await this.#opened(ACCOUNT_SLOT, readAccount);
    if (account === undefined) {
      return undefined;
    }
    const mailbox = await this.#opened(MAILBOX_SLOT, (reader) => Number(reader.u64()));
    return { ...account, mailbox: mailbox ?? 0 };
  }

  /** Write all of it. */
  async put(own: AccountOwn): Promise<readonly Write[]> {
    const secrets = [own.identity?.toBytes() ?? EMPTY, own.deviceKey.toBytes()];
    const plaintext = concat(
      opaque(utf8(own.serverUrl)),
      opaque(utf8(own.device.uri)),
      u8(ACCOUNT_KINDS.indexOf(own.kind)),
      u8(own.isRegistered ? 1 : 0),
      ...secrets.map(opaque),
      opaque(own.certificate),
      opaque(own.deviceList),
    );
    const account = await this.#closed(ACCOUNT_SLOT, plaintext);
    [plaintext, ...secrets].forEach((secret) => secret.fill(0));
    return [account, await this.setMailbox(own.mailbox)];
  }

  /** Welcomes up to `item` were dealt with. */
  async setMailbox(item: number): Promise<Write> {
    return this.#closed(MAILBOX_SLOT, u64(BigInt(item)));
  }

  /** The server refused this registration: begin anew. */
  forget(): readonly Write[] {
    return [ACCOUNT_SLOT, MAILBOX_SLOT].map((slot) => ({ store: OWN, remove: slot }));
  }

  async #closed(slot: string, plaintext: Uint8Array): Promise<Write> {
    const sealed = await this.#vault.seal.close(OWN, utf8(slot), plaintext);
    return { store: OWN, put: { slot, sealed } };
  }

  async #opened<T>(slot: string, read: (reader: Reader) => T): Promise<T | undefined> {
    const row = optionalRow(OWN, await this.#vault.get(OWN, slot));
    if (row === undefined) {
      return undefined;
    }
    const opened = await this.#vault.seal.open(OWN, utf8(slot), row.bytes('sealed'));
    try {
      return parsed(OWN, opened, read);
    } finally {
      opened.fill(0);
    }
  }
}

function readAccount(reader: Reader): Omit<AccountOwn, 'mailbox'> {
  const serverUrl = textFrom(reader.opaque());
  const device = DeviceAddress.parseUri(textFrom(reader.opaque()));
  const kind = ACCOUNT_KINDS[reader.u8()];
  const isRegistered = reader.u8() === 1;
  const [identity, deviceKey] = [reader.opaque(), reader.opaque()];
  if (kind === undefined) {
    throw damaged(OWN);
  }
  const own = {
    serverUrl,
    device,
    kind,
    identity: identity.length === 0 ? undefined : SigningKey.fromBytes(identity),
    deviceKey: SigningKey.fromBytes(deviceKey),
    certificate: reader.opaque(),
    deviceList: reader.opaque(),
    isRegistered,
  };
  [identity, deviceKey].forEach((secret) => secret.fill(0));
  return own;
}
