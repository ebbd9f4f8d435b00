import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'vite';
import { afterAll, describe, expect, it } from 'vitest';

import { condensed } from '../../build/condense.ts';

const WEB = join(import.meta.dirname, '../..');

/** What bench/mls_browser.py claims of the core with X-Wing. */
const TARGET_BYTES = 45_000;

/** A module as the build leaves it, unminified but for the plugin. */
async function built(source: string, sourcemap = false): Promise<{ code: string; map: unknown }> {
  const made = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [
      { name: 'one', resolveId: (id) => (id === 'one' ? id : null), load: () => source },
      condensed(),
    ],
    build: {
      write: false,
      minify: false,
      sourcemap,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: 'one', preserveEntrySignatures: 'strict' },
    },
  });
  const [chunk] = Array.isArray(made) ? [] : 'output' in made ? made.output : [];
  if (chunk?.type !== 'chunk') {
    throw new Error('The build gives one chunk.');
  }
  return chunk;
}

async function exportsOf(source: string): Promise<Record<string, unknown>> {
  const { code } = await built(source);
  return import(`data:text/javascript,${encodeURIComponent(code)}`) as Promise<
    Record<string, unknown>
  >;
}

describe('condensed', () => {
  it('folds constants and tables of numbers', async () => {
    const { code } = await built(`
      const KIND = { FIRST: 1, SECOND: 2 };
      const LIMIT = 2 ** 10;
      export const allowed = (kind, count) => kind === KIND.SECOND && count < LIMIT;
    `);
    expect(code).not.toContain('SECOND');
    expect(code).not.toContain('LIMIT');
    expect(code).toContain('1024');
  });

  it('leaves what a module does as it was', async () => {
    const made = await exportsOf(`
      class Base { static code = 'base'; get code() { return this.constructor.code; } }
      class Failure extends Base { static code = 'failure'; #secret = 7; open() { return this.#secret; } }
      const seen = [];
      const note = (item) => (seen.push(item), item);
      export const order = () => { note(1); const later = note(2); return [later, ...seen]; };
      export const failure = new Failure();
      export const big = 2n ** 70n;
    `);
    expect((made['failure'] as { code: string }).code).toBe('failure');
    expect((made['failure'] as { open: () => number }).open()).toBe(7);
    expect((made['order'] as () => number[])()).toEqual([2, 1, 2]);
    expect(made['big']).toBe(2n ** 70n);
  });

  it('keeps the names of exports, and a map of the source', async () => {
    const { code, map } = await built('export const answer = () => 6 * 7;', true);
    expect(code).toMatch(/export\s*\{[^}]*\banswer\b/);
    expect(map).toMatchObject({ version: 3 });
  });
});

describe('the core', () => {
  const folder = mkdtempSync(join(tmpdir(), 'core-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('stays below its size and works', { timeout: 60_000 }, async () => {
    execFileSync(process.execPath, ['bench/size.mjs', folder], { cwd: WEB });
    const path = join(folder, 'core.js');
    expect(gzipSync(readFileSync(path), { level: 9 }).length).toBeLessThan(TARGET_BYTES);
    const core = (await import(path)) as Record<string, unknown>;
    expect(Object.keys(core).sort()).toEqual([
      'Group',
      'KeyPackageBundle',
      'PendingCommit',
      'StagedJoin',
      'join',
    ]);
  });
});
