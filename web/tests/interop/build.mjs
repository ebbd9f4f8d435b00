// Bundles peer.ts (or NAME.ts) as one module, for Node and browsers: node build.mjs FOLDER [NAME]

import { join } from 'node:path';
import process from 'node:process';
import { build } from 'vite';

const HERE = import.meta.dirname;
const [, , folder, name = 'peer'] = process.argv;

await build({
  configFile: false,
  root: HERE,
  logLevel: 'warn',
  build: {
    lib: { entry: join(HERE, `${name}.ts`), formats: ['es'], fileName: () => `${name}.js` },
    outDir: folder,
    emptyOutDir: false,
    target: 'es2022',
    minify: true,
  },
});
