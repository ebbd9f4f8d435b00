/** What two devices say while one is linked: the code, what it proves, and hostile messages. */

import { describe, expect, test } from 'vitest';

import { PlauschError } from '../../src/base/errors.ts';
import { toBase64Url } from '../../src/base/base64url.ts';
import { concat, utf8 } from '../../src/base/bytes.ts';
import { SigningKey } from '../../src/identity/keys.ts';
import {
  checkCommitment,
  checkKeys,
  checkOffer,
  commitmentTo,
  keysHash,
  type LinkCode,
  linkText,
  makeHpkeKeys,
  makeOffer,
  messageBytes,
  NAME_CHARACTERS,
  notUnderstood,
  type Offer,
  openSealed,
  type PairingMessage,
  parseLink,
  parseMessage,
  sealFor,
  shortCode,
} from '../../src/sdk/pairing.ts';

const SERVER = 'https://example.org';
const PAIRING = Uint8Array.from({ length: 16 }, (_, at) => at);
const NONCE = new Uint8Array(32).fill(7);
const KEY = SigningKey.generate();
const OFFER = makeOffer(PAIRING, KEY, new Uint8Array(1216).fill(1), 'Firefox, Linux');

function codeOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    expect(error).toBeInstanceOf(PlauschError);
    return (error as PlauschError).code;
  }
  return '';
}

