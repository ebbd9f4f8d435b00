/** secret-tree.json: sender data keys and every leaf's message keys (RFC 9420 section 9). */

import { expect, test } from 'vitest';

import { fromHex, toHex } from '../../src/base/bytes.ts';
import { senderKey } from '../../src/mls/protection.ts';
import { RatchetKind, SecretTree } from '../../src/mls/secret_tree.ts';
import { suite } from '../../src/mls/suite.ts';
import { VECTOR_SUITES } from '../mls/suites.ts';
import { vectors } from '../mls/vectors.ts';

interface Generation {
  readonly generation: number;
  readonly handshake_key: string;
  readonly handshake_nonce: string;
  readonly application_key: string;
  readonly application_nonce: string;
}

interface Case {
  readonly cipher_suite: number;
  readonly encryption_secret: string;
  readonly sender_data: Readonly<
    Record<'sender_data_secret' | 'ciphertext' | 'key' | 'nonce', string>
  >;
  readonly leaves: readonly (readonly Generation[])[];
}

function cases(id: number): Case[] {
  const ofSuite = vectors<Case>('secret-tree').filter((item) => item.cipher_suite === id);
  expect(ofSuite.length).toBeGreaterThan(1);
  return ofSuite;
}

test.each(VECTOR_SUITES)('sender data keys of suite %i', (id) => {
  for (const { sender_data: sender } of cases(id)) {
    const secret = fromHex(sender.sender_data_secret);
    const { key, nonce } = senderKey(suite(id), secret, fromHex(sender.ciphertext));
    expect([toHex(key), toHex(nonce)]).toEqual([sender.key, sender.nonce]);
  }
});

test.each(VECTOR_SUITES)('message keys of suite %i', (id) => {
  let checked = 0;
  for (const { leaves, encryption_secret: secret } of cases(id)) {
    const tree = SecretTree.begin(suite(id), leaves.length, fromHex(secret));
    for (const [leafIndex, generations] of leaves.entries()) {
      for (const expected of generations) {
        for (const [kind, key, nonce] of [
          [RatchetKind.HANDSHAKE, expected.handshake_key, expected.handshake_nonce],
          [RatchetKind.APPLICATION, expected.application_key, expected.application_nonce],
        ] as const) {
          const opening = tree.peek(leafIndex, kind, expected.generation);
          expect(toHex(opening.key.key)).toBe(key);
          expect(toHex(opening.key.nonce)).toBe(nonce);
          tree.consume(opening);
          checked += 1;
        }
      }
    }
  }
  expect(checked).toBeGreaterThan(60);
});
