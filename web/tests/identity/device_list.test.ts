import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { LocalError } from '../../src/base/errors.ts';
import { AccountAddress, DeviceAddress } from '../../src/base/ids.ts';
import {
  DeviceList,
  LABEL,
  type ListedDevice,
  MAX_DEVICES,
  parseDeviceList,
} from '../../src/identity/device_list.ts';
import { IdentityRefused } from '../../src/identity/errors.ts';
import { type SigningKey } from '../../src/identity/keys.ts';
import { forAll } from '../mls/random.ts';
import { altered, forgedObject, keyOf, NOTHING, NOW_S, refusedCode } from './identity_players.ts';

const IDENTITY = keyOf(1);
const STRANGER = keyOf(9);
const KEYS = Array.from({ length: 60 }, (_, at) => keyOf(100 + at).public);
const ANNA = new AccountAddress('anna', 'example.org');
const PHONE: ListedDevice = ['0000000000000001', KEYS[0]!];
const LAPTOP: ListedDevice = ['0000000000000002', KEYS[1]!];
const BENS = 'mimi://example.org/u/ben';

const numbered = (count: number): ListedDevice[] =>
  KEYS.slice(0, count).map((key, at) => [at.toString(16).padStart(16, '0'), key]);

const FIELDS: Readonly<Record<string, unknown>> = {
  version: 1,
  account: ANNA.uri,
  identityKey: IDENTITY.public,
  seq: 1,
  previous: NOTHING,
  issuedAtS: NOW_S,
  devices: [PHONE],
};

function forged(
  changed: Record<string, unknown> = {},
  signer: SigningKey = IDENTITY,
  label = LABEL,
) {
  return forgedObject(signer, label, Object.values({ ...FIELDS, ...changed }));
}

const issued = (devices: readonly ListedDevice[], after: Uint8Array = NOTHING): Uint8Array =>
  DeviceList.issue(IDENTITY, ANNA, devices, NOW_S, after);
const refused = (raw: Uint8Array): string => refusedCode(() => parseDeviceList(raw));

test('the first list says what went in', () => {
  const raw = issued([PHONE]);
  expect(raw).toEqual(forged());
  const first = parseDeviceList(raw);
  expect([first.account.uri, first.identityKey]).toEqual([ANNA.uri, IDENTITY.public]);
  expect([first.seq, first.previous, first.issuedAtS]).toEqual([1, NOTHING, NOW_S]);
  expect(first.devices).toEqual([PHONE]);
  expect(first.addresses()).toEqual([new DeviceAddress(ANNA, PHONE[0])]);
  expect(first.raw).toEqual(raw);
});

test('a next list names the hash of the one before', () => {
  const first = issued([PHONE]);
  const second = parseDeviceList(issued([LAPTOP, PHONE], first));
  expect(second.seq).toBe(2);
  expect(second.previous).toEqual(sha256(first));
  expect(second.devices).toEqual([PHONE, LAPTOP]);
});

test('a device is listed only with its own key and account', () => {
  const devices = parseDeviceList(issued([PHONE]));
  const other = new AccountAddress('ben', 'example.org');
  expect(devices.lists(new DeviceAddress(ANNA, PHONE[0]), PHONE[1])).toBe(true);
  expect(devices.lists(new DeviceAddress(ANNA, PHONE[0]), LAPTOP[1])).toBe(false);
  expect(devices.lists(new DeviceAddress(ANNA, LAPTOP[0]), PHONE[1])).toBe(false);
  expect(devices.lists(new DeviceAddress(other, PHONE[0]), PHONE[1])).toBe(false);
});

