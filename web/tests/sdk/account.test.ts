/** Registering: keys first, then words; and every way in which the answer may not come. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { AccountAddress, NameRefused } from '../../src/base/ids.ts';
import { parseCertificate } from '../../src/identity/certificate.ts';
import { parseDeviceList } from '../../src/identity/device_list.ts';
import {
  CERTIFICATE_LIFETIME_S,
  CLOCK_SLACK_S,
  type Greeted,
  makeOwn,
  registerAccount,
} from '../../src/sdk/account.ts';
import { ServerRefused, Unreachable } from '../../src/sdk/errors.ts';
import { type AccountOwn, AccountOwnTable } from '../../src/vault/account_own.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { codeOf, failPut, freshVault } from '../vault/vault_players.ts';
import { ManualClock, NOW_S } from './identities.ts';

const URL = 'https://localhost';
const ANNA = new AccountAddress('anna', 'localhost');
const OFFLINE = new Unreachable('The connection is gone.');

function refused(code: string): ServerRefused {
  return new ServerRefused('No.', { code, fault: 'local' });
}

/** A server that knows what was registered with it, and can be told to fail. */
class Server {
  domain = 'localhost';
  readonly accounts = new Map<string, AccountOwn>();
  readonly sent: string[] = [];
  readonly urls: string[] = [];
  connections = 0;
  atGreeting: Error | undefined;
  atLogin: Error | undefined;
  atRegistration: Error | undefined;
  answerIsLost = false;
  onRegister: () => Promise<void> = () => Promise.resolve();

  greet = (serverUrl: string): Promise<Greeted> => {
    this.urls.push(serverUrl);
    if (this.atGreeting !== undefined) {
      return Promise.reject(this.atGreeting);
    }
    this.connections += 1;
    return Promise.resolve({
      domain: this.domain,
      register: (own, invitation) => this.#register(own, invitation),
      logIn: (own) => this.#logIn(own),
      disconnect: () => {
        this.connections -= 1;
        return Promise.resolve();
      },
    });
  };

  async #register(own: AccountOwn, invitation: string): Promise<void> {
    this.sent.push(`register ${own.device.account.toString()} ${own.kind} ${invitation}`.trim());
    await this.onRegister();
    if (this.atRegistration !== undefined) {
      throw this.atRegistration;
    }
    if (this.accounts.has(own.device.account.name)) {
      throw refused('name_taken');
    }
    this.accounts.set(own.device.account.name, own);
    if (this.answerIsLost) {
      throw OFFLINE;
    }
  }

  #logIn(own: AccountOwn): Promise<void> {
    this.sent.push(`log in ${own.device.uri}`);
    const known = this.accounts.get(own.device.account.name);
    if (this.atLogin !== undefined) {
      return Promise.reject(this.atLogin);
    }
    return known?.device.equals(own.device) === true
      ? Promise.resolve()
      : Promise.reject(refused('unknown_device'));
  }
}

let vault: Vault;
let server: Server;

beforeEach(async () => {
  vault = await freshVault();
  server = new Server();
});

afterEach(async () => {
  expect(server.connections).toBe(0);
  await vault.close();
});

function register(change: Partial<Parameters<typeof registerAccount>[2]> = {}) {
  const wanted = {
    serverUrl: URL,
    name: 'anna',
    kind: 'person',
    invitation: '',
    ...change,
  } as const;
  return registerAccount(vault, server.greet, wanted, new ManualClock());
}

const kept = (): Promise<AccountOwn | undefined> => new AccountOwnTable(vault).get();

// -- keys

test.each([CLOCK_SLACK_S, NOW_S, 2 ** 40])(
  'a new account proves itself from a day before for two years: %d',
  (nowS) => {
    const own = makeOwn(URL, ANNA, 'person', nowS);
    const certificate = parseCertificate(own.certificate);
    const listed = parseDeviceList(own.deviceList);
    expect(certificate.device).toEqual(own.device);
    expect(certificate.identityKey).toEqual(own.identity?.public);
    expect(listed.identityKey).toEqual(own.identity?.public);
    expect(certificate.signatureKey).toEqual(own.deviceKey.public);
    expect(listed.lists(own.device, own.deviceKey.public)).toBe(true);
    expect(listed.devices).toHaveLength(1);
    expect([certificate.notBeforeS, certificate.expiresS]).toEqual([
      nowS - CLOCK_SLACK_S,
      nowS + CERTIFICATE_LIFETIME_S,
    ]);
    expect([own.isRegistered, own.mailbox]).toEqual([false, 0]);
  },
);

test('no two accounts share a key or a device', () => {
  const made = Array.from({ length: 20 }, () => makeOwn(URL, ANNA, 'person', NOW_S));
  const distinct = (of: (own: AccountOwn) => string): number => new Set(made.map(of)).size;
  expect(distinct(({ device }) => device.uri)).toBe(20);
  expect(distinct(({ identity }) => toHex(identity!.toBytes()))).toBe(20);
  expect(distinct(({ deviceKey }) => toHex(deviceKey.toBytes()))).toBe(20);
});

// -- registering

