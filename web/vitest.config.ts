import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const PAGE = ['tests/{models,words,views}/**/*.test.ts'];

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  test: {
    sequence: { shuffle: true },
    fileParallelism: true,
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'device',
          include: ['tests/**/*.test.ts'],
          exclude: PAGE,
          environment: 'node',
        },
      },
      {
        extends: true,
        resolve: { conditions: ['browser'] },
        test: { name: 'page', include: PAGE, environment: './tests/models/environment.ts' },
      },
    ],
  },
});
