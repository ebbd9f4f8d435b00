// The page of tests/stage: the app before a device in memory, for Playwright and for development
// (`vite --config vite.stage.config.ts`).
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

import { sealed } from './build/seal.ts';
import { sprite } from './build/sprite.ts';
import { ICON_NAMES } from './src/views/parts/icon_names.ts';

export default defineConfig({
  root: `${import.meta.dirname}/tests/stage`,
  publicDir: `${import.meta.dirname}/public`,
  logLevel: 'warn',
  plugins: [
    svelte({ configFile: false }),
    sprite(ICON_NAMES, `${import.meta.dirname}/node_modules/lucide-static/icons`),
    sealed(),
  ],
  json: { stringify: true },
  build: {
    target: 'es2024',
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
  },
  worker: { format: 'es' },
});