test.each<[string, Record<string, unknown>, string]>([
  ['a later version', { version: 3 }, 'unknown_version'],
  ['the version of staff without it', { version: 2 }, 'malformed'],
  ['an address for a URI', { account: 'anna@example.org' }, 'malformed'],
  [
    'a device for an account',
    { account: 'mimi://example.org/d/anna/0000000000000001' },
    'malformed',
  ],
  ['an identity key of small order', { identityKey: new Uint8Array(32) }, 'bad_key'],
  ['a short identity key', { identityKey: utf8('short') }, 'bad_key'],
  ['number 0', { seq: 0 }, 'malformed'],
  ['a negative number', { seq: -1 }, 'malformed'],
  ['a second list without the first', { seq: 2 }, 'malformed'],
  ['a short hash', { seq: 2, previous: new Uint8Array(31) }, 'malformed'],
  ['a first list after another', { previous: new Uint8Array(32) }, 'malformed'],
  ['a number beyond all', { seq: 2 ** 53, previous: new Uint8Array(32) }, 'malformed'],
  ['a time that is none', { issuedAtS: 'now' }, 'malformed'],
  ['no device', { devices: [] }, 'malformed'],
  ['no order', { devices: [LAPTOP, PHONE] }, 'malformed'],
  ['a device twice', { devices: [PHONE, PHONE] }, 'malformed'],
  ['a device too many', { devices: numbered(MAX_DEVICES + 1) }, 'malformed'],
  [
    'a thousand devices',
    { devices: Array.from({ length: 1000 }, () => ['', NOTHING]) },
    'malformed',
  ],
  ['a short id', { devices: [['1', KEYS[0]]] }, 'malformed'],
  ['an id of nothing', { devices: [['', KEYS[0]]] }, 'malformed'],
  ['an id in capitals', { devices: [['000000000000000A', KEYS[0]]] }, 'malformed'],
  ['an entry of three', { devices: [[...PHONE, NOTHING]] }, 'malformed'],
  ['an entry that is a text', { devices: ['0000000000000001'] }, 'malformed'],
  ['a device without a key', { devices: [[PHONE[0], NOTHING]] }, 'bad_key'],
  ['a key for two devices', { devices: [PHONE, [LAPTOP[0], PHONE[1]]] }, 'key_reuse'],
  ['the identity key for a device', { devices: [[PHONE[0], IDENTITY.public]] }, 'key_reuse'],
  ['another field', { extra: 0 }, 'malformed'],
])('%s is refused', (_, changed, code) => {
  expect(refused(forged(changed))).toBe(code);
});

test('a list of more than 16 KiB is refused unread', () => {
  const id = '0'.repeat(20_000);
  expect(refused(forged({ devices: [[id, KEYS[0]]] }))).toBe('malformed');
});

test('signatures by others or for other objects are refused', () => {
  expect(refused(forged({}, STRANGER))).toBe('bad_signature');
  expect(refused(forged({}, IDENTITY, 'device certificate'))).toBe('bad_signature');
});

test('every byte counts', () => {
  const raw = issued([PHONE]);
  for (let position = 0; position < raw.length; position += 1) {
    expect(() => parseDeviceList(altered(raw, position))).toThrow(IdentityRefused);
  }
});

test('a full list is accepted', () => {
  expect(parseDeviceList(issued(numbered(MAX_DEVICES))).devices).toHaveLength(MAX_DEVICES);
});

test('a list does not change with the bytes that it was read from', () => {
  const raw = issued([PHONE]);
  const parsed = parseDeviceList(raw);
  const digest = parsed.digest();
  raw.fill(0);
  expect(parsed.digest()).toEqual(digest);
});

describe('the chain of lists', () => {
  const first = issued([PHONE]);
  const second = issued([PHONE, LAPTOP], first);
  const third = issued([LAPTOP], second);
  const follows = (newer: Uint8Array, known: Uint8Array): string =>
    refusedCode(() => {
      parseDeviceList(newer).follows(known);
    });
  const supersedes = (newer: Uint8Array, known: Uint8Array): string =>
    refusedCode(() => parseDeviceList(newer).supersedes(known));

  test('each list follows the one before', () => {
    expect(follows(first, NOTHING)).toBe('');
    expect(follows(second, first)).toBe('');
    expect(follows(third, second)).toBe('');
  });

  test('a client may miss lists between', () => {
    expect(parseDeviceList(third).supersedes(first)).toBe(true);
    expect(parseDeviceList(third).supersedes(third)).toBe(false);
  });

  test('a gap does not follow', () => {
    expect(follows(third, first)).toBe('device_list_gap');
    expect(follows(second, NOTHING)).toBe('device_list_gap');
  });

  test('an older list is a rollback', () => {
    expect(follows(first, second)).toBe('device_list_rollback');
    expect(supersedes(first, third)).toBe('device_list_rollback');
  });

  test('the same list twice does not follow itself', () => {
    expect(follows(first, first)).toBe('device_list_fork');
  });

  test('another list with the same number is a fork', () => {
    const otherSecond = issued([LAPTOP], first);
    expect(follows(otherSecond, second)).toBe('device_list_fork');
    expect(supersedes(otherSecond, second)).toBe('device_list_fork');
  });

  test('another first list is a fork', () => {
    expect(supersedes(issued([LAPTOP]), first)).toBe('device_list_fork');
  });

  test('a list after another history is a fork', () => {
    const otherThird = issued([PHONE], issued([LAPTOP], first));
    expect(follows(otherThird, second)).toBe('device_list_fork');
    expect(supersedes(otherThird, second)).toBe('device_list_fork');
  });

  test('another identity key is never a successor', () => {
    const changed = { identityKey: STRANGER.public, seq: 2, previous: sha256(first) };
    const replaced = forged(changed, STRANGER);
    expect(follows(replaced, first)).toBe('identity_key_changed');
    expect(supersedes(replaced, first)).toBe('identity_key_changed');
  });

  test('another account’s list is never a successor', () => {
    const bens = forged({ account: BENS, seq: 2, previous: new Uint8Array(32) });
    expect(follows(bens, first)).toBe('device_list_account');
  });
});

