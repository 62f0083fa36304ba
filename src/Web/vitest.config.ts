import { defineConfig } from 'vitest/config';

const junit = process.env['JUNIT_OUTPUT'];

export default defineConfig({
  test: {
    // Every package of the workspace keeps its tests in its own `tests` folder.
    include: ['*/tests/**/*.test.ts'],
    reporters: junit ? ['default', ['junit', { outputFile: junit, suiteName: 'web' }]] : ['default'],
    restoreMocks: true,
  },
});
