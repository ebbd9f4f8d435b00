/**
 * The cipher suite with ChaCha20-Poly1305. It stands apart, as P-256 does, so that a bundle can
 * leave it out: who wants the suite calls `registerChaCha()` once.
 */

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';

import { X25519Kem } from './kem.ts';
import {
  type Aead,
  ED25519,
  HKDF_SHA256,
  MLS_128_X25519_CHACHA,
  registerSuite,
  Suite,
} from './suite.ts';

const CHACHA20_POLY1305: Aead = {
  id: 0x0003,
  cipher: chacha20poly1305,
  keyLength: 32,
  nonceLength: 12,
};

/** Make cipher suite 0x0003 known. */
export function registerChaCha(): void {
  registerSuite(
    new Suite(
      MLS_128_X25519_CHACHA,
      'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519',
      new X25519Kem(),
      HKDF_SHA256,
      CHACHA20_POLY1305,
      ED25519,
    ),
  );
}
