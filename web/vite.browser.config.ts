// The page of tests/browser (Python): built as the app is, into a folder that the caller names.
import { defineConfig } from 'vite';

import { sealed } from './build/seal.ts';

export default defineConfig({
  root: `${import.meta.dirname}/tests/browser`,
  logLevel: 'warn',
  build: {
    target: 'es2024',
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
  },
  worker: { format: 'es' },
  plugins: [sealed()],
});
