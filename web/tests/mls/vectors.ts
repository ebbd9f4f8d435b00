/** The conformance vectors of MLS: PLAUSCH_VECTORS, else shared/vectors beside the checkout. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder =
  process.env['PLAUSCH_VECTORS'] ??
  join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'vectors');

/** The cases of one file, e.g. `vectors<TreeMathCase>('tree-math')`. */
export function vectors<T>(name: string): T[] {
  return JSON.parse(readFileSync(join(folder, 'mls', `${name}.json`), 'utf8')) as T[];
}
