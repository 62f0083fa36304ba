import { defineConfig } from 'vitest/config';

const junit = process.env['JUNIT_OUTPUT'];

export default defineConfig({
  test: {
    include: ['specs/**/*.test.ts'],
    globalSetup: ['support/product.ts'],
    reporters: junit ? ['verbose', ['junit', { outputFile: junit, suiteName: 'browser' }]] : ['verbose'],
    // One product, and few cores: one browser at a time.
    fileParallelism: false,
    // Machines that test are often busy: what is waited for may take long, and no longer than what Playwright waits for. What stands still is
    // noticed by these waits; a test as a whole may take its time.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 10 * 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
