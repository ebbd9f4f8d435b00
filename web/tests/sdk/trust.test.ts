/** What is known of accounts, leaves that are judged, and what people decide. */

import { afterEach, beforeEach, expect, test } from 'vitest';

import { AccountAddress } from '../../src/base/ids.ts';
import { parseQrPayload, qrPayload } from '../../src/identity/safety_number.ts';
import { Credential } from '../../src/mls/credential.ts';
import { IdentityChanged, TrustRefused } from '../../src/sdk/errors.ts';
import { LOOK_UPS_AT_ONCE, NeedsAccount } from '../../src/sdk/trust.ts';
import { failPut } from '../vault/vault_players.ts';
import { Person, SECOND } from './identities.ts';
import { refusalOf, Scene } from './trust_players.ts';

let scene: Scene;
let cem: Person;

beforeEach(async () => {
  scene = await Scene.begin();
  cem = new Person('cem', 'business');
});

afterEach(async () => {
  await scene.vault.close();
});

// -- looking up

test('first sight pins', async () => {
  await scene.meet(cem);
  expect(scene.kept(cem)).toMatchObject({ state: 'pinned', kind: 'business', isKnown: false });
  expect(scene.kept(cem).identityKey).toEqual(cem.identity.public);
});

test('what was pinned is there after a restart', async () => {
  await scene.meet(cem);
  const again = scene.again();
  expect(again.account(cem.address)).toBeUndefined();
  await again.load();
  expect(again.account(cem.address)).toEqual(scene.kept(cem));
  expect(again.deviceList(cem.address).addresses()).toEqual([cem.deviceAddress()]);
});

test('what could not be written is not known', async () => {
  scene.server.show(cem);
  failPut();
  const refusal = await refusalOf(scene.trust.refresh(cem.address));
  expect(refusal.code).toBe('storage_full');
  expect(scene.trust.account(cem.address)).toBeUndefined();
  expect(scene.told(cem)).toBe(0);
  await scene.trust.refresh(cem.address);
  expect(scene.kept(cem).state).toBe('pinned');
});

test('ensure asks only once', async () => {
  scene.server.show(cem);
  await scene.trust.ensure(cem.address);
  await scene.trust.ensure(cem.address);
  expect(scene.server.asked).toEqual(['cem']);
});

test('freshen asks once a connection', async () => {
  scene.server.show(cem);
  for (const connection of [1, 1, 2, 2]) {
    await scene.trust.freshen([cem.address], connection);
  }
  expect(scene.server.asked).toEqual(['cem', 'cem']);
});

test('a look that failed is not counted as one', async () => {
  await expect(scene.trust.freshen([cem.address], 1)).rejects.toThrow('No such account');
  scene.server.show(cem);
  await scene.trust.freshen([cem.address], 1);
  expect(scene.server.asked).toEqual(['cem', 'cem']);
});

test('many are looked up, some at a time', async () => {
  const people = Array.from({ length: LOOK_UPS_AT_ONCE + 3 }, (_, at) => new Person(`p${at}`));
  people.forEach((person) => {
    scene.server.show(person);
  });
  const looking = scene.trust.freshen(
    people.map(({ address }) => address),
    1,
  );
  expect(scene.server.asked).toHaveLength(LOOK_UPS_AT_ONCE);
  await looking;
  expect(scene.trust.contacts()).toHaveLength(people.length);
});

test('accounts of other servers are out of reach', async () => {
  const refusal = await refusalOf(scene.trust.refresh(new AccountAddress('cem', 'example.org')));
  expect(refusal).toBeInstanceOf(TrustRefused);
  expect([refusal.code, refusal.message]).toEqual([
    'account_elsewhere',
    expect.stringContaining('lives on another server'),
  ]);
  expect(scene.server.asked).toEqual([]);
});

test('unknown accounts have no list and no number', () => {
  expect(() => scene.trust.deviceList(cem.address)).toThrow(/not known/);
  expect(() => scene.trust.safetyNumber(cem.address)).toThrow(TrustRefused);
  expect(() => scene.trust.safetyQr(cem.address)).toThrow(TrustRefused);
});

test('this account is not among the contacts', async () => {
  expect(scene.trust.contacts()).toEqual([]);
  await scene.meet(cem);
  expect(scene.trust.contacts().map(({ address }) => address)).toEqual([cem.address]);
  expect(scene.events).toEqual([{ what: 'contact', address: cem.address }]);
});

// -- judging leaves

test('a listed device is accepted', async () => {
  scene.server.show(cem);
  await scene.judge(cem.credential(), cem.key(), 'key_package');
  expect(scene.trust.verdict(cem.credential(), cem.key())).toBe('good');
  expect(scene.trust.device(cem.credential())).toEqual(cem.deviceAddress());
});

test('who is unknown has to be looked up first', () => {
  const judge = scene.trust.judge(new Set());
  try {
    judge(cem.credential(), cem.key(), 'member');
  } catch (error) {
    expect(error).toBeInstanceOf(NeedsAccount);
    expect((error as NeedsAccount).address).toEqual(cem.address);
    return;
  }
  expect.unreachable();
});

test('a device listed since is found by looking again', async () => {
  await scene.meet(cem);
  cem.addDevice(SECOND);
  scene.server.show(cem);
  await scene.judge(cem.credential(SECOND), cem.key(SECOND), 'key_package');
});

