import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

const junit = process.env['JUNIT_OUTPUT'];

export default defineConfig({
  // Packages of the workspace are taken from their sources.
  ssr: { resolve: { conditions: ['source', ...defaultServerConditions] } },
  test: {
    // Every package of the workspace keeps its tests in its own `tests` folder.
    include: ['*/tests/**/*.test.ts'],
    reporters: junit ? ['default', ['junit', { outputFile: junit, suiteName: 'web' }]] : ['default'],
    restoreMocks: true,
    // Machines that test are often busy.
    testTimeout: 60_000,
  },
});
