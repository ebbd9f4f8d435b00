/**
 * A new account: its keys, written before anything is sent, and its registration.
 *
 * An interrupted registration is taken up with the same keys: whether the server had already
 * carried it out shows when the device logs in.
 */

import { toHex } from '../base/bytes.ts';
import { AccountAddress, DeviceAddress, NameRefused, parseDomain, parseName } from '../base/ids.ts';
import { randomBytes } from '../base/random.ts';
import { DeviceCertificate } from '../identity/certificate.ts';
import { DeviceList } from '../identity/device_list.ts';
import { SigningKey } from '../identity/keys.ts';
import type { Clock } from '../platform/clock.ts';
import { type AccountOwn, AccountOwnTable } from '../vault/account_own.ts';
import type { AccountKind } from '../vault/accounts.ts';
import type { Vault } from '../vault/vault.ts';
import { SdkError, ServerMisbehaved, ServerRefused } from './errors.ts';

export const CERTIFICATE_LIFETIME_S = 2 * 366 * 24 * 3600;

/** A certificate is valid from a day before: others' clocks may be behind. */
export const CLOCK_SLACK_S = 24 * 3600;

export const DEVICE_ID_BYTES = 8;

/** A connection on which nobody has logged in yet. Its steps throw ServerRefused, Unreachable. */
export interface Greeted {
  /** Where the server says that accounts live; not checked yet. */
  readonly domain: string;

  register(own: AccountOwn, invitation: string): Promise<void>;
  logIn(own: AccountOwn): Promise<void>;
  disconnect(): Promise<void>;
}

/** Connects to a server, up to its first words. Throws Unreachable, SdkError (no address). */
export type Greet = (serverUrl: string) => Promise<Greeted>;

/** What a person asks for. */
export interface Wanted {
  readonly serverUrl: string;
  readonly name: string;
  readonly kind: AccountKind;
  readonly invitation: string;
}

/** Keys, certificate and first device list of a new account. */
export function makeOwn(
  serverUrl: string,
  address: AccountAddress,
  kind: AccountKind,
  nowS: number,
): AccountOwn {
  const [identity, deviceKey] = [SigningKey.generate(), SigningKey.generate()];
  const device = new DeviceAddress(address, toHex(randomBytes(DEVICE_ID_BYTES)));
  const [fromS, toS] = [nowS - CLOCK_SLACK_S, nowS + CERTIFICATE_LIFETIME_S];
  return {
    serverUrl,
    device,
    kind,
    identity,
    deviceKey,
    certificate: DeviceCertificate.issue(identity, device, deviceKey.public, fromS, toS),
    deviceList: DeviceList.issue(identity, address, [[device.device, deviceKey.public]], nowS),
    isRegistered: false,
    mailbox: 0,
  };
}

/**
 * Register an account, or finish what was begun.
 *
 * Throws NameRefused, SdkError `vault_exists` (there is another account in this vault),
 * ServerRefused (name taken, invitation needed), ServerMisbehaved, Unreachable, VaultDamaged,
 * StorageUnavailable.
 */
export async function registerAccount(
  vault: Vault,
  greet: Greet,
  wanted: Wanted,
  clock: Clock,
): Promise<AccountOwn> {
  const { serverUrl, kind } = wanted;
  parseName(wanted.name);
  const table = new AccountOwnTable(vault);
  let begun = await table.get();
  if (begun?.isRegistered === true) {
    throw taken(begun);
  }
  const server = await greet(serverUrl);
  try {
    const address = new AccountAddress(wanted.name, domainOf(server));
    if (begun !== undefined && (await isRegistered(server, begun))) {
      // The server may have moved since.
      const own = await finish(vault, { ...begun, serverUrl });
      if (!own.device.account.equals(address)) {
        throw taken(own);
      }
      return own;
    }
    if (!begun?.device.account.equals(address)) {
      begun = makeOwn(serverUrl, address, kind, Math.floor(clock.nowMs() / 1000));
    }
    begun = { ...begun, serverUrl, kind };
    await vault.write(await table.put(begun));
    await server.register(begun, wanted.invitation);
    return await finish(vault, begun);
  } finally {
    await server.disconnect();
  }
}

/** Where the server says it is: a vault with an address that is none could not be read. */
function domainOf(server: Greeted): string {
  try {
    return parseDomain(server.domain);
  } catch (error) {
    if (error instanceof NameRefused) {
      throw new ServerMisbehaved(`The server does not say where accounts live: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Whether the server knows the device of a registration whose answer was lost. */
async function isRegistered(server: Greeted, own: AccountOwn): Promise<boolean> {
  if (server.domain !== own.device.account.domain) {
    return false;
  }
  try {
    await server.logIn(own);
    return true;
  } catch (error) {
    if (error instanceof ServerRefused && error.code === 'unknown_device') {
      return false;
    }
    throw error; // it does not say: these keys may be an account's
  }
}

async function finish(vault: Vault, own: AccountOwn): Promise<AccountOwn> {
  const registered = { ...own, isRegistered: true };
  await vault.write(await new AccountOwnTable(vault).put(registered));
  return registered;
}

function taken(own: AccountOwn): SdkError {
  return new SdkError(
    `There is already an account in this browser: ${own.device.account.toString()}. Use another ` +
      'browser profile for another account.',
    { code: 'vault_exists' },
  );
}
