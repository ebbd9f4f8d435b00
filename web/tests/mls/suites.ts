/** Every cipher suite that tests run through, those of p256.ts and chacha.ts among them. */

import { registerChaCha } from '../../src/mls/chacha.ts';
import { registerP256 } from '../../src/mls/p256.ts';
import { SUITES } from '../../src/mls/suite.ts';

registerP256();
registerChaCha();

/** The code points, in ascending order. */
export const ALL_SUITES: readonly number[] = [...SUITES.keys()].sort((one, other) => one - other);

/** Those that the official vectors cover. */
export const VECTOR_SUITES: readonly number[] = [1, 2, 3];
