/**
 * Who may be encrypted to: the authentication service of this device (RFC 9750 section 4).
 *
 * Every leaf of every group and every key package is judged here: its certificate is signed by the
 * account's identity key, that key is the one pinned when the account was first seen, the device
 * is on the account's latest list, and the times fit. The server only delivers these objects; a
 * swapped, forged, withheld or rolled-back one is refused.
 *
 * The judge that MLS calls is synchronous. When it meets an account that is unknown, or a device
 * that is not on the list as known here, it throws `NeedsAccount`; the caller looks the account up
 * (`refresh`) and tries again, and whatever is still wrong then is refused for good.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import { PlauschError } from '../base/errors.ts';
import type { AccountAddress, DeviceAddress } from '../base/ids.ts';
import {
  CREDENTIAL_TYPE,
  type DeviceCertificate,
  parseCertificate,
} from '../identity/certificate.ts';
import { type DeviceList, parseDeviceList } from '../identity/device_list.ts';
import { IdentityRefused } from '../identity/errors.ts';
import { judgeLeaf } from '../identity/judge.ts';
import {
  checkScanned,
  isQrPayload,
  isSameNumber,
  type Party,
  qrPayload,
  safetyNumber,
} from '../identity/safety_number.ts';
import {
  type Credential,
  type CredentialJudge,
  CredentialRefused,
  type Role,
} from '../mls/credential.ts';
import type { Clock } from '../platform/clock.ts';
import { Turns } from '../platform/turns.ts';
import { Accounts, type AccountKind, type KeptAccount } from '../vault/accounts.ts';
import type { Vault } from '../vault/vault.ts';
import { type Contact, contactOf, firstSeen, looksOther, merged, settled } from './contacts.ts';
import { IdentityChanged, TrustRefused } from './errors.ts';
import type { Event } from './events.ts';

export const LOOK_UPS_AT_ONCE = 32;
const CERTIFICATES_REMEMBERED = 4_096;

const IN: ReadonlySet<Role> = new Set(['member', 'added']);
const OUTDATED: ReadonlySet<string> = new Set([
  'device_not_listed',
  'certificate_expired',
  'staff_expired',
]);

/** May a member be encrypted to now? `outdated`: no, remove it first. `bad`: no. */
export type Verdict = 'good' | 'outdated' | 'bad';

/** The judge has to know more about an account before it can decide. */
export class NeedsAccount extends PlauschError {
  static override readonly code: string = 'needs_account';

  constructor(
    readonly address: AccountAddress,
    cause?: unknown,
  ) {
    super(`${address.toString()} has to be looked up first.`, { cause });
  }
}

/** An account as the server shows it: nothing of it is believed yet. */
export interface Shown {
  readonly kind: string;
  readonly identityKey: Uint8Array;
  readonly deviceList: Uint8Array;
}

/** Looks an account up on the server. Throws ServerRefused, Unreachable. */
export type AskAccount = (name: string) => Promise<Shown>;

/** Told of every change, after it is in the vault. */
export type Tell = (event: Event) => void;

/** The accounts this device knows, pinned keys and lists, in memory and in the vault. */
export class Trust {
  /** Grows whenever anything that a verdict depends on has changed. */
  version = 0;

  readonly #vault: Vault;
  readonly #table: Accounts;
  readonly #own: AccountAddress;
  readonly #ask: AskAccount;
  readonly #tell: Tell;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, KeptAccount>();
  readonly #lists = new Map<string, DeviceList>();
  readonly #certificates = new Map<string, DeviceCertificate>();
  readonly #lookedUp = new Map<string, number>();

  /** What is decided about an account depends on what is kept of it: one change at a time. */
  readonly #changes = new Turns();

