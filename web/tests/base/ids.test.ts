/** Names are exactly in the grammar, and never change. */

import { describe, expect, test } from 'vitest';

import { toHex } from '../../src/base/bytes.ts';
import { PlauschError } from '../../src/base/errors.ts';
import {
  AccountAddress,
  ConversationId,
  conversationUri,
  DeviceAddress,
  MessageId,
  NameRefused,
  parseDomain,
  parseName,
} from '../../src/base/ids.ts';
import { anyText, textOfPieces } from '../content/chance.ts';
import { type Chance, forAll } from '../mls/random.ts';

const ENDS = Array.from('abcxyz019');
const INSIDE = [...ENDS, '.', '_', '-'];
const DOMAINS = ['localhost', 'example.org', 'chat.example.org:8443', 'a-b.de', '127.0.0.1:7480'];

function anyName(chance: Chance): string {
  const middle = textOfPieces(chance, INSIDE, 30);
  return chance.pick(ENDS) + (middle === '' ? '' : middle + chance.pick(ENDS));
}

function anyDevice(chance: Chance): string {
  return toHex(chance.bytes(8, 8));
}

test('an address survives both of its spellings', () => {
  forAll(200, (chance) => {
    const address = new AccountAddress(anyName(chance), chance.pick(DOMAINS));
    expect(AccountAddress.parse(address.toString())).toEqual(address);
    expect(AccountAddress.parseUri(address.uri)).toEqual(address);
    expect(AccountAddress.parseUri(address.uri).equals(address)).toBe(true);
  });
});

test('a device URI survives a round trip', () => {
  forAll(200, (chance) => {
    const account = new AccountAddress(anyName(chance), chance.pick(DOMAINS));
    const address = new DeviceAddress(account, anyDevice(chance));
    expect(DeviceAddress.parseUri(address.uri)).toEqual(address);
    expect(address.toString()).toBe(address.uri);
    expect(DeviceAddress.parseUri(address.uri).equals(address)).toBe(true);
  });
});

const PIECES = ['mimi:', '/', '//', 'example.org', 'u', 'd', 'r', 'anna', '@', ':', '0', 'é', '.'];

test('arbitrary text is a name or refused and nothing else', () => {
  forAll(1000, (chance) => {
    const text = chance.pick([anyText(chance, 40), textOfPieces(chance, PIECES, 12)]);
    const refusals: unknown[] = [];
    for (const parse of [
      parseName,
      parseDomain,
      (given: string) => AccountAddress.parse(given).toString(),
      (given: string) => AccountAddress.parseUri(given).uri,
      (given: string) => DeviceAddress.parseUri(given).uri,
      (given: string) => ConversationId.fromHex(given).hex,
      (given: string) => MessageId.fromHex(given).hex,
    ]) {
      try {
        expect(parse(text)).toBe(text);
      } catch (error) {
        refusals.push(error);
      }
    }
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(NameRefused);
      expect((refusal as Error).message).toMatch(/\.$/);
    }
  });
});

test.each([
  ['empty', ''],
  ['upper case', 'Anna'],
  ['a space at its end', 'anna '],
  ['a dot first', '.anna'],
  ['a hyphen last', 'anna-'],
  ['a Cyrillic letter', 'ann\u0430'],
  ['too long', 'a'.repeat(33)],
  ['a slash', 'an/na'],
  ['a line end', 'anna\n'],
  ['a zero', 'a\x00b'],
  ['absurdly long', 'a'.repeat(1_000_000)],
])('a name that could deceive is refused: %s', (_, name) => {
  expect(() => parseName(name)).toThrow(/is not a name/);
});

test.each(['a', '0', 'a.b_c-d', 'a'.repeat(32)])('%s is a name', (name) => {
  expect(parseName(name)).toBe(name);
});

test.each([
  '',
  '-a.de',
  'a..de',
  'EXAMPLE.org',
  'a_b.de',
  'x'.repeat(64),
  'x'.repeat(256),
  'a.de:',
  'a.de:123456',
  'a.de\n',
  'a.de/x',
  'anna@a.de',
])('%j is no domain', (domain) => {
  expect(() => parseDomain(domain)).toThrow(/is not a domain/);
});

test.each(['anna', '@example.org', 'anna@', 'anna@b@c', 'anna@exa mple'])(
  'an address needs both halves: %s',
  (text) => {
    expect(() => AccountAddress.parse(text)).toThrow(NameRefused);
  },
);

test.each([
  'mimi://example.org/d/anna',
  'mimi://example.org/d/anna/0123',
  'mimi://example.org/d/anna/0123456789ABCDEF',
  'mimi://example.org/u/anna/0123456789abcdef',
  'https://example.org/d/anna/0123456789abcdef',
  'mimi://example.org/d/anna/0123456789abcdef/x',
  'mimi://example.org/d/anna/0123456789abcdef/',
  'mimi://example.org/d/Anna/0123456789abcdef',
  'mimi:///d/anna/0123456789abcdef',
  '',
])('a device URI must be exact: %s', (uri) => {
  expect(() => DeviceAddress.parseUri(uri)).toThrow(NameRefused);
});

