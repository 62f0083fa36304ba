import { loadOfTests } from './browser-tests.mjs';

/**
 * Starts the product as the browser tests do, on free ports and in a new folder, with another page than its own.
 * @param {URL} page the folder of the page that it serves; its imports of the workspace's packages are found
 * @returns {Promise<{url: string, password: string, s3: {endpoint: string}, stop(): Promise<void>}>}
 */
export async function startProduct(page) {
  const { buildPage } = await loadOfTests('support/built-page.ts');
  const product = await loadOfTests('support/product.ts');
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
