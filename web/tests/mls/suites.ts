/** Every cipher suite that tests run through, those of p256.ts and chacha.ts among them. */

import { registerChaCha } from '../../src/mls/chacha.ts';
import { registerP256 } from '../../src/mls/p256.ts';
import { SUITES } from '../../src/mls/suite.ts';

registerP256();
registerChaCha();

/** The code points, in ascending order. */
export const ALL_SUITES: readonly number[] = [...SUITES.keys()].sort((one, other) => one - other);

/** Of the seven suites of the official vectors those that are known here: 4 to 7 are left out. */
export const VECTOR_SUITES: readonly number[] = [1, 2, 3];
