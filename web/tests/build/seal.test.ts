import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { type Plugin } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SealError, rootOf, seal, sealed, withIntegrity } from '../../build/seal.ts';
import { again } from '../../src/platform/again.ts';

const PAGE = `<!doctype html>
<html>
  <head>
    <meta charset="utf-8" />
    <script type="module" crossorigin src="/assets/index-AAAAAAAA.js"></script>
    <link rel="modulepreload" crossorigin href="/assets/shared-BBBBBBBB.js">
    <link rel="stylesheet" crossorigin href="/assets/index-CCCCCCCC.css">
    <link rel="icon" href="/icons/icon.svg" />
  </head>
  <body></body>
</html>
`;
const FILES = {
  'index.html': PAGE,
  'assets/index-AAAAAAAA.js': 'export const a = 1;\n'.repeat(100),
  'assets/shared-BBBBBBBB.js': 'export const b = 2;',
  'assets/later-DDDDDDDD.js': 'export const d = 4;',
  'assets/index-CCCCCCCC.css': 'body { color: black }',
  'icons/icon.svg': '<svg/>',
  'sw.js': '/* the service worker */',
};

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plausch-seal-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>, into = folder): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
}

function sri(text: string): string {
  return `sha384-${createHash('sha384').update(text).digest('base64')}`;
}

function everything(from: string): Map<string, string> {
  const paths = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.sort().map((path) => [path.slice(from.length), readText(path)]));
}

function readText(path: string): string {
  return readFileSync(path).toString('base64');
}

