// The page of bench/mls_browser.py, built as the app is. The peer comes from the interoperability
// tests' packages: it is no dependency of ours.
import { defineConfig } from 'vite';

import { condensed } from './build/condense.ts';

const PEERS = `${import.meta.dirname}/../tests/interop/node_modules`;

export default defineConfig({
  root: `${import.meta.dirname}/bench`,
  logLevel: 'warn',
  plugins: [condensed()],
  resolve: { alias: { 'ts-mls': `${PEERS}/ts-mls` } },
  build: { target: 'es2024', modulePreload: { polyfill: false }, emptyOutDir: true },
});