describe('the code', () => {
  const shown: LinkCode = { shownBy: 'new', pairing: PAIRING, keysHash: keysHash(OFFER) };
  const existing: LinkCode = {
    shownBy: 'existing',
    pairing: PAIRING,
    keysHash: new Uint8Array(0),
  };

  test.each([shown, existing])('of a device ($shownBy) is a link that is read again', (code) => {
    const text = linkText(SERVER, code);
    expect(text).toMatch(/^https:\/\/example\.org\/#\/link\/[A-Za-z0-9_-]{24,70}$/);
    expect(parseLink(` ${text}\n`, SERVER)).toEqual(code);
    expect(parseLink(text, `${SERVER}/`)).toEqual(code);
    expect(linkText(`${SERVER}/`, code)).toBe(text);
  });

  test('for another server is refused, and says for which', () => {
    const text = linkText('https://evil.example', shown);
    expect(codeOf(() => parseLink(text, SERVER))).toBe('other_server');
    expect(() => parseLink(text, SERVER)).toThrow(/evil\.example/);
  });

  test.each([
    '',
    'hello',
    SERVER,
    `${SERVER}/#/link/`,
    `${SERVER}/#/link/!!!!`,
    `${SERVER}/#/link/AQA`,
    `${linkText(SERVER, shown)}x`,
    linkText(SERVER, shown).slice(0, -4),
    `${SERVER}/#/link/${toBase64Url(concat(Uint8Array.of(1, 2), PAIRING))}`,
  ])('%j is none', (text) => {
    expect(codeOf(() => parseLink(text, SERVER))).toBe('bad_link');
  });

  test('of a newer version says so', () => {
    const raw = concat(Uint8Array.of(2, 0), PAIRING, new Uint8Array(32));
    const text = `${SERVER}/#/link/${toBase64Url(raw)}`;
    expect(codeOf(() => parseLink(text, SERVER))).toBe('link_version');
  });

  test('stands for these keys and this name, and no others', () => {
    checkKeys(shown, OFFER);
    for (const other of [
      { ...OFFER, hpkeKey: new Uint8Array(1216).fill(9) },
      { ...OFFER, deviceKey: new Uint8Array(32).fill(9) },
      { ...OFFER, name: "Anna's phone" },
      { ...OFFER, hpkeKey: OFFER.hpkeKey.slice(1), deviceKey: new Uint8Array(33).fill(2) },
      { ...OFFER, signature: new Uint8Array(64) },
    ]) {
      expect(
        codeOf(() => {
          checkKeys(shown, other);
        }),
      ).toBe('link_keys_swapped');
    }
  });
});

describe('the offer', () => {
  const refusalOf = (pairing: Uint8Array, offer: Offer): string =>
    codeOf(() => {
      checkOffer(pairing, offer);
    });

  test('is signed by the key that it offers', () => {
    expect(OFFER.deviceKey).toEqual(KEY.public);
    expect(refusalOf(PAIRING, OFFER)).toBe('');
  });

  test('counts in its pairing only, and as it was made', () => {
    for (const [pairing, offer] of [
      [new Uint8Array(16), OFFER],
      [PAIRING, { ...OFFER, hpkeKey: new Uint8Array(1216).fill(9) }],
      [PAIRING, { ...OFFER, deviceKey: SigningKey.generate().public }],
      [PAIRING, { ...OFFER, deviceKey: new Uint8Array(32) }],
      [PAIRING, { ...OFFER, deviceKey: new Uint8Array(31) }],
      [PAIRING, { ...OFFER, name: 'Your printer' }],
      [PAIRING, { ...OFFER, signature: new Uint8Array(64) }],
      [PAIRING, { ...OFFER, signature: OFFER.signature.slice(1) }],
    ] as const) {
      expect(refusalOf(pairing, offer)).toBe('link_not_understood');
    }
  });
});

describe('the number of six digits', () => {
  test('depends on everything that was said', () => {
    const other = { ...OFFER, deviceKey: new Uint8Array(32).fill(9) };
    const digits = [
      shortCode(PAIRING, NONCE, NONCE, OFFER),
      shortCode(new Uint8Array(16), NONCE, NONCE, OFFER),
      shortCode(PAIRING, new Uint8Array(32), NONCE, OFFER),
      shortCode(PAIRING, NONCE, new Uint8Array(32), OFFER),
      shortCode(PAIRING, NONCE, NONCE, other),
    ];
    expect(new Set(digits).size).toBe(5);
    expect(digits.every((one) => /^[0-9]{6}$/.test(one))).toBe(true);
    expect(shortCode(PAIRING, NONCE, NONCE, OFFER)).toBe(digits[0]);
  });

  test('the new device is bound before it hears the other nonce', () => {
    const commitment = commitmentTo(NONCE, OFFER);
    checkCommitment(commitment, NONCE, OFFER);
    const swapped = { ...OFFER, hpkeKey: new Uint8Array(1216).fill(9) };
    for (const [nonce, offer] of [
      [new Uint8Array(32), OFFER],
      [NONCE, swapped],
    ] as const) {
      expect(
        codeOf(() => {
          checkCommitment(commitment, nonce, offer);
        }),
      ).toBe('link_keys_swapped');
    }
  });

  test('is spread evenly enough that guessing is a matter of one in a million', () => {
    const seen = new Set<string>();
    for (let number = 0; number < 400; number += 1) {
      const nonce = new Uint8Array(32);
      new DataView(nonce.buffer).setUint32(0, number);
      seen.add(shortCode(PAIRING, NONCE, nonce, OFFER));
    }
    expect(seen.size).toBeGreaterThan(395);
  });
});

describe('what is sealed', () => {
  const [privateKey, publicKey] = makeHpkeKeys();
  const secret = utf8('the identity key');
  const sealed = sealFor(publicKey, PAIRING, secret) as Extract<PairingMessage, { kind: 'sealed' }>;

  test('is opened by the key in the same pairing', () => {
    expect(openSealed(privateKey, PAIRING, sealed)).toEqual(secret);
  });

  test('does not show what it is', () => {
    expect(Buffer.from(messageBytes(sealed)).includes('identity')).toBe(false);
  });

  test('is opened by no other key, in no other pairing, and not when it was altered', () => {
    const [other] = makeHpkeKeys();
    const altered = sealed.ciphertext.slice();
    altered[0]! ^= 1;
    for (const open of [
      () => openSealed(other, PAIRING, sealed),
      () => openSealed(privateKey, new Uint8Array(16), sealed),
      () => openSealed(privateKey, PAIRING, { ...sealed, ciphertext: altered }),
      () => openSealed(privateKey, PAIRING, { ...sealed, kemOutput: new Uint8Array(7) }),
      () => openSealed(privateKey, PAIRING, { ...sealed, ciphertext: new Uint8Array(0) }),
    ]) {
      expect(codeOf(open)).toBe('link_altered');
    }
  });

  test('for a key that is none is not sealed', () => {
    expect(codeOf(() => sealFor(new Uint8Array(1216), PAIRING.slice(), secret))).toBe(
      'link_not_understood',
    );
    expect(codeOf(() => sealFor(new Uint8Array(5), PAIRING, secret))).toBe('link_not_understood');
  });
});

describe('messages', () => {
  const messages: PairingMessage[] = [
    { kind: 'offer', offer: OFFER },
    { kind: 'commitment', commitment: NONCE },
    { kind: 'challenge', nonce: NONCE },
    { kind: 'reveal', nonce: NONCE, offer: OFFER },
    { kind: 'sealed', kemOutput: new Uint8Array(9), ciphertext: new Uint8Array(10) },
    { kind: 'finished' },
    { kind: 'cancelled' },
  ];

  test.each(messages)('$kind comes back as it was', (message) => {
    expect(parseMessage(messageBytes(message))).toEqual(message);
  });

  test.each(messages)('$kind cut or with something more is refused', (message) => {
    const raw = messageBytes(message);
    expect(codeOf(() => parseMessage(concat(raw, Uint8Array.of(0))))).toBe('link_not_understood');
    for (const length of [0, Math.floor(raw.length / 2), raw.length - 1]) {
      if (length < raw.length && (length > 0 || raw.length > 1)) {
        expect(codeOf(() => parseMessage(raw.slice(0, length)))).toBe('link_not_understood');
      }
    }
  });

  test('nonsense is refused', () => {
    for (const raw of [
      Uint8Array.of(),
      Uint8Array.of(7),
      Uint8Array.of(255),
      new Uint8Array(70_000).fill(0xff),
      messageBytes({ kind: 'offer', offer: { ...OFFER, name: 'x'.repeat(NAME_CHARACTERS + 1) } }),
      concat(Uint8Array.of(0, 1, 0, 1, 0, 1, 0xff)),
    ]) {
      expect(codeOf(() => parseMessage(raw))).toBe('link_not_understood');
    }
    expect(notUnderstood().message).toMatch(/reload the page/);
  });
});
