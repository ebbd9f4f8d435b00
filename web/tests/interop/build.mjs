// Bundles peer.ts as one module, for Node and for browsers: node build.mjs FOLDER

import { join } from 'node:path';
import process from 'node:process';
import { build } from 'vite';

const HERE = import.meta.dirname;

await build({
  configFile: false,
  root: HERE,
  logLevel: 'warn',
  build: {
    lib: { entry: join(HERE, 'peer.ts'), formats: ['es'], fileName: () => 'peer.js' },
    outDir: process.argv[2],
    emptyOutDir: false,
    target: 'es2022',
    minify: true,
  },
});
