import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const tests = new URL('../../../tests/Browser/', import.meta.url);
// Installed once, for the browser tests.
const { runnerImport } = await import(createRequire(new URL('package.json', tests)).resolve('vite'));
const load = async (/** @type {string} */ path) => (await runnerImport(fileURLToPath(new URL(path, tests)), { configFile: false, logLevel: 'warn' })).module;

/**
 * Starts the product as the browser tests do, on free ports and in a new folder, with another page than its own.
 * @param {URL} page the folder of the page that it serves; its imports of the workspace's packages are found
 * @returns {Promise<{url: string, password: string, s3: {endpoint: string}, stop(): Promise<void>}>}
 */
export async function startProduct(page) {
  const { buildPage } = await load('support/built-page.ts');
  const product = await load('support/product.ts');
  const built = await buildPage(page);
  try {
    const started = await product.startProduct({ Media__Api__WebRoot: built.folder });
    return {
      ...started.product,
      async stop() {
        await started.stop();
        await built.close();
      },
    };
  } catch (error) {
    await built.close();
    throw error;
  }
}
