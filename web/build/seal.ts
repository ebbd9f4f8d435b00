/**
 * The last step of a build: integrity hashes in index.html, compressed forms of what compresses,
 * and the manifest `build.json`, from which the server serves (src/plausch/server/site.py).
 *
 * The same sources give the same bytes: everything is sorted, nothing has a time.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { type Plugin } from 'vite';

import { again } from '../src/platform/again.ts';

const MANIFEST = 'build.json';
const INDEX = 'index.html';
const COMPRESSIBLE = /\.(?:html|js|css|json|webmanifest|svg|txt|wasm)$/;
/** As the server has it: what is named otherwise would never be found. */
const PATH = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** What loads the page again when a part of it does not come. */
const AGAIN = `(${again.toString()})();`;

/** Below this a compressed form saves no packet on the way. */
const SMALL_BYTES = 1024;

/** What the server reads: paths with their SHA-384 in hex, as `sha384sum` prints it. */
export interface Manifest {
  /** SHA-384 over the lines of `sha384sum` for `files`, sorted by path. */
  readonly root: string;
  readonly files: Readonly<Record<string, string>>;
  /** Compressed forms, which differ between versions of the compressor and are not in `root`. */
  readonly encoded: Readonly<Record<string, string>>;
  /** Hashes of scripts within index.html, for the content security policy. */
  readonly inline: readonly string[];
}

/** Something in the build cannot be sealed: the sentence says what. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The Vite plugin. */
export function sealed(): Plugin {
  return {
    name: 'plausch-seal',
    apply: 'build',
    writeBundle: {
      sequential: true,
      order: 'post',
      handler(options): void {
        if (options.dir !== undefined) {
          seal(options.dir);
        }
      },
    },
  };
}

/** Seal the build in `folder`. Throws SealError. */
export function seal(folder: string): Manifest {
  const files = new Map(filesIn(folder).map((path) => [path, readFileSync(join(folder, path))]));
  const page = files.get(INDEX);
  if (page === undefined) {
    throw new SealError(`The build has no ${INDEX}: nothing was built into ${folder}.`);
  }
  const { html, inline } = withIntegrity(page.toString('utf8'), files);
  files.set(INDEX, Buffer.from(html));
  writeFileSync(join(folder, INDEX), html);
  const encoded: Record<string, string> = {};
  for (const [path, bytes] of files) {
    for (const [name, form] of compressed(path, bytes)) {
      writeFileSync(join(folder, name), form);
      encoded[name] = sha384(form, 'hex');
    }
  }
  const digests = Object.fromEntries([...files].map(([path, raw]) => [path, sha384(raw, 'hex')]));
  const manifest = { root: rootOf(digests), files: digests, encoded, inline };
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

/** One hash over all files: `sha384sum FILES | sha384sum`, the files sorted by path. */
export function rootOf(digests: Readonly<Record<string, string>>): string {
  const paths = Object.keys(digests).sort();
  return sha384(paths.map((path) => `${digests[path] ?? ''}  ${path}\n`).join(''), 'hex');
}

/**
 * The page with `integrity` on its scripts, stylesheets and preloads, and an import map with that
 * of every other module, so that a lazily loaded one is compared too; before it AGAIN, which has to
 * be there when nothing else is. `inline` are the hashes of these two: the policy of the server
 * allows no other inline scripts. Throws SealError.
 */
export function withIntegrity(
  html: string,
  files: ReadonlyMap<string, Uint8Array>,
): { readonly html: string; readonly inline: readonly string[] } {
  const page = html.replace(/<(?:script|link)\b[^>]*>/g, (tag) => tagged(tag, files));
  const modules = [...files.keys()].filter((path) => /^assets\/.*\.js$/.test(path)).sort();
  const place = page.search(/<script\b|<link\b[^>]*\brel="modulepreload"/);
  if (modules.length === 0 || place < 0) {
    return { html: page, inline: [] };
  }
  const hashes = modules.map((path) => [`/${path}`, integrity(files.get(path))]);
  const map = JSON.stringify({ integrity: Object.fromEntries(hashes) as unknown });
  const scripts = `<script>${AGAIN}</script>\n    <script type="importmap">${map}</script>\n    `;
  return {
    html: page.slice(0, place) + scripts + page.slice(place),
    inline: [AGAIN, map].map(
      (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`,
    ),
  };
}

function tagged(tag: string, files: ReadonlyMap<string, Uint8Array>): string {
  const script = tag.startsWith('<script');
  if (!script && !/\brel="(?:stylesheet|modulepreload)"/.test(tag)) {
    return tag;
  }
  const url = /\b(?:src|href)="([^"]*)"/.exec(tag)?.[1];
  if (url === undefined) {
    throw new SealError(`${INDEX} has an inline script, which the policy forbids: ${tag}`);
  }
  const bytes = files.get(url.replace(/^\//, ''));
  if (!url.startsWith('/') || bytes === undefined) {
    throw new SealError(`${INDEX} loads ${url}, which is no file of the build.`);
  }
  return tag.replace(/\s*\/?>$/, ` integrity="${integrity(bytes)}">`);
}

function integrity(bytes: Uint8Array | undefined): string {
  return `sha384-${sha384(bytes ?? new Uint8Array(), 'base64')}`;
}

function compressed(path: string, bytes: Buffer): [string, Buffer][] {
  if (bytes.length < SMALL_BYTES || !COMPRESSIBLE.test(path)) {
    return [];
  }
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const gzipped = gzipSync(bytes, { level: 9 });
  gzipped[9] = 255; // RFC 1952: the operating system is unknown, so that all write the same
  const forms: [string, Buffer][] = [
    [`${path}.br`, brotliCompressSync(bytes, { params })],
    [`${path}.gz`, gzipped],
  ];
  return forms.filter(([, form]) => form.length < bytes.length);
}

function filesIn(folder: string, below = ''): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = below + name;
    if (statSync(join(folder, path)).isDirectory()) {
      found.push(...filesIn(folder, `${path}/`));
    } else if (PATH.test(path)) {
      found.push(path);
    } else {
      throw new SealError(`The build has a file ${path}, which the server would not serve.`);
    }
  }
  return found.sort();
}

function sha384(bytes: Uint8Array | string, form: 'hex' | 'base64'): string {
  return createHash('sha384').update(bytes).digest(form);
}
