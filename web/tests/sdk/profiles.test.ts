/** Public profiles: read, kept, and a server that forges, rolls back and withholds them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { fromHex } from '../../src/base/bytes.ts';
import { issueProfile, LABEL, parseProfile } from '../../src/identity/profile.ts';
import { parseProfileBody } from '../../src/identity/profile_body.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import { pack } from '../../src/identity/signed.ts';
import { draftOf } from '../../src/sdk/profile_draft.ts';
import { MOST_KEPT } from '../../src/sdk/profiles.ts';
import type { ProfileDraft, ProfileView } from '../../src/sdk/protocol.ts';
import { codeOf } from '../vault/vault_players.ts';
import { Delivery, refusal } from './delivery.ts';
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

const DRAFT: ProfileDraft = draftOf(parseProfileBody(WHOLE!));

/** Anna's account is a business's. */
function business(): Player['rooms']['profiles'] {
  anna.core.own = { ...anna.core.own, kind: 'business' };
  return anna.rooms.profiles;
}

test('a profile is published, signed and numbered, and seen by others', async () => {
  const profiles = business();
  expect(await profiles.own()).toEqual({ canPublish: true, isUnknown: false });
  const first = await profiles.publish(DRAFT);
  expect(first).toMatchObject({ seq: 1, profile: DRAFT });
  expect(parseProfile(delivery.profiles.get('anna')!).body).toEqual(WHOLE);
  expect(await shown()).toMatchObject({ seq: 1, name: 'Zur Linde' });
  expect((await profiles.publish({ ...DRAFT, name: 'Die Linde' })).seq).toBe(2);
  expect(await shown()).toMatchObject({ seq: 2, name: 'Die Linde' });
});

test('what is written is kept until it is published, also without a network', async () => {
  const profiles = business();
  const written = { ...DRAFT, name: 'Die neue L' };
  await profiles.keepDraft(written);
  await anna.restart();
  const again = business();
  expect((await again.own()).draft).toEqual(written);
  anna.line.cut();
  expect(await again.own()).toMatchObject({ draft: written, isUnknown: true });
  expect(await codeOf(again.publish(written))).toBe('unreachable');
  expect((await again.own()).draft).toEqual(written);
});

test('publishing ends the draft; one can be thrown away', async () => {
  const profiles = business();
  await profiles.keepDraft(DRAFT);
  await profiles.publish(DRAFT);
  expect((await profiles.own()).draft).toBeUndefined();
  await profiles.keepDraft(DRAFT);
  await profiles.keepDraft(undefined);
  expect((await profiles.own()).draft).toBeUndefined();
});

test('a withdrawal is signed, and what was said can be said again', async () => {
  const profiles = business();
  await profiles.publish(DRAFT);
  await shown();
  await profiles.withdraw();
  expect(parseProfile(delivery.profiles.get('anna')!)).toMatchObject({ seq: 2 });
  expect(await shown()).toBeUndefined();
  const { draft, published } = await profiles.own();
  expect([draft, published]).toEqual([DRAFT, undefined]);
  expect((await profiles.publish(draft!)).seq).toBe(3);
});

test('to withdraw asks the server once, and what is written meanwhile stays', async () => {
  const profiles = business();
  await profiles.publish(DRAFT);
  const written = { ...DRAFT, name: 'Die neue Linde' };
  const profile = anna.line.profile.bind(anna.line);
  let asked = 0;
  anna.line.profile = async (name) => {
    asked += 1;
    void profiles.keepDraft(written);
    return profile(name);
  };
  await profiles.withdraw();
  anna.line.profile = profile;
  expect(asked).toBe(1);
  expect((await profiles.own()).draft).toEqual(written);
});

test('what was written before is not overwritten by what was public', async () => {
  const profiles = business();
  await profiles.publish(DRAFT);
  const written = { ...DRAFT, name: 'Die neue Linde' };
  await profiles.keepDraft(written);
  await profiles.withdraw();
  expect((await profiles.own()).draft).toEqual(written);
});

test('another device of the business was faster: the next number is taken', async () => {
  const profiles = business();
  const { identity } = anna.core.own;
  const publishProfile = delivery.publishProfile.bind(delivery);
  let isFirst = true;
  delivery.publishProfile = (account, raw) => {
    if (isFirst) {
      isFirst = false;
      const other = issueProfile(identity!, anna.core.address, 7, 1_000, BARE!);
      delivery.profiles.set(account, other);
    }
    publishProfile(account, raw);
  };
  expect((await profiles.publish(DRAFT)).seq).toBe(8);
});

test('who is always faster is not fought for ever', async () => {
  const profiles = business();
  let seq = 0;
  delivery.publishProfile = () => {
    seq += 1;
    delivery.profiles.set('anna', signed(seq, BARE!));
    throw refusal('stale_profile');
  };
  expect(await codeOf(profiles.publish(DRAFT))).toBe('stale_profile');
  expect(seq).toBe(3);
});

test('nothing incomplete or wrong goes out, and nothing of a person or of staff', async () => {
  expect(await codeOf(anna.rooms.profiles.publish(DRAFT))).toBe('not_a_business');
  expect(await codeOf(anna.rooms.profiles.withdraw())).toBe('not_a_business');
  const profiles = business();
  const imprint = { ...DRAFT.imprint, email: '' };
  expect(await codeOf(profiles.publish({ ...DRAFT, imprint }))).toBe('incomplete_imprint');
  expect(await codeOf(profiles.publish({ ...DRAFT, email: 'x' }))).toBe('bad_profile');
  anna.core.own = { ...anna.core.own, identity: undefined };
  expect(await codeOf(profiles.publish(DRAFT))).toBe('not_owner');
  expect((await profiles.own()).canPublish).toBe(false);
  expect(delivery.profiles.size).toBe(0);
});

test('a server that rolls our own profile back is not followed', async () => {
  const profiles = business();
  await profiles.publish(DRAFT);
  const first = delivery.profiles.get('anna')!;
  await profiles.publish(DRAFT);
  delivery.profiles.set('anna', first);
  expect(await codeOf(profiles.publish(DRAFT))).toBe('profile_rollback');
  expect(await codeOf(profiles.own())).toBe('profile_rollback');
});
