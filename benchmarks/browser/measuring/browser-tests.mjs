import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const tests = new URL('../../../tests/Browser/', import.meta.url);

/** What is installed once, for the browser tests. */
export const testsRequire = createRequire(new URL('package.json', tests));

const { runnerImport } = await import(testsRequire.resolve('vite'));

/** Loads a module of the browser tests. @param {string} path from their folder */
export const loadOfTests = async (path) => (await runnerImport(fileURLToPath(new URL(path, tests)), { configFile: false, logLevel: 'warn' })).module;
