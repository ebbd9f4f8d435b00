// The page of bench/web_app.py that fills a vault; it is put beside the app by the browser alone.
import { defineConfig } from 'vite';

export default defineConfig({
  root: `${import.meta.dirname}/bench/seed`,
  base: '/seed/',
  logLevel: 'warn',
  build: { target: 'es2024', modulePreload: { polyfill: false }, emptyOutDir: true },
});