test('an account is registered, and kept as registered', async () => {
  const own = await register({ kind: 'business', invitation: 'abc' });
  expect(server.sent).toEqual(['register anna@localhost business abc']);
  expect(own).toMatchObject({ serverUrl: URL, kind: 'business', isRegistered: true });
  expect(own.device.account).toEqual(ANNA);
  expect((await kept())?.device).toEqual(own.device);
  expect((await kept())?.isRegistered).toBe(true);
});

test('the keys are on disk before the server hears of them', async () => {
  const seen: (AccountOwn | undefined)[] = [];
  server.onRegister = async () => {
    seen.push(await kept());
  };
  const own = await register();
  expect(seen[0]?.device).toEqual(own.device);
  expect(seen[0]?.isRegistered).toBe(false);
});

test('nothing leaves when the keys cannot be written', async () => {
  failPut();
  expect(await codeOf(register())).toBe('storage_full');
  expect(server.sent).toEqual([]);
  expect((await register()).isRegistered).toBe(true);
});

test.each(['', 'Anna', 'anna ', 'a/b', '.anna', 'x'.repeat(33), 'änna', 'anna\n'])(
  'a name that is none is refused without asking anybody: %o',
  async (name) => {
    await expect(register({ name })).rejects.toThrow(NameRefused);
    expect(server.urls).toEqual([]);
  },
);

test('a server that is away leaves a vault to try again in', async () => {
  server.atGreeting = OFFLINE;
  await expect(register()).rejects.toThrow(Unreachable);
  expect(await kept()).toBeUndefined();
  server.atGreeting = undefined;
  await register();
});

test('a name is given once, and another may be chosen', async () => {
  server.accounts.set('anna', makeOwn(URL, ANNA, 'person', NOW_S));
  expect(await codeOf(register())).toBe('name_taken');
  const refusedDevice = (await kept())?.device;
  const other = await register({ name: 'anna2' });
  expect(other.device.device).not.toBe(refusedDevice?.device);
  expect(other.device.account.name).toBe('anna2');
});

test('one vault has one account', async () => {
  const own = await register();
  for (const name of ['anna', 'cem']) {
    expect(await codeOf(register({ name }))).toBe('vault_exists');
  }
  expect((await kept())?.device).toEqual(own.device);
  expect(server.sent).toHaveLength(1);
});

// -- answers that do not come

test('a registration whose answer was lost is finished with the same keys', async () => {
  server.answerIsLost = true;
  await expect(register()).rejects.toThrow(Unreachable);
  const begun = await kept();
  expect(begun?.isRegistered).toBe(false);
  const own = await register({ serverUrl: 'https://moved.example' });
  expect(own.device).toEqual(begun?.device);
  expect(own).toMatchObject({ isRegistered: true, serverUrl: 'https://moved.example' });
  expect(server.sent).toEqual(['register anna@localhost person', `log in ${own.device.uri}`]);
});

test('a registration that did not arrive is repeated with the same keys', async () => {
  server.atRegistration = OFFLINE;
  await expect(register()).rejects.toThrow(Unreachable);
  const begun = await kept();
  server.atRegistration = undefined;
  const own = await register({ kind: 'business', serverUrl: 'https://moved.example' });
  expect(own.device).toEqual(begun?.device);
  expect(own).toMatchObject({ kind: 'business', serverUrl: 'https://moved.example' });
});

test('an account that was registered unknowingly is not given away for another', async () => {
  server.answerIsLost = true;
  await expect(register()).rejects.toThrow(Unreachable);
  expect(await codeOf(register({ name: 'another' }))).toBe('vault_exists');
  expect(await kept()).toMatchObject({ isRegistered: true, device: { account: ANNA } });
});

test('a registration that nobody took may be begun under another name', async () => {
  server.atRegistration = refused('name_taken');
  expect(await codeOf(register())).toBe('name_taken');
  server.atRegistration = undefined;
  expect((await register({ name: 'another' })).device.account.name).toBe('another');
});

test('keys that may be an account’s are not thrown away', async () => {
  server.answerIsLost = true;
  await expect(register()).rejects.toThrow(Unreachable);
  const begun = await kept();
  for (const error of [refused('rate_limited'), OFFLINE]) {
    server.atLogin = error;
    expect(await codeOf(register({ name: 'another' }))).toBe(
      error instanceof ServerRefused ? 'rate_limited' : 'unreachable',
    );
    expect((await kept())?.device).toEqual(begun?.device);
  }
});

// -- servers that lie

test.each(['', 'Not A Domain', 'a/u/b', 'x'.repeat(256), 'evil\n.example'])(
  'a server without a proper domain gets no account: %o',
  async (domain) => {
    // An address that cannot be read back would spoil the vault for good.
    server.domain = domain;
    expect(await codeOf(register())).toBe('server_misbehaved');
    expect([server.sent, await kept()]).toEqual([[], undefined]);
    server.domain = 'localhost';
    expect((await register()).device.account).toEqual(ANNA);
  },
);

test('keys of one domain log in to no other', async () => {
  server.answerIsLost = true;
  await expect(register()).rejects.toThrow(Unreachable);
  const begun = await kept();
  server.sent.length = 0;
  server.domain = 'example.org';
  await expect(register()).rejects.toThrow(ServerRefused);
  expect(server.sent).toEqual(['register anna@example.org person']);
  expect((await kept())?.deviceKey.public).not.toEqual(begun?.deviceKey.public);
});
