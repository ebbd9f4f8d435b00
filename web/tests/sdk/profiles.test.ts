/** Public profiles: read, kept, and a server that forges, rolls back and withholds them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import { LABEL } from '../../src/identity/profile.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { pack } from '../../src/identity/signed.ts';
import { MOST_KEPT } from '../../src/sdk/profiles.ts';
import type { ProfileView } from '../../src/sdk/protocol.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery } from './delivery.ts';
import { annaAndBen, type Player } from './players.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'spec', 'vectors', 'profile.json');
const CASES = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly bodies: readonly { readonly name: string; readonly body: string }[];
  readonly refused_bodies: readonly { readonly name: string; readonly body: string }[];
};
const [WHOLE, BARE] = CASES.bodies.map(({ body }) => fromHex(body));

let delivery: Delivery;
let anna: Player;
let ben: Player;

beforeEach(async () => {
  delivery = new Delivery();
  [anna, ben] = await annaAndBen(delivery);
});

interface Signing {
  readonly key?: SigningKey;
  readonly account?: string;
}

/** Anna is a business here, and signs her profile number `seq`. */
function signed(seq: number, body: Uint8Array, { key, account }: Signing = {}): Uint8Array {
  const { own } = anna.core;
  const fields = [
    1,
    account ?? anna.core.address.uri,
    (key ?? own.identity!).public,
    seq,
    1_000,
    body,
  ];
  return pack(key ?? own.identity!, LABEL, fields);
}

function publish(seq: number, body = WHOLE!, signing: Signing = {}): void {
  delivery.profiles.set('anna', signed(seq, body, signing));
}

const shown = (): Promise<ProfileView | undefined> =>
  ben.rooms.profile({ address: 'anna@localhost' });

test('a profile is shown as it was signed', async () => {
  expect(await shown()).toBeUndefined();
  publish(1);
  expect(await shown()).toMatchObject({
    ...{ account: 'anna@localhost', seq: 1, issuedAtMs: 1_000_000, name: 'Zur Linde' },
    holidayState: 'BY',
    imprint: { name: 'Zur Linde Gastronomie GmbH', registerNumber: 'HRB 12345' },
  });
  publish(2, BARE);
  expect(await shown()).toMatchObject({ seq: 2, name: 'B', holidayState: '' });
});

test('a forged profile is not believed', async () => {
  publish(1, WHOLE, { key: SigningKey.generate() });
  expect(await codeOf(shown())).toBe('profile_forged');
  publish(1, WHOLE, { account: ben.core.address.uri });
  expect(await codeOf(shown())).toBe('profile_forged');
  const altered = signed(1, WHOLE!);
  altered[altered.length - 1]! ^= 1;
  delivery.profiles.set('anna', altered);
  expect(await codeOf(shown())).toBe('bad_signature');
  delivery.profiles.set('anna', new Uint8Array([0xc1]));
  expect(await codeOf(shown())).toBe('malformed');
});

test('a rolled back profile is not believed, also after a restart', async () => {
  publish(2);
  await shown();
  publish(1);
  expect(await codeOf(shown())).toBe('profile_rollback');
  await ben.restart();
  expect(await codeOf(shown())).toBe('profile_rollback');
  publish(2, BARE);
  expect(await codeOf(shown())).toBe('profile_fork');
  publish(3, BARE);
  expect(await shown()).toMatchObject({ seq: 3 });
});

test('a withdrawn profile is not shown, and does not come back', async () => {
  publish(1);
  await shown();
  publish(2, new Uint8Array(0));
  expect(await shown()).toBeUndefined();
  publish(1);
  expect(await codeOf(shown())).toBe('profile_rollback');
});

test('a withheld profile is noticed by who has seen it', async () => {
  publish(1);
  await shown();
  delivery.profiles.delete('anna');
  expect(await codeOf(shown())).toBe('profile_withheld');
});

test('without a network there is what was seen last', async () => {
  publish(1);
  await shown();
  ben.line.cut();
  expect(await shown()).toMatchObject({ seq: 1 });
});

test('a signed body that may not be is refused', async () => {
  for (const { body } of CASES.refused_bodies.filter(({ name }) => name.includes('U+202E'))) {
    publish(9, fromHex(body));
    expect(await codeOf(shown())).toBe('bad_profile');
  }
});

test('only so many profiles are kept', () => {
  expect(MOST_KEPT).toBeLessThanOrEqual(100);
});
