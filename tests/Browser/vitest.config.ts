import { defineConfig } from 'vitest/config';

const junit = process.env['JUNIT_OUTPUT'];

export default defineConfig({
  test: {
    include: ['specs/**/*.test.ts'],
    globalSetup: ['support/product.ts'],
    reporters: junit ? ['verbose', ['junit', { outputFile: junit, suiteName: 'browser' }]] : ['verbose'],
    // One product, and few cores: one browser at a time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
