/** The cases that Python and TypeScript share: spec/vectors, and the examples of MIMI's draft. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const SHARED = process.env['PLAUSCH_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors');

/** The cases of one file, e.g. `content`. */
export function specVectors(name: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, 'spec', 'vectors', `${name}.json`), 'utf8'));
}

/** A file of the examples of draft-ietf-mimi-content. */
export function mimiExample(file: string): Uint8Array {
  return new Uint8Array(readFileSync(join(SHARED, 'mimi-content', file)));
}
