/** Every named check of leaves, key packages, trees and paths is failed by some test. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', '..', 'src', 'mls');
const ROOMS = ['leaf_validation', 'key_package', 'tree_validation', 'tree_kem', 'update_path'];
const NAME = /'((?:leaf|key-package|tree|path)-[a-z-]+)'/g;

/** The string constants of a module that are names of checks. */
function namesIn(source: string): string[] {
  return [...source.matchAll(NAME)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

const TEXTS = ROOMS.map((room) => readFileSync(join(SOURCE, `${room}.ts`), 'utf8'));
const CHECKS = [...new Set(TEXTS.flatMap(namesIn))].sort();
const FAILED = new Set(
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts') && file !== basename(import.meta.filename))
    .flatMap((file) => namesIn(readFileSync(join(import.meta.dirname, file), 'utf8'))),
);

test('there are checks', () => {
  expect(CHECKS.length).toBeGreaterThanOrEqual(28);
});

test.each(CHECKS)('a test fails %s', (check) => {
  expect(FAILED).toContain(check);
});

test.each(CHECKS)('the module of %s explains it', (check) => {
  // The name stands in a comment, so that a reader of the report finds the rule.
  expect(TEXTS.some((text) => text.includes(`\`${check}\``))).toBe(true);
});