test.each([
  'mimi://example.org/r/anna',
  'mimi:/example.org/u/anna',
  'mimi://example.org/u/anna/',
  'mimi://example.org/u/anna/x/y/z',
  'MIMI://example.org/u/anna',
  'mimi://example.org/u/',
  '////',
  '/'.repeat(1_000_000),
])('an account URI must be exact: %.40s', (uri) => {
  expect(() => AccountAddress.parseUri(uri)).toThrow(NameRefused);
});

test('an address that is made by hand is checked as well', () => {
  expect(() => new AccountAddress('No', 'example.org')).toThrow(NameRefused);
  expect(() => new AccountAddress('anna', 'NO')).toThrow(NameRefused);
  const anna = new AccountAddress('anna', 'example.org');
  expect(() => new DeviceAddress(anna, 'xyz')).toThrow(/is not a device id/);
});

test('addresses have an order so that lists of them are stable', () => {
  const listed = ['cem@a.de', 'anna@c.de', 'anna@b.de'].map((text) => AccountAddress.parse(text));
  expect(listed.sort((one, other) => AccountAddress.compare(one, other)).map(String)).toEqual([
    'anna@b.de',
    'anna@c.de',
    'cem@a.de',
  ]);
  const [anna] = listed;
  const devices = ['2', '1'].map((digit) => new DeviceAddress(anna!, digit.repeat(16)));
  devices.sort((one, other) => DeviceAddress.compare(one, other));
  expect(devices.map(({ device }) => device[0])).toEqual(['1', '2']);
  expect(DeviceAddress.compare(devices[0]!, devices[0]!)).toBe(0);
});

test('the texts of addresses tell them apart in a Map', () => {
  const map = new Map([[AccountAddress.parse('anna@a.de').toString(), 1]]);
  expect(map.get(AccountAddress.parseUri('mimi://a.de/u/anna').toString())).toBe(1);
  expect(map.has(AccountAddress.parse('anna@b.de').toString())).toBe(false);
  const anna = AccountAddress.parse('anna@a.de');
  expect(anna.equals(AccountAddress.parse('anna@b.de'))).toBe(false);
  expect(anna.equals(AccountAddress.parse('ben@a.de'))).toBe(false);
  const device = new DeviceAddress(anna, '0'.repeat(16));
  expect(device.equals(new DeviceAddress(anna, '1'.repeat(16)))).toBe(false);
});

describe.each([
  ['conversation', ConversationId, 16],
  ['message', MessageId, 32],
] as const)('a %s id', (name, Id, bytes) => {
  test.each([0, 1, 15, 17, 31, 33, 64])(`has ${bytes} bytes, not %i`, (length) => {
    expect(() => Id.of(new Uint8Array(length))).toThrow(`A ${name} id has ${bytes} bytes`);
  });

  test('is bytes and digits, both ways', () => {
    forAll(50, (chance) => {
      const raw = chance.bytes(bytes, bytes);
      const id = Id.of(raw);
      expect(id.bytes).toEqual(raw);
      expect(id.hex).toBe(toHex(raw));
      expect(id.toString()).toBe(id.hex);
      expect(Id.fromHex(id.hex)).toEqual(id);
    });
  });

  test('does not change with the bytes it came from or gave', () => {
    const raw = new Uint8Array(bytes);
    const id = Id.of(raw);
    raw.fill(1);
    id.bytes.fill(2);
    expect(id.bytes).toEqual(new Uint8Array(bytes));
  });

  test.each(['', '0', 'zz', 'AB'.repeat(bytes), '00'.repeat(bytes + 1), ' '.repeat(2 * bytes)])(
    'is not %j',
    (hex) => {
      expect(() => Id.fromHex(hex)).toThrow(NameRefused);
    },
  );
});

test('ids are equal when their bytes are', () => {
  const one = MessageId.of(new Uint8Array(32).fill(1));
  expect(one.equals(MessageId.fromHex('01'.repeat(32)))).toBe(true);
  expect(one.equals(MessageId.fromHex('02'.repeat(32)))).toBe(false);
  expect(one).not.toEqual(MessageId.fromHex('02'.repeat(32)));
});

test('a conversation URI is a MIMI room', () => {
  const room = ConversationId.of(Uint8Array.from({ length: 16 }, (_, at) => at));
  expect(conversationUri('example.org', room)).toBe(
    'mimi://example.org/r/000102030405060708090a0b0c0d0e0f',
  );
});

test('a refused name is an expected error of the caller', () => {
  try {
    parseName('No');
  } catch (error) {
    expect(error).toBeInstanceOf(PlauschError);
    expect(error).toMatchObject({ code: 'bad_name', fault: 'local' });
    return;
  }
  expect.unreachable();
});
