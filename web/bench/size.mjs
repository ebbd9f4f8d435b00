// Bundles the core as a worker would load it, minified: node size.mjs FOLDER

import { join } from 'node:path';
import process from 'node:process';
import { build } from 'vite';

await build({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'warn',
  build: {
    lib: {
      entry: join(import.meta.dirname, '../src/mls/group.ts'),
      formats: ['es'],
      fileName: 'core',
    },
    outDir: process.argv[2],
    emptyOutDir: true,
    target: 'es2024',
    minify: true,
  },
});
