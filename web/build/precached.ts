/**
 * The service worker: its script `sw.js`, and which files make up this version: everything that is
 * built, and what lies beside it in public/. The version is a hash of their names and of public's
 * bytes; built files carry a hash in their name.
 *
 * Firefox has long had service workers that are classic scripts only, and these import nothing. So
 * `sw.js` and the device that it loads when it is woken (src/waker.ts) are bundles of their own.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { build, type Plugin } from 'vite';

import { condensed } from './condense.ts';

const WORKER = 'sw.js';
const SOURCES = join(import.meta.dirname, '../src');
const HASH_CHARACTERS = 10;

/** The Vite plugin. */
export function precached(): Plugin {
  let folder = '';
  return {
    name: 'plausch-precached',
    apply: 'build',
    configResolved(config): void {
      folder = config.publicDir;
    },
    generateBundle: {
      order: 'post',
      async handler(_, bundle): Promise<void> {
        const built = Object.keys(bundle).filter((path) => path.startsWith('assets/'));
        const page = bundle['index.html'];
        const list = listOf(built, folder, page?.type === 'asset' ? page.source : '');
        const device = await classic('waker.ts');
        const hash = createHash('sha256').update(device).digest('base64url');
        const path = `assets/waker-${hash.slice(0, HASH_CHARACTERS)}.js`;
        this.emitFile({ type: 'asset', fileName: path, source: device });
        const known = `const PRECACHED=${JSON.stringify({ ...list, device: `/${path}` })};`;
        const source = known + (await classic('sw.ts'));
        this.emitFile({ type: 'asset', fileName: WORKER, source });
      },
    },
  };
}

/** A source with all that it imports, as one classic script. */
async function classic(name: string): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [condensed()],
    build: {
      write: false,
      chunkSizeWarningLimit: 1000,
      target: 'es2024',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(SOURCES, name), output: { format: 'iife' } },
    },
  });
  if (Array.isArray(made) || !('output' in made) || made.output.length > 1) {
    throw new Error(`${name} has to become one script.`);
  }
  return made.output[0].code;
}

/** The paths to keep, sorted, `/` for the page, and the version. */
export function listOf(
  built: readonly string[],
  folder: string,
  page: string | Uint8Array,
): { readonly version: string; readonly paths: readonly string[] } {
  const hash = createHash('sha256').update(page);
  const others = publicFiles(folder);
  for (const path of [...built].sort()) {
    hash.update(path);
  }
  for (const path of others) {
    hash.update(path).update(readFileSync(join(folder, path)));
  }
  const paths = ['/', ...[...built, ...others].sort().map((path) => `/${path}`)];
  return { version: hash.digest('hex').slice(0, 16), paths };
}

function publicFiles(folder: string, below = ''): string[] {
  if (!existsSync(join(folder, below))) {
    return [];
  }
  return readdirSync(join(folder, below), { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? publicFiles(folder, `${below}${entry.name}/`) : [below + entry.name],
    );
}
