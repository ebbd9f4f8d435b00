// The web app: built into the Python package, from where `plausch serve` serves it.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

import { condensed } from './build/condense.ts';
import { precached } from './build/precached.ts';
import { sealed } from './build/seal.ts';
import { sprite } from './build/sprite.ts';
import { ICON_NAMES } from './src/views/parts/icon_names.ts';

const ICONS = `${import.meta.dirname}/node_modules/lucide-static/icons`;

export default defineConfig({
  base: '/',
  logLevel: 'warn',
  plugins: [
    svelte({ configFile: false }),
    sprite(ICON_NAMES, ICONS),
    condensed(),
    precached(),
    sealed(),
  ],
  json: { stringify: true },
  build: {
    outDir: '../src/plausch/webapp',
    emptyOutDir: true,
    target: 'es2024',
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { app: 'index.html' },
      output: { entryFileNames: 'assets/[name]-[hash].js' },
    },
  },
  worker: { format: 'es', plugins: () => [condensed()] },
});
