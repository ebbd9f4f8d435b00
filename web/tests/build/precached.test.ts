import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { listOf } from '../../build/precached.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'precached-'));
  mkdirSync(join(folder, 'icons'));
  writeFileSync(join(folder, 'icons/icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'manifest.webmanifest'), '{}');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const BUILT = ['assets/b-2.js', 'assets/a-1.css'];

test('it lists the page, what is built and what lies beside it, sorted', () => {
  expect(listOf(BUILT, folder, '<html>').paths).toEqual([
    '/',
    '/assets/a-1.css',
    '/assets/b-2.js',
    '/icons/icon.svg',
    '/manifest.webmanifest',
  ]);
});

test('the same files are the same version, in whatever order they come', () => {
  const { version } = listOf(BUILT, folder, '<html>');
  expect(version).toMatch(/^[0-9a-f]{16}$/);
  expect(listOf([...BUILT].reverse(), folder, '<html>').version).toBe(version);
});

test('any change is another version', () => {
  const versions = new Set([listOf(BUILT, folder, '<html>').version]);
  versions.add(listOf(BUILT, folder, '<html >').version);
  versions.add(listOf(['assets/b-3.js', 'assets/a-1.css'], folder, '<html>').version);
  writeFileSync(join(folder, 'icons/icon.svg'), '<svg />');
  versions.add(listOf(BUILT, folder, '<html>').version);
  writeFileSync(join(folder, 'robots.txt'), '');
  versions.add(listOf(BUILT, folder, '<html>').version);
  expect(versions.size).toBe(5);
});

test('without a folder beside there is only what is built', () => {
  expect(listOf(['assets/a-1.js'], join(folder, 'absent'), '').paths).toEqual([
    '/',
    '/assets/a-1.js',
  ]);
});