describe('the page', () => {
  it('has the hash of each script, stylesheet and preload', () => {
    write(FILES);
    seal(folder);
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    for (const path of [
      'assets/index-AAAAAAAA.js',
      'assets/shared-BBBBBBBB.js',
      'assets/index-CCCCCCCC.css',
    ] as const) {
      const tag = new RegExp(`<[^>]*"/${path}" integrity="([^"]*)">`).exec(html);
      expect(tag?.[1]).toBe(sri(FILES[path]));
    }
    expect(html).toContain('<link rel="icon" href="/icons/icon.svg" />');
  });

  it('has every module in an import map before the first script, which the policy can name', () => {
    write(FILES);
    const { inline } = seal(folder);
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    const map = /<script type="importmap">(.*)<\/script>/.exec(html)?.[1] ?? '';
    expect(JSON.parse(map)).toEqual({
      integrity: {
        '/assets/index-AAAAAAAA.js': sri(FILES['assets/index-AAAAAAAA.js']),
        '/assets/later-DDDDDDDD.js': sri(FILES['assets/later-DDDDDDDD.js']),
        '/assets/shared-BBBBBBBB.js': sri(FILES['assets/shared-BBBBBBBB.js']),
      },
    });
    expect(html.indexOf('importmap')).toBeLessThan(html.indexOf('type="module"'));
    expect(inline).toEqual(
      [`(${again.toString()})();`, map].map(
        (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`,
      ),
    );
  });

  it('without modules has no import map', () => {
    expect(withIntegrity('<p>Hello</p>', new Map())).toEqual({ html: '<p>Hello</p>', inline: [] });
    const files = new Map([['assets/a.js', new Uint8Array()]]);
    expect(withIntegrity('<p>Hello</p>', files).inline).toEqual([]);
  });

  it.each([
    ['an inline script', '<script>alert(1)</script>', 'has an inline script'],
    ['a script that was not built', '<script src="/assets/x.js"></script>', 'no file of the build'],
    ['another origin', '<script src="https://cdn.example/x.js"></script>', 'no file of the build'],
    ['a relative path', '<link rel="stylesheet" href="assets/a.css">', 'no file of the build'],
  ])('is refused with %s', (_, html, sentence) => {
    const files = new Map([['assets/a.css', new Uint8Array()]]);
    expect(() => withIntegrity(html, files)).toThrow(SealError);
    expect(() => withIntegrity(html, files)).toThrow(sentence);
  });
});

describe('the manifest', () => {
  it('lists each file as sha384sum does, and its root is sha384sum of those lines', () => {
    write(FILES);
    const manifest = seal(folder);
    expect(JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8'))).toEqual(manifest);
    const paths = Object.keys(FILES).sort();
    expect(Object.keys(manifest.files)).toEqual(paths);
    const lines = execFileSync('sha384sum', paths, { cwd: folder, encoding: 'utf8' });
    expect(Object.entries(manifest.files).map(([path, hex]) => `${hex}  ${path}\n`)).toEqual(
      lines.split(/(?<=\n)/),
    );
    expect(manifest.root).toBe(createHash('sha384').update(lines).digest('hex'));
  });

  it('has a root that depends on each path and each hash, and on no order', () => {
    const root = rootOf({ a: '1', b: '2' });
    expect(rootOf({ b: '2', a: '1' })).toBe(root);
    expect(rootOf({ a: '2', b: '1' })).not.toBe(root);
    expect(rootOf({ a: '1' })).not.toBe(root);
    expect(rootOf({ a: '1', c: '2' })).not.toBe(root);
  });

  it('is the same, as everything else, in another folder', () => {
    write(FILES);
    seal(folder);
    const other = mkdtempSync(join(tmpdir(), 'plausch-seal-elsewhere-'));
    write(Object.fromEntries(Object.entries(FILES).reverse()), other);
    seal(other);
    expect(everything(other)).toEqual(everything(folder));
    rmSync(other, { recursive: true });
  });
});

describe('compressed forms', () => {
  it('are made of what is large enough, and give back its bytes', () => {
    write(FILES);
    const { encoded } = seal(folder);
    const path = 'assets/index-AAAAAAAA.js';
    expect(Object.keys(encoded).sort()).toEqual(
      [path, 'index.html'].flatMap((one) => [`${one}.br`, `${one}.gz`]),
    );
    const gzipped = readFileSync(join(folder, `${path}.gz`));
    expect(gunzipSync(gzipped).toString()).toBe(FILES[path]);
    expect([...gzipped.subarray(4, 8), gzipped[9]]).toEqual([0, 0, 0, 0, 255]);
    const brotli = readFileSync(join(folder, `${path}.br`));
    expect(brotliDecompressSync(brotli).toString()).toBe(FILES[path]);
    expect(encoded[`${path}.br`]).toBe(createHash('sha384').update(brotli).digest('hex'));
  });

  it('are left out where they gain nothing', () => {
    write(FILES);
    const blocks = Array.from({ length: 40 }, (_, at) => String(at));
    const noise = Buffer.concat(blocks.map((text) => createHash('sha512').update(text).digest()));
    writeFileSync(join(folder, 'assets/noise-EEEEEEEE.js'), noise);
    writeFileSync(join(folder, 'icons/large.png'), 'the same again '.repeat(1000));
    const names = Object.keys(seal(folder).encoded);
    expect(names.filter((name) => /noise|large|shared/.test(name))).toEqual([]);
  });
});

describe('a build that cannot be sealed', () => {
  it.each([
    ['has no page', { 'assets/a.js': '' }, 'no index.html'],
    ['has a hidden file', { ...FILES, 'assets/.hidden': '' }, 'assets/.hidden'],
    ['has a name that the server refuses', { ...FILES, 'a b.js': '' }, 'a b.js'],
  ])('%s', (_, files, sentence) => {
    write(files);
    expect(() => seal(folder)).toThrow(SealError);
    expect(() => seal(folder)).toThrow(sentence);
  });
});

describe('the plugin', () => {
  type Written = (options: { readonly dir?: string }) => void;

  function written(plugin: Plugin): Written {
    const hook = plugin.writeBundle as unknown as { readonly handler: Written };
    return hook.handler;
  }

  it('seals what was written, in builds only', () => {
    write(FILES);
    const plugin = sealed();
    expect(plugin.apply).toBe('build');
    written(plugin)({ dir: folder });
    expect(readdirSync(folder)).toContain('build.json');
    written(plugin)({});
  });
});