test.each<[string, ListedDevice[]]>([
  ['none', []],
  ['one twice', [PHONE, PHONE]],
  ['an id that is none', [['x', KEYS[0]!]]],
  ['the identity key', [[PHONE[0], IDENTITY.public]]],
  ['one too many', numbered(MAX_DEVICES + 1)],
])('impossible devices are the issuer’s fault: %s', (_, devices) => {
  expect(() => issued(devices)).toThrow(LocalError);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])('a list is not issued at %d seconds', (issuedAtS) => {
  expect(() => DeviceList.issue(IDENTITY, ANNA, [PHONE], issuedAtS)).toThrow(LocalError);
});

test('a list cannot be issued after another’s', () => {
  expect(() => issued([PHONE], forged({ account: BENS }))).toThrow(LocalError);
  expect(() => issued([PHONE], forged({ identityKey: STRANGER.public }, STRANGER))).toThrow(
    LocalError,
  );
  expect(() => issued([PHONE], utf8('no list'))).toThrow(IdentityRefused);
});

test('random bytes raise nothing but the room’s error', () => {
  forAll(500, (chance) => {
    expect(() => parseDeviceList(chance.bytes(300))).toThrow(IdentityRefused);
  });
});

describe('staff', () => {
  const UNTIL_S = NOW_S + 3_600;
  const [phone, laptop] = [PHONE, LAPTOP].map(([id]) => new DeviceAddress(ANNA, id)) as [
    DeviceAddress,
    DeviceAddress,
  ];
  const withStaff = (
    devices: readonly ListedDevice[],
    after: Uint8Array = NOTHING,
    untilS = UNTIL_S,
  ): Uint8Array => DeviceList.issue(IDENTITY, ANNA, devices, NOW_S, after, [[LAPTOP[0], untilS]]);

  test('a list that names it is of version two and says until when', () => {
    const raw = withStaff([PHONE, LAPTOP]);
    const staff = [[LAPTOP[0], UNTIL_S]];
    expect(raw).toEqual(forged({ version: 2, devices: [PHONE, LAPTOP], staff }));
    const parsed = parseDeviceList(raw);
    expect(parsed.staff).toEqual(staff);
    expect(parsed.isStaff(laptop)).toBe(true);
    expect(parsed.isStaff(phone)).toBe(false);
    const bens = new AccountAddress('ben', 'example.org');
    expect(parsed.isStaff(new DeviceAddress(bens, LAPTOP[0]))).toBe(false);
  });

  test('its time ends, and that of an owner does not', () => {
    const parsed = parseDeviceList(withStaff([PHONE, LAPTOP]));
    parsed.checkTime(laptop, UNTIL_S - 1);
    parsed.checkTime(phone, UNTIL_S);
    expect(parsed.inTime(UNTIL_S - 1)).toEqual([phone, laptop]);
    expect(parsed.inTime(UNTIL_S)).toEqual([phone]);
    expect(
      refusedCode(() => {
        parsed.checkTime(laptop, UNTIL_S);
      }),
    ).toBe('staff_expired');
  });

  test('it stays on the next list unless that is changed', () => {
    const before = withStaff([PHONE, LAPTOP]);
    const third: ListedDevice = ['0000000000000003', KEYS[2]!];
    const kept = parseDeviceList(issued([PHONE, LAPTOP, third], before));
    expect(kept.staff).toEqual([[LAPTOP[0], UNTIL_S]]);
    expect(parseDeviceList(issued([PHONE, third], before)).staff).toEqual([]);
    const later = parseDeviceList(withStaff([PHONE, LAPTOP], before, UNTIL_S + 60));
    expect(later.staff).toEqual([[LAPTOP[0], UNTIL_S + 60]]);
    expect(later.supersedes(before)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['none', []],
    ['a time before all', [[LAPTOP[0], -1]]],
    ['a time beyond all', [[LAPTOP[0], 2 ** 53]]],
    ['who is not listed', [['0000000000000003', UNTIL_S]]],
    [
      'everybody',
      [
        [PHONE[0], UNTIL_S],
        [LAPTOP[0], UNTIL_S],
      ],
    ],
    [
      'somebody twice',
      [
        [LAPTOP[0], UNTIL_S],
        [LAPTOP[0], UNTIL_S],
      ],
    ],
    ['a field too many', [[LAPTOP[0], UNTIL_S, 0]]],
    ['a text', 'all'],
  ])('that no list may have is refused: %s', (_, staff) => {
    expect(refused(forged({ version: 2, devices: [PHONE, LAPTOP], staff }))).toBe('malformed');
  });

  test('a list of staff only is not issued', () => {
    expect(() => withStaff([LAPTOP])).toThrow(LocalError);
  });
});
