/** One device, wired: who is somebody else, and what happens in which order after a login. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { LocalError } from '../../src/base/errors.ts';
import { Device, type World } from '../../src/sdk/device.ts';
import { type Event, Feed } from '../../src/sdk/events.ts';
import { Rooms } from '../../src/sdk/rooms.ts';
import { STOCK } from '../../src/sdk/stock.ts';
import { makeOwn } from '../../src/sdk/account.ts';
import type { AccountOwn } from '../../src/vault/account_own.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { AccountAddress } from '../../src/base/ids.ts';
import { codeOf, freshVault } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { DOMAIN, ManualClock, NOW_S } from './identities.ts';
import { Office } from './office.ts';
import { Player, quiet, until } from './players.ts';

let delivery: Delivery;
let office: Office;
let vault: Vault;
let own: AccountOwn;
let device: Device | undefined;
const events: Event[] = [];

beforeEach(async () => {
  delivery = new Delivery();
  office = new Office(delivery);
  vault = await freshVault();
  own = makeOwn('https://localhost', new AccountAddress('anna', DOMAIN), 'person', NOW_S);
  events.length = 0;
});

afterEach(async () => {
  await device?.close(new LocalError('Bye.'));
  await vault.close();
});

async function build(change: Partial<AccountOwn> = {}, isStarted = true): Promise<Device> {
  const shown = { kind: 'person', identityKey: own.identity!.public, deviceList: own.deviceList };
  delivery.register('anna', shown, own.device.uri);
  const feed = new Feed();
  feed.listen((event) => events.push(event));
  const { outside } = office;
  const world: World = {
    outside,
    clock: new ManualClock(),
    subtle: crypto.subtle,
    random: () => 0,
  };
  device = await Device.build(vault, { ...own, ...change }, world, feed);
  if (isStarted) {
    device.start();
  }
  return device;
}

const isStocked = (): boolean => {
  const kept = delivery.device(own.device.uri);
  return kept.packages.length > 0 && kept.lastResorts.size === STOCK.size;
};

test('everybody else of the server is another, and nonsense is nobody', async () => {
  const built = await build();
  const parse = (text: string): string => built.parseOther(text).toString();
  expect([parse('ben'), parse('ben@localhost')]).toEqual(['ben@localhost', 'ben@localhost']);
  const code = (text: string) => codeOf((async () => Promise.resolve(parse(text)))());
  expect([await code('anna'), await code('anna@localhost')]).toEqual([
    'own_account',
    'own_account',
  ]);
  expect(await code('ben@example.org')).toBe('account_elsewhere');
  expect([await code(''), await code('@'), await code('BEN')]).not.toContain('');
});

test('a new device believes in itself and leaves key packages', async () => {
  const { core } = await build();
  expect(core.trust.account(core.address)).toMatchObject({ state: 'verified', isKnown: true });
  await until(isStocked);
  expect(events.filter(({ what }) => what === 'problem')).toEqual([]);
});

test('it does not connect before whoever is to hear of what comes is there', async () => {
  const built = await build({}, false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events).toEqual([]);
  built.start();
  await until(() => events.some(({ what }) => what === 'caught_up'));
});

test('an address that is none is refused', async () => {
  expect(await codeOf(build({ serverUrl: 'javascript:alert(1)' }))).toBe('bad_url');
});

test('it reads before it writes, and fills up its stock beside that', async () => {
  office.isOpen = false;
  const { core, outbox } = await build();
  const ben = await Player.join(delivery, 'ben');
  const rooms = new Rooms(device!);
  office.isOpen = true;
  device!.transport.hurry();
  await until(isStocked);
  const { id } = await rooms.conversationWith({ address: 'ben' });
  await until(() => rooms.conversation({ conversation: id }).state === 'open');
  office.isOpen = false;
  office.cut();
  await until(() => !core.server.isOnline);
  await rooms.rename({ conversation: id, title: 'written offline' });
  delivery.device(own.device.uri).packages.length = 0;
  office.heard.length = 0;
  office.isOpen = true;
  outbox.kick(core.lives.get(id)!);
  device!.transport.hurry();
  await until(() => isStocked() && office.heard.includes('Append'));
  const order = office.heard.filter((name) => ['Resume', 'Append'].includes(name));
  expect([...new Set(order)]).toEqual(['Resume', 'Append']);
  await quiet(ben);
});

test('a server that takes no key packages still carries messages', async () => {
  const ben = await Player.join(delivery, 'ben');
  await build();
  const [line] = [...delivery.lines].slice(-1);
  expect(line).toBeDefined();
  for (const one of delivery.lines) {
    one.refuse('uploadKeyPackages', 'too_many_key_packages', {}, 99);
  }
  await until(() => device!.core.server.isOnline);
  const rooms = new Rooms(device!);
  const { id } = await rooms.conversationWith({ address: 'ben' });
  await until(() => ben.rooms.conversations().length === 1);
  expect(rooms.conversation({ conversation: id }).state).toBe('open');
});

test('pushes and answers of a closed device are nothing to it', async () => {
  const { core, sync } = await build();
  await until(isStocked);
  await device!.close(new LocalError('Bye.'));
  events.length = 0;
  sync.takePush({ push: 'mail' });
  sync.takePush({ push: 'device_list', name: 'ben' });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect([core.isClosed, events]).toEqual([true, []]);
});

const HOUR_MS = 3_600_000;
const clockProblems = (): readonly string[] =>
  events.flatMap((event) =>
    event.what === 'problem' && event.code === 'clock_wrong' ? [event.sentence] : [],
  );

test.each([-HOUR_MS - 1, HOUR_MS + 1])(
  'a clock that is %d ms from the server’s is told of once, and kept among the problems',
  async (apartMs) => {
    office.nowMs = NOW_S * 1000 + apartMs;
    const { core, transport } = await build();
    await until(isStocked); // it works all the same
    expect(clockProblems()).toHaveLength(1);
    expect(await core.problems.all()).toMatchObject([{ code: 'clock_wrong' }]);
    const { generation } = core.server;
    office.cut();
    transport.hurry();
    await until(() => core.server.isOnline && core.caughtUpOn > generation);
    expect(clockProblems()).toHaveLength(1);
  },
);

test.each([-HOUR_MS, 0, HOUR_MS])('clocks %d ms apart are nothing to tell of', async (apartMs) => {
  office.nowMs = NOW_S * 1000 + apartMs;
  await build();
  await until(isStocked);
  expect(clockProblems()).toEqual([]);
});

test('a clock that goes wrong later is told of at the next login', async () => {
  const { core, transport } = await build();
  await until(isStocked);
  expect(clockProblems()).toEqual([]);
  office.nowMs += 24 * HOUR_MS;
  office.cut();
  transport.hurry();
  await until(() => clockProblems().length > 0);
  expect(core.isClosed).toBe(false);
});
