import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    sequence: { shuffle: true },
    fileParallelism: true,
    testTimeout: 60_000,
  },
});
