/** psk_secret.json: several pre-shared keys become one secret (RFC 9420 section 8.4). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { combinePsks, KnownPsks } from '../../src/mls/psk.ts';
import { PreSharedKeyId } from '../../src/mls/psk_id.ts';
import { suite } from '../../src/mls/suite.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Case {
  readonly cipher_suite: number;
  readonly psks: readonly { psk_id: string; psk: string; psk_nonce: string }[];
  readonly psk_secret: string;
}

test('the secrets of all supported suites', () => {
  const cases = vectors<Case>('psk_secret').filter((item) =>
    VECTOR_SUITES.includes(item.cipher_suite),
  );
  for (const { cipher_suite: id, psks, psk_secret: expected } of cases) {
    const known = new KnownPsks(new Map(psks.map((psk) => [psk.psk_id, fromHex(psk.psk)])));
    const ids = psks.map((psk) =>
      PreSharedKeyId.external(fromHex(psk.psk_id), fromHex(psk.psk_nonce)),
    );
    expect(toHex(combinePsks(suite(id), ids, known))).toBe(expected);
  }
  expect(cases.length).toBe(33);
});