  constructor(vault: Vault, own: AccountAddress, ask: AskAccount, tell: Tell, clock: Clock) {
    this.#vault = vault;
    this.#table = new Accounts(vault);
    this.#own = own;
    this.#ask = ask;
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Read the vault. Throws VaultDamaged, StorageUnavailable. */
  async load(): Promise<void> {
    for (const account of await this.#table.all()) {
      this.#keep(account);
    }
  }

  // -- what is known

  /** What is known of an account. */
  account(address: AccountAddress): KeptAccount | undefined {
    return this.#accounts.get(address.toString());
  }

  /** The latest verified list of a known account. Throws TrustRefused if it is unknown. */
  deviceList(address: AccountAddress): DeviceList {
    return this.#listOf(this.#demandKnown(address));
  }

  /** Every other account. */
  contacts(): readonly Contact[] {
    return Array.from(this.#accounts.values())
      .filter(({ address }) => !address.equals(this.#own))
      .map(contactOf);
  }

  /** Throws IdentityChanged when one of them waits for a person's decision. */
  demandUnchanged(addresses: Iterable<AccountAddress>): void {
    for (const address of addresses) {
      if (this.account(address)?.state === 'changed') {
        throw new IdentityChanged(address);
      }
    }
  }

  /**
   * 60 digits in groups of 5 that both people see alike if nobody is in between; while a new
   * identity key waits for a decision, those of the new key. Throws TrustRefused if it is unknown.
   */
  safetyNumber(address: AccountAddress): string {
    return safetyNumber(...this.#parties(address));
  }

  /** The text of the code that this device shows to that account. Throws as `safetyNumber`. */
  safetyQr(address: AccountAddress): string {
    return qrPayload(...this.#parties(address));
  }

  // -- looking up

  /** The account, looked up if it is unknown. Throws as `refresh`. */
  async ensure(address: AccountAddress): Promise<KeptAccount> {
    return this.account(address) ?? (await this.refresh(address));
  }

  /** Look up those not yet looked up on this connection. Throws as `refresh`. */
  async freshen(addresses: Iterable<AccountAddress>, connection: number): Promise<void> {
    const stale = [...addresses].filter(
      (address) => this.#lookedUp.get(address.toString()) !== connection,
    );
    for (let start = 0; start < stale.length; start += LOOK_UPS_AT_ONCE) {
      const some = stale.slice(start, start + LOOK_UPS_AT_ONCE);
      await Promise.all(some.map((address) => this.#freshen(address, connection)));
    }
  }

  async #freshen(address: AccountAddress, connection: number): Promise<void> {
    await this.refresh(address);
    this.#lookedUp.set(address.toString(), connection);
  }

  /**
   * Look an account up on the server, verify what it shows, keep it.
   *
   * An account seen for the first time is pinned. A new identity key is kept aside and the contact
   * marked as changed. Throws TrustRefused (forged, rolled back, another history), ServerRefused,
   * Unreachable, StorageUnavailable.
   */
  async refresh(address: AccountAddress): Promise<KeptAccount> {
    if (address.domain !== this.#own.domain) {
      throw new TrustRefused(
        `${address.toString()} lives on another server; this one can only reach ` +
          `${this.#own.domain}.`,
        { code: 'account_elsewhere' },
      );
    }
    const shown = await this.#ask(address.name);
    return this.#changes.run(async () => {
      const before = this.account(address);
      let kept: KeptAccount;
      try {
        kept = this.#verified(address, shown);
      } catch (error) {
        throw error instanceof IdentityRefused ? unbelieved(address, error) : error;
      }
      if (kept !== before) {
        await this.#put(kept);
      }
      return kept;
    });
  }

  /** What to keep of what the server shows. Throws IdentityRefused. */
  #verified(address: AccountAddress, shown: Shown): KeptAccount {
    const offered = parseDeviceList(shown.deviceList);
    const isOfKey = equalBytes(offered.identityKey, shown.identityKey);
    if (!offered.account.equals(address) || !isOfKey) {
      throw new IdentityRefused(
        `The device list shown for ${address.toString()} is not of that account and key.`,
        { code: 'device_list_account' },
      );
    }
    const kept = this.account(address);
    if (kept === undefined) {
      return firstSeen(address, shown.kind === 'business' ? 'business' : 'person', offered);
    }
    if (equalBytes(offered.identityKey, kept.identityKey)) {
      const isNewer = offered.supersedes(kept.deviceList);
      return isNewer ? { ...kept, deviceList: offered.raw } : kept;
    }
    if (address.equals(this.#own)) {
      throw new IdentityRefused('The server shows another identity key for this very account.', {
        code: 'identity_key_changed',
      });
    }
    if (equalBytes(offered.identityKey, kept.offeredKey)) {
      const isNewer = offered.supersedes(kept.offeredList);
      return isNewer ? { ...kept, offeredList: offered.raw } : kept;
    }
    const { identityKey: offeredKey, raw: offeredList } = offered;
    return { ...kept, state: 'changed', offeredKey, offeredList };
  }

  // -- a person's decisions

  /** This account's own list, as made here. */
  async pinOwn(kind: AccountKind, deviceList: Uint8Array): Promise<void> {
    const own = firstSeen(this.#own, kind, parseDeviceList(deviceList));
    await this.#changes.run(() => this.#put({ ...own, state: 'verified', isKnown: true }));
  }

  /** What another device of this account knew of an account. Throws IdentityRefused. */
  async take(handed: KeptAccount): Promise<void> {
    await this.#changes.run(() => this.#put(merged(this.account(handed.address), handed)));
  }

  /** This person wrote to them, or accepted their request. */
  async setKnown(addresses: Iterable<AccountAddress>): Promise<void> {
    for (const address of addresses) {
      await this.#change(address, (kept) => (kept.isKnown ? kept : { ...kept, isKnown: true }));
    }
  }

  /** Nothing that this account begins is shown any more, or all of it again. */
  async setBlocked(address: AccountAddress, isBlocked: boolean): Promise<void> {
    await this.ensure(address);
    await this.#change(address, (kept) =>
      kept.isBlocked === isBlocked ? kept : { ...kept, isBlocked },
    );
  }

  /**
   * Safety numbers were compared: `compared` is the number that the person saw, or the text of the
   * code that was scanned.
   *
   * Throws TrustRefused when that is not the present one, IdentityChanged while a new key waits
   * (it is accepted first and compared then).
   */
  async markVerified(address: AccountAddress, compared: string): Promise<void> {
    await this.ensure(address);
    await this.#change(address, (kept) => {
      this.demandUnchanged([address]);
      this.#demandPresent(address, compared);
      return { ...kept, state: 'verified' };
    });
  }

  /**
   * Pin the key that waits for a decision; nothing happens if none does. `compared` as in
   * `markVerified`: whoever has compared with a second key does not accept a third unawares.
   *
   * Throws TrustRefused when that is not the present number.
   */
  async acceptIdentity(address: AccountAddress, compared: string): Promise<void> {
    await this.ensure(address);
    await this.#change(address, (kept) => {
      this.#demandPresent(address, compared);
      const { offeredKey: identityKey, offeredList: deviceList } = kept;
      return kept.state === 'changed' ? { ...settled(kept), identityKey, deviceList } : kept;
    });
  }

  /**
   * Drop the key that waits for a decision and keep the pinned one: the server lied for a while.
   * If it goes on, the contact is marked as changed again. Nothing happens if none waits.
   */
  async rejectIdentity(address: AccountAddress): Promise<void> {
    await this.ensure(address);
    await this.#change(address, (kept) => (kept.state === 'changed' ? settled(kept) : kept));
  }

  /** Change what is kept of an account; nothing is written when it is the same or unknown. */
  async #change(
    address: AccountAddress,
    change: (kept: KeptAccount) => KeptAccount,
  ): Promise<void> {
    await this.#changes.run(async () => {
      const kept = this.account(address);
      const changed = kept && change(kept);
      if (changed !== undefined && changed !== kept) {
        await this.#put(changed);
      }
    });
  }

  async #put(kept: KeptAccount): Promise<void> {
    await this.#vault.write([await this.#table.put(kept)]);
    const before = this.account(kept.address);
    this.#keep(kept);
    if (!kept.address.equals(this.#own) && looksOther(before, kept)) {
      this.#tell({ what: 'contact', address: kept.address });
    }
  }

  #keep(kept: KeptAccount): void {
    const name = kept.address.toString();
    this.#accounts.set(name, kept);
    this.#lists.delete(name);
    this.version += 1;
  }

  /** A list was verified before it was kept; parsed again when it is first asked for. */
  #listOf(kept: KeptAccount): DeviceList {
    const name = kept.address.toString();
    let list = this.#lists.get(name);
    if (list === undefined) {
      list = parseDeviceList(kept.deviceList);
      this.#lists.set(name, list);
    }
    return list;
  }

  #demandKnown(address: AccountAddress): KeptAccount {
    const kept = this.account(address);
    if (kept === undefined) {
      throw new TrustRefused(`${address.toString()} is not known to this device yet.`);
    }
    return kept;
  }

  /** This account, and the other with the key that is to be compared. */
  #parties(address: AccountAddress): readonly [own: Party, other: Party] {
    const own = this.#demandKnown(this.#own);
    const other = this.#demandKnown(address);
    const theirs = other.offeredKey.length > 0 ? other.offeredKey : other.identityKey;
    return [
      { account: this.#own, identityKey: own.identityKey },
      { account: address, identityKey: theirs },
    ];
  }

  /** Throws TrustRefused unless `compared` is the present number, or a code that says the same. */
  #demandPresent(address: AccountAddress, compared: string): void {
    if (isQrPayload(compared)) {
      try {
        checkScanned(compared, ...this.#parties(address));
      } catch (error) {
        throw error instanceof IdentityRefused
          ? new TrustRefused(error.message, { code: error.code, cause: error })
          : error;
      }
    } else if (!isSameNumber(compared, this.safetyNumber(address))) {
      throw new TrustRefused(
        `This is not the safety number with ${address.toString()} now: a digit is wrong, or the ` +
          'identity key has changed since; look at the number again and compare it anew.',
        { code: 'safety_number_differs' },
      );
    }
  }

  // -- judging

  /** The certificate that a credential carries. Throws CredentialRefused. */
  certificate(credential: Credential): DeviceCertificate {
    if (credential.type !== CREDENTIAL_TYPE) {
      const type = credential.type.toString(16).padStart(4, '0');
      throw new CredentialRefused(`A credential of type 0x${type} is not a device certificate.`);
    }
    const name = toHex(credential.body);
    let known = this.#certificates.get(name);
    if (known === undefined) {
      try {
        known = parseCertificate(credential.body);
      } catch (error) {
        throw error instanceof IdentityRefused ? refusedBy(error, false) : error;
      }
      if (this.#certificates.size >= CERTIFICATES_REMEMBERED) {
        this.#certificates.clear();
      }
      this.#certificates.set(name, known);
    }
    return known;
  }

  /** Whose leaf it is. Throws CredentialRefused. */
  device(credential: Credential): DeviceAddress {
    return this.certificate(credential).device;
  }

  /**
   * The judge for one MLS operation.
   *
   * `lookedUp`: the accounts (`name@domain`) that the caller refreshed for this operation; of any
   * other, the judge may ask for a look (NeedsAccount).
   */
  judge(lookedUp: ReadonlySet<string>): CredentialJudge {
    return (credential, signatureKey, role) => {
      const certificate = this.certificate(credential);
      const address = certificate.account;
      const isLookedUp = lookedUp.has(address.toString());
      if (address.domain !== this.#own.domain) {
        throw new CredentialRefused(`${certificate.device.uri} is a device of another server.`);
      }
      if (this.account(address) === undefined) {
        if (isLookedUp) {
          throw new CredentialRefused(`${address.toString()} could not be looked up.`);
        }
        throw new NeedsAccount(address);
      }
      try {
        this.#judge(certificate, signatureKey);
      } catch (error) {
        if (!(error instanceof IdentityRefused)) {
          throw error;
        }
        if (!isLookedUp) {
          throw new NeedsAccount(address, error);
        }
        // Who is in, or was added while it was listed, and is listed no longer cannot stop others
        // from joining or going on; nothing is sent in that conversation before it is removed
        // (verdict).
        if (!OUTDATED.has(error.code) || !IN.has(role)) {
          throw refusedBy(error, true);
        }
      }
    };
  }

  /** May this member be encrypted to now? `aheadS`: as it will be so many seconds from now. */
  verdict(credential: Credential, signatureKey: Uint8Array, aheadS = 0): Verdict {
    try {
      this.#judge(this.certificate(credential), signatureKey, aheadS);
      return 'good';
    } catch (error) {
      if (error instanceof IdentityRefused) {
        return OUTDATED.has(error.code) ? 'outdated' : 'bad';
      }
      if (error instanceof CredentialRefused) {
        return 'bad';
      }
      throw error;
    }
  }

  #judge(certificate: DeviceCertificate, signatureKey: Uint8Array, aheadS = 0): void {
    const kept = this.account(certificate.account);
    if (kept === undefined) {
      throw new IdentityRefused(`${certificate.account.toString()} is unknown.`, {
        code: 'unknown_account',
      });
    }
    const nowS = Math.floor(this.#clock.nowMs() / 1000) + aheadS;
    judgeLeaf(certificate, signatureKey, kept.identityKey, this.#listOf(kept), nowS);
  }
}

function unbelieved(address: AccountAddress, error: IdentityRefused): TrustRefused {
  return new TrustRefused(
    `The server shows ${address.toString()} in a way that cannot be believed: ${error.message}`,
    { code: error.code, cause: error },
  );
}

/** The same in the words of MLS. `named`: with the code of the check. */
function refusedBy(error: IdentityRefused, named: boolean): CredentialRefused {
  const { message: sentence, code } = error;
  return new CredentialRefused(sentence, named ? { code, cause: error } : { cause: error });
}
