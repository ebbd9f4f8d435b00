/** One file names the libraries; what they compute is checked where it is used. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import * as primitives from '../../src/mls/primitives.ts';

const FOLDER = join(import.meta.dirname, '../../src/mls');

/** Suites that a bundle may leave out, with what only they need. */
const APART = new Set(['chacha.ts', 'p256.ts', 'primitives.ts']);

test('no other file of the core imports a library', () => {
  const importing = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts') && !APART.has(name))
    .filter((name) => readFileSync(join(FOLDER, name), 'utf8').includes("from '@noble/"));
  expect(importing).toEqual([]);
});

test('the bundle begins with the libraries', () => {
  const [first] = /^import .*$/m.exec(readFileSync(join(FOLDER, 'group.ts'), 'utf8')) ?? [];
  expect(first).toBe("import './primitives.ts';");
});

test('nothing stands there that nobody uses', () => {
  const core = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts') && !APART.has(name))
    .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
    .filter((source) => source.includes("from './primitives.ts'"))
    .join('\n');
  const unused = Object.keys(primitives).filter((name) => !new RegExp(`\\b${name}\\b`).test(core));
  expect(unused).toEqual([]);
});
