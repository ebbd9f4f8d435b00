/** Attacks of a server on identities: each is refused, and the reason is said. */

import { encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { AccountAddress } from '../../src/base/ids.ts';
import { MAX_DEVICES } from '../../src/identity/device_list.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { CREDENTIAL_TYPE } from '../../src/identity/certificate.ts';
import { Credential } from '../../src/mls/credential.ts';
import { IdentityChanged, TrustRefused } from '../../src/sdk/errors.ts';
import { altered, forgedObject } from '../identity/identity_players.ts';
import { FIRST, NOW_S, Person, SECOND, YEAR_S } from './identities.ts';
import { refusalOf, Scene } from './trust_players.ts';

let scene: Scene;
let cem: Person;

beforeEach(async () => {
  scene = await Scene.begin();
  cem = new Person('cem');
});

afterEach(async () => {
  await scene.vault.close();
});

const demand = (person: Person) => (): void => {
  scene.trust.demandUnchanged([person.address]);
};

/** The code with which what the server shows is refused. */
async function shownAndRefused(deviceList: Uint8Array, identity = cem.identity): Promise<string> {
  scene.server.show(cem, { kind: 'person', identityKey: identity.public, deviceList });
  const refusal = await refusalOf(scene.trust.refresh(cem.address));
  expect(refusal).toBeInstanceOf(TrustRefused);
  expect(refusal.message).toMatch(/^The server shows cem@localhost in a way that cannot/);
  return refusal.code;
}

/** A list of Cem's with any fields, signed by his key. */
function forgedList(change: Record<string, unknown>): Uint8Array {
  const fields = {
    version: 1,
    account: cem.address.uri,
    identityKey: cem.identity.public,
    seq: 1,
    previous: new Uint8Array(0),
    issuedAtS: NOW_S,
    devices: [[FIRST, cem.key()]],
    ...change,
  };
  return forgedObject(cem.identity, 'device list', Object.values(fields));
}

// -- another identity key

test('a new identity key stops sending until it is accepted', async () => {
  await scene.meet(cem);
  const impostor = cem.impostor();
  await scene.meet(impostor);
  expect(demand(cem)).toThrow(IdentityChanged);
  expect(scene.kept(cem).identityKey).toEqual(cem.identity.public);
  await scene.trust.acceptIdentity(cem.address, scene.trust.safetyNumber(cem.address));
  expect(demand(cem)).not.toThrow();
  expect(scene.kept(cem)).toMatchObject({ state: 'pinned', offeredKey: new Uint8Array(0) });
  expect(scene.kept(cem).identityKey).toEqual(impostor.identity.public);
  expect(scene.trust.deviceList(cem.address).raw).toEqual(impostor.list);
});

test('a key that was swapped at first contact is found out when the right one is shown', async () => {
  const impostor = cem.impostor();
  await scene.meet(impostor);
  const swapped = scene.trust.safetyNumber(cem.address);
  await scene.meet(cem);
  expect(demand(cem)).toThrow(/compare safety numbers/);
  await expect(scene.judge(cem.credential(), cem.key())).rejects.toThrow(/not the one known/);
  // Cem's own phone shows the number of his own key: that one is accepted, the swapped one is not.
  expect((await refusalOf(scene.trust.acceptIdentity(cem.address, swapped))).code).toBe(
    'safety_number_differs',
  );
  await scene.trust.acceptIdentity(cem.address, scene.trust.safetyNumber(cem.address));
  await scene.judge(cem.credential(), cem.key());
  expect(scene.trust.verdict(impostor.credential(), impostor.key())).toBe('bad');
});

test('the change is told once', async () => {
  await scene.meet(cem);
  const impostor = cem.impostor();
  await scene.meet(impostor);
  await scene.meet(impostor);
  impostor.addDevice(SECOND);
  await scene.meet(impostor);
  expect(scene.told(cem)).toBe(2); // when he was first seen, and now
  await scene.trust.acceptIdentity(cem.address, scene.trust.safetyNumber(cem.address));
  expect(scene.trust.deviceList(cem.address).devices).toHaveLength(2);
});

test('a third key is told as well, and is not accepted by the number of the second', async () => {
  await scene.meet(cem);
  await scene.meet(cem.impostor());
  const compared = scene.trust.safetyNumber(cem.address);
  const third = cem.impostor();
  await scene.meet(third);
  expect(scene.told(cem)).toBe(3);
  const refusal = await refusalOf(scene.trust.acceptIdentity(cem.address, compared));
  expect(refusal.code).toBe('safety_number_differs');
  expect(scene.kept(cem)).toMatchObject({ state: 'changed', offeredKey: third.identity.public });
  expect(scene.kept(cem).identityKey).toEqual(cem.identity.public);
});

test('a key that is offered while the person decides is not accepted unawares', async () => {
  await scene.meet(cem);
  await scene.meet(cem.impostor());
  const compared = scene.trust.safetyNumber(cem.address);
  const third = cem.impostor();
  scene.server.show(third);
  const looking = scene.trust.refresh(cem.address);
  await Promise.resolve(); // the answer is there, its change is first in turn
  const refusal = await refusalOf(scene.trust.acceptIdentity(cem.address, compared));
  await looking;
  expect(refusal.code).toBe('safety_number_differs');
  expect(scene.kept(cem).offeredKey).toEqual(third.identity.public);
});

test('an older list of the offered key is a rollback as well', async () => {
  await scene.meet(cem);
  const impostor = cem.impostor();
  impostor.addDevice(SECOND);
  await scene.meet(impostor);
  expect(await shownAndRefused(impostor.lists[0]!, impostor.identity)).toBe('device_list_rollback');
});

test('going back to the pinned key does not hide the change', async () => {
  await scene.meet(cem);
  await scene.meet(cem.impostor());
  cem.addDevice(SECOND);
  await scene.meet(cem);
  expect(demand(cem)).toThrow(IdentityChanged);
  expect(scene.trust.deviceList(cem.address).devices).toHaveLength(2);
});

test('a verified contact that changes has to be verified again', async () => {
  await scene.meet(cem);
  const before = scene.trust.safetyNumber(cem.address);
  await scene.trust.markVerified(cem.address, before);
  await scene.meet(cem.impostor());
  const now = scene.trust.safetyNumber(cem.address);
  expect(now).not.toBe(before);
  for (const compared of [before, now]) {
    const refusal = await refusalOf(scene.trust.markVerified(cem.address, compared));
    expect(refusal).toBeInstanceOf(IdentityChanged);
  }
  await scene.trust.acceptIdentity(cem.address, now);
  expect(scene.kept(cem).state).toBe('pinned');
});

test('a key that is rejected is gone, and the pinned one stays', async () => {
  await scene.meet(cem);
  const number = scene.trust.safetyNumber(cem.address);
  await scene.meet(cem.impostor());
  await scene.trust.rejectIdentity(cem.address);
  expect(demand(cem)).not.toThrow();
  expect(scene.kept(cem)).toMatchObject({ state: 'pinned', offeredList: new Uint8Array(0) });
  expect(scene.trust.safetyNumber(cem.address)).toBe(number);
  await scene.meet(cem);
  await scene.judge(cem.credential(), cem.key());
  expect(demand(cem)).not.toThrow();
});

test('a server that goes on lying is found out again', async () => {
  await scene.meet(cem);
  const impostor = cem.impostor();
  await scene.meet(impostor);
  await scene.trust.rejectIdentity(cem.address);
  const told = scene.told(cem);
  await scene.meet(impostor);
  expect(demand(cem)).toThrow(IdentityChanged);
  expect(scene.told(cem)).toBe(told + 1);
});

test('another key for this very account is refused', async () => {
  const impostor = scene.anna.impostor();
  scene.server.show(impostor);
  const refusal = await refusalOf(scene.trust.refresh(scene.anna.address));
  expect(refusal.message).toMatch('this very account');
  expect(refusal.code).toBe('identity_key_changed');
  await scene.meet(scene.anna);
});

// -- lists

test('a rolled-back list is refused', async () => {
  cem.addDevice(SECOND);
  await scene.meet(cem);
  expect(await shownAndRefused(cem.lists[0]!)).toBe('device_list_rollback');
  expect(scene.trust.deviceList(cem.address).devices).toHaveLength(2);
});

test('a forked list with the same number is refused', async () => {
  const fork = cem.forked();
  cem.addDevice(SECOND);
  fork.addDevice('f'.repeat(16));
  await scene.meet(cem);
  expect(await shownAndRefused(fork.list)).toBe('device_list_fork');
  fork.addDevice('e'.repeat(16));
  expect(await shownAndRefused(fork.list)).toBe('device_list_fork');
});

test('a list of somebody else is refused', async () => {
  const mallory = new Person('mallory');
  expect(await shownAndRefused(mallory.list, mallory.identity)).toBe('device_list_account');
  expect(await shownAndRefused(cem.list, mallory.identity)).toBe('device_list_account');
  expect(scene.trust.account(cem.address)).toBeUndefined();
});

test('a forged list is refused', async () => {
  expect(await shownAndRefused(altered(cem.list, cem.list.length - 1))).toBe('bad_signature');
  expect(await shownAndRefused(new Uint8Array(0))).toBe('malformed');
});

test('a key that is used for two devices, or for identity and device, is refused', async () => {
  const twice = [
    [FIRST, cem.key()],
    [SECOND, cem.key()],
  ];
  expect(await shownAndRefused(forgedList({ devices: twice }))).toBe('key_reuse');
  const same = [[FIRST, cem.identity.public]];
  expect(await shownAndRefused(forgedList({ devices: same }))).toBe('key_reuse');
});

test('lists that are too long, and lists of no device, are refused', async () => {
  const many = Array.from({ length: MAX_DEVICES + 1 }, (_, at) => [
    at.toString(16).padStart(16, '0'),
    SigningKey.generate().public,
  ]);
  expect(await shownAndRefused(forgedList({ devices: many }))).toBe('malformed');
  expect(await shownAndRefused(forgedList({ devices: [] }))).toBe('malformed');
  const padding = Array.from({ length: 2000 }, () => 'x'.repeat(16));
  expect(await shownAndRefused(forgedList({ padding }))).toBe('malformed');
  expect(await shownAndRefused(encode(new Uint8Array(2 ** 20)))).toBe('malformed');
});

// -- certificates

test('a leaf with another key than its certificate', async () => {
  const mallory = new Person('mallory');
  await scene.meet(cem);
  expect((await refusalOf(scene.judge(cem.credential(), mallory.key()))).code).toBe(
    'leaf_key_mismatch',
  );
  expect(scene.trust.verdict(cem.credential(), mallory.key())).toBe('bad');
});

test('a certificate of the same device by another identity key', async () => {
  await scene.meet(cem);
  const impostor = cem.impostor();
  expect((await refusalOf(scene.judge(impostor.credential(), impostor.key()))).code).toBe(
    'identity_key_changed',
  );
});

test('the certificate of another account does not make a device of Cem’s', async () => {
  const mallory = new Person('mallory');
  await scene.meet(cem);
  await scene.meet(mallory);
  // Mallory's identity key vouches for Cem's device: it is not the key that is pinned for Cem.
  const claims = new Person('cem', 'person', mallory.identity);
  expect((await refusalOf(scene.judge(claims.credential(), claims.key()))).code).toBe(
    'identity_key_changed',
  );
  expect(scene.trust.device(mallory.credential())).toEqual(mallory.deviceAddress());
});

test('a device that is not listed is not added', async () => {
  await scene.meet(cem);
  const ghost = cem.forked();
  ghost.addDevice(SECOND);
  const judging = scene.judge(ghost.credential(SECOND), ghost.key(SECOND), 'key_package');
  expect((await refusalOf(judging)).code).toBe('device_not_listed');
  expect(scene.server.asked).toEqual(['cem', 'cem']); // looked up again before refusing
});

test('an expired certificate', async () => {
  await scene.meet(cem);
  const credential = cem.credential();
  scene.clock.atMs += 2 * YEAR_S * 1000;
  const judging = scene.judge(credential, cem.key(), 'key_package');
  expect((await refusalOf(judging)).code).toBe('certificate_expired');
  expect(scene.trust.verdict(credential, cem.key())).toBe('outdated');
  await scene.judge(credential, cem.key(), 'member');
});

test('a certificate from the far future is not good now, nor a member', async () => {
  await scene.meet(cem);
  const raw = cem.certificate(FIRST, NOW_S + 100 * YEAR_S, Number.MAX_SAFE_INTEGER);
  const credential = new Credential(CREDENTIAL_TYPE, raw);
  for (const role of ['key_package', 'member'] as const) {
    const judging = scene.judge(credential, cem.key(), role);
    expect((await refusalOf(judging)).code).toBe('certificate_not_yet_valid');
  }
  expect(scene.trust.verdict(credential, cem.key())).toBe('bad');
});

test('a certificate that was altered anywhere is refused', async () => {
  await scene.meet(cem);
  const raw = cem.certificate();
  for (let position = 0; position < raw.length; position += 7) {
    const credential = new Credential(CREDENTIAL_TYPE, altered(raw, position, 0x20));
    await expect(scene.judge(credential, cem.key())).rejects.toThrow();
    expect(scene.trust.verdict(credential, cem.key())).toBe('bad');
  }
});

test('devices of other servers are refused', () => {
  const judge = scene.trust.judge(new Set());
  const foreign = new AccountAddress('cem', 'example.org');
  const person = new Person('cem');
  Object.defineProperty(person, 'address', { value: foreign });
  expect(() => {
    judge(person.credential(), person.key(), 'member');
  }).toThrow(/another server/);
});
