// Bundles the core as the web app's build does, so that its size can be taken: node size.mjs FOLDER

import process from 'node:process';
import { build } from 'vite';

import { condensed } from '../build/condense.ts';

await build({
  configFile: false,
  root: import.meta.dirname,
  logLevel: 'warn',
  plugins: [condensed()],
  build: {
    outDir: process.argv[2],
    emptyOutDir: true,
    target: 'es2024',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: `${import.meta.dirname}/../src/mls/group.ts`,
      // A library keeps what its entry exports; vite's own kind of library keeps its spaces, too.
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: 'core.js' },
    },
  },
});