test('a removed member is tolerated and never encrypted to', async () => {
  cem.addDevice(SECOND);
  await scene.meet(cem);
  const [credential, key] = [cem.credential(SECOND), cem.key(SECOND)];
  cem.removeDevice(SECOND);
  await scene.meet(cem);
  await scene.judge(credential, key, 'member');
  await scene.judge(credential, key, 'added');
  expect(scene.trust.verdict(credential, key)).toBe('outdated');
  for (const role of ['key_package', 'joiner', 'external_sender'] as const) {
    expect((await refusalOf(scene.judge(credential, key, role))).code).toBe('device_not_listed');
  }
});

test('basic credentials are nobody', async () => {
  const basic = Credential.basic(new Uint8Array(3));
  const refusal = await refusalOf(scene.judge(basic, new Uint8Array(32)));
  expect(refusal.message).toBe('A credential of type 0x0001 is not a device certificate.');
  expect(scene.trust.verdict(basic, new Uint8Array(32))).toBe('bad');
});

test('an account that the server denies is refused', async () => {
  const refusal = await refusalOf(scene.judge(cem.credential(), cem.key()));
  expect(refusal.code).toBe('credential_refused');
  expect(refusal.message).toMatch('could not be looked up');
  expect(scene.trust.verdict(cem.credential(), cem.key())).toBe('bad');
});

test('a certificate is read once', () => {
  const seen = scene.trust.certificate(cem.credential());
  expect(scene.trust.certificate(cem.credential())).toBe(seen);
  expect(scene.trust.certificate(cem.impostor().credential())).not.toBe(seen);
});

// -- people's decisions

test('verified and known are kept', async () => {
  await scene.meet(cem);
  await scene.trust.setKnown([cem.address, new AccountAddress('nobody', 'localhost')]);
  await scene.trust.markVerified(cem.address, scene.trust.safetyNumber(cem.address));
  const again = scene.again();
  await again.load();
  const [contact] = again.contacts();
  expect(contact).toMatchObject({ address: cem.address, state: 'verified', isKnown: true });
});

test('what is as it was is not written again', async () => {
  await scene.meet(cem);
  await scene.trust.setKnown([cem.address]);
  const { version } = scene.trust;
  await scene.trust.setKnown([cem.address]);
  await scene.trust.setBlocked(cem.address, false);
  await scene.trust.refresh(cem.address);
  await scene.trust.acceptIdentity(cem.address, scene.trust.safetyNumber(cem.address));
  await scene.trust.rejectIdentity(cem.address);
  expect(scene.trust.version).toBe(version);
});

test('accounts are blocked and let in again', async () => {
  await scene.meet(cem);
  await scene.trust.setBlocked(cem.address, true);
  expect(scene.trust.contacts()[0]?.isBlocked).toBe(true);
  await scene.trust.setBlocked(cem.address, false);
  expect(scene.trust.contacts()[0]?.isBlocked).toBe(false);
  expect(scene.told(cem)).toBe(3);
});

test('both people see the same number, and each the other’s code', async () => {
  await scene.meet(cem);
  const bob = await Scene.begin();
  await bob.trust.pinOwn('person', scene.anna.list);
  const [own, other] = [scene.anna, cem].map(({ address: account, identity }) => ({
    account,
    identityKey: identity.public,
  })) as [Parameters<typeof qrPayload>[0], Parameters<typeof qrPayload>[1]];
  expect(parseQrPayload(scene.trust.safetyQr(cem.address))).toEqual({
    shownBy: own,
    shownTo: other,
  });
  await scene.trust.markVerified(cem.address, qrPayload(other, own));
  expect(scene.kept(cem).state).toBe('verified');
  await bob.vault.close();
});

test('whoever has compared another number has not compared', async () => {
  await scene.meet(cem);
  const number = scene.trust.safetyNumber(cem.address);
  const wrong = [
    '',
    number.slice(0, -1),
    `${number} 00000`,
    number.replace(/^\d/, (digit) => String((Number(digit) + 1) % 10)),
    scene.trust.safetyQr(cem.address),
    'plausch-verify:',
  ];
  for (const compared of wrong) {
    const refusal = await refusalOf(scene.trust.markVerified(cem.address, compared));
    expect(refusal).toBeInstanceOf(TrustRefused);
    expect(scene.kept(cem).state).toBe('pinned');
  }
  const refusal = await refusalOf(scene.trust.markVerified(cem.address, wrong[1]!));
  expect(refusal.code).toBe('safety_number_differs');
  expect(refusal.message).toMatch(/^This is not the safety number with cem@localhost now/);
  await scene.trust.markVerified(cem.address, number.replaceAll(' ', ''));
  expect(scene.kept(cem).state).toBe('verified');
});

test('who is not known yet is looked up, and a decision about nobody is refused', async () => {
  expect((await refusalOf(scene.trust.markVerified(cem.address, ''))).code).toBe('unknown_account');
  scene.server.show(cem);
  expect(await refusalOf(scene.trust.acceptIdentity(cem.address, ''))).not.toBeInstanceOf(
    IdentityChanged,
  );
  expect(scene.kept(cem).state).toBe('pinned');
});
