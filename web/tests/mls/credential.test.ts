/** Credentials of every type pass through; x509 chains are looked into. */

import { expect, test } from 'vitest';

import { concat, fromHex, utf8 } from '../../src/base/bytes.ts';
import { CodecError, opaque, u16 } from '../../src/mls/codec.ts';
import { BASIC, Credential, PLAUSCH, X509 } from '../../src/mls/credential.ts';
import { forAll } from './random.ts';

test('credentials of every type come back', () => {
  forAll(200, (chance) => {
    const type = chance.integer(0, 65535);
    const credential = new Credential(type === X509 ? BASIC : type, chance.bytes(300));
    const again = Credential.fromBytes(credential.toBytes());
    expect(again).toEqual(credential);
    expect(again.equals(credential)).toBe(true);
  });
});

test('equality looks at type and body', () => {
  const ann = Credential.basic(utf8('ann'));
  expect(ann.equals(Credential.basic(utf8('bob')))).toBe(false);
  expect(ann.equals(new Credential(PLAUSCH, utf8('ann')))).toBe(false);
});

test('their wire form', () => {
  const ann = concat(fromHex('000103'), utf8('ann'));
  expect(Credential.basic(utf8('ann')).toBytes()).toEqual(ann);
  const plausch = concat(fromHex('f0a104'), utf8('cert'));
  expect(new Credential(PLAUSCH, utf8('cert')).toBytes()).toEqual(plausch);
  expect(Credential.basic(utf8('ann')).type).toBe(BASIC);
});

test('chains of certificates come back', () => {
  forAll(50, (chance) => {
    const certificates = chance.list(4, () => chance.bytes(200, 1), 1);
    const credential = Credential.fromBytes(Credential.x509(certificates).toBytes());
    expect(credential.certificates()).toEqual(certificates);
  });
});

test.each(['', '05616263', '400161'])('the malformed chain %j is refused', (body) => {
  const raw = concat(u16(X509), opaque(fromHex(body)));
  expect(() => Credential.fromBytes(raw)).toThrow(CodecError);
});

test('only x509 has certificates', () => {
  expect(() => Credential.basic(utf8('ann')).certificates()).toThrow(/0x0001 holds no cert/);
});

test('a giant credential is refused', () => {
  const raw = concat(u16(BASIC), opaque(new Uint8Array(2 ** 15)));
  expect(() => Credential.fromBytes(raw)).toThrow(/at most/);
});

test('random bytes are a codec error or come back', () => {
  forAll(1000, (chance) => {
    const raw = chance.bytes(100);
    let credential;
    try {
      credential = Credential.fromBytes(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return;
    }
    expect(credential.toBytes()).toEqual(raw);
  });
});
