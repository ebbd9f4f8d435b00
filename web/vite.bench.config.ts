// The page of bench/mls_browser.py. The peer comes from the interoperability tests' packages: it
// is no dependency of ours.
import { defineConfig } from 'vite';

const PEERS = `${import.meta.dirname}/../tests/interop/node_modules`;

export default defineConfig({
  root: `${import.meta.dirname}/bench`,
  logLevel: 'warn',
  resolve: { alias: { 'ts-mls': `${PEERS}/ts-mls` } },
  build: { target: 'es2024', modulePreload: { polyfill: false }, emptyOutDir: true },
});
