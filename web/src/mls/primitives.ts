/**
 * The library functions that every bundle of the core needs, named in one place.
 *
 * A bundler keeps the order of imports, and gzip looks back over 32 kB only: all libraries in a
 * row, those that are alike side by side, make the compressed core 1.7 kB smaller. The suites that
 * a bundle can leave out (`p256.ts`, `chacha.ts`) import for themselves.
 */

export { sha256, sha512 } from '@noble/hashes/sha2.js';
export { hmac } from '@noble/hashes/hmac.js';
export type { CHash } from '@noble/hashes/utils.js';
export { sha3_256, shake256 } from '@noble/hashes/sha3.js';
export { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
export { Point } from '@noble/ed25519';
export { gcm } from '@noble/ciphers/aes.js';
