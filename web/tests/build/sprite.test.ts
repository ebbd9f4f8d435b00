import { join } from 'node:path';

import { expect, test } from 'vitest';

import { shapesOf, spriteOf } from '../../build/sprite.ts';
import { ICON_NAMES } from '../../src/views/parts/icon_names.ts';

const FOLDER = join(import.meta.dirname, '../../node_modules/lucide-static/icons');

test('every icon is a symbol under its name', () => {
  const sprite = spriteOf(ICON_NAMES, FOLDER);
  for (const name of ICON_NAMES) {
    expect(sprite).toContain(`<symbol id="icon-${name}" viewBox="0 0 24 24"><`);
  }
  expect(sprite.match(/<symbol/g)).toHaveLength(ICON_NAMES.length);
});

test('nothing in it needs what the policy forbids', () => {
  expect(spriteOf(ICON_NAMES, FOLDER)).not.toMatch(/style=|<script|href=|on\w+=|<!--/);
});

test('names are sorted and none is twice', () => {
  expect([...ICON_NAMES].sort()).toEqual(ICON_NAMES);
  expect(new Set(ICON_NAMES).size).toBe(ICON_NAMES.length);
});

test('only what is drawn is kept', () => {
  expect(shapesOf('<!-- licence -->\n<svg\n  a="1"\n>\n  <path d="M1 1"\n  />\n</svg>\n')).toBe(
    '<path d="M1 1"/>',
  );
  expect(shapesOf('nothing')).toBe('');
});

test('an icon that does not exist stops the build', () => {
  expect(() => spriteOf(['no-such-icon'], FOLDER)).toThrow(/ENOENT/);
});
