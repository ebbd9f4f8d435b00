/** Every named check of this half of the room is failed by a test and listed in spec/mls.md. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', '..', 'src', 'mls');
const PYTHON = join(import.meta.dirname, '..', '..', '..', 'src', 'plausch', 'mls');
const SPEC = join(import.meta.dirname, '..', '..', '..', 'spec', 'mls.md');
const OTHER_ROOMS = [
  'leaf_validation',
  'key_package',
  'tree_validation',
  'tree_kem',
  'update_path',
];

/** The names given to `ensure` and ValidationError, literally. */
const CHECK = /(?:\bensure\(|new ValidationError\()(?:(?!;\n)[\s\S])*?'([a-z]+(?:-[a-z]+)*)'/g;
const NAME = /["']([a-z]+(?:-[a-z]+)*)["']/g;

function found(pattern: RegExp, folder: string, wanted: (file: string) => boolean): Set<string> {
  const texts = readdirSync(folder)
    .filter(wanted)
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return new Set(
    texts.flatMap((text) => Array.from(text.matchAll(pattern), ([, name]) => name ?? '')),
  );
}

const isOther = (file: string): boolean => OTHER_ROOMS.includes(file.replace(/\.(ts|py)$/, ''));
const CHECKS = [...found(CHECK, SOURCE, (file) => file.endsWith('.ts') && !isOther(file))].sort();
const TRIED = found(
  NAME,
  import.meta.dirname,
  (file) => file.endsWith('.test.ts') && file !== basename(import.meta.filename),
);
const SPECIFIED = readFileSync(SPEC, 'utf8');

test('there are checks', () => {
  expect(CHECKS.length).toBeGreaterThanOrEqual(60);
});

test('they are those of the Python room', () => {
  // Raised by `require` and ValidationError there; the name is the first string of such a shape.
  const named =
    /(?:\brequire\(|ValidationError\()(?:(?!\n {0,4}\S|\n\n)[\s\S])*?"([a-z]+(?:-[a-z]+)+|epoch|version)"/g;
  const theirs = found(named, PYTHON, (file) => file.endsWith('.py') && !isOther(file));
  expect(CHECKS).toEqual([...theirs].sort());
});

test.each(CHECKS)('a test fails %s', (check) => {
  expect(TRIED).toContain(check);
});

test.each(CHECKS)('the specification names %s', (check) => {
  expect(SPECIFIED).toContain(`\`${check}\``);
});
