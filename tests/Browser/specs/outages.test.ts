import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { choose, signIn, transferRow, uploadComplete, useBrowser } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { signedAt } from '../support/parts.ts';
import { apiProcess, startProduct, type Product } from '../support/product.ts';
import { fallAsleep } from '../support/renderer-process.ts';
import { expectStored, watchParts } from '../support/uppy-media.ts';

const browser = useBrowser();

/** So long a URL is good for, in milliseconds. */
const urlLifetime = 4_000;
let product: Product;
let stop: () => Promise<void>;

// One of their own: the others' API is not to go away under them, nor their URLs.
beforeAll(async () => {
  ({ product, stop } = await startProduct({ Media__Uploads__UrlLifetime: '00:00:04' }));
}, 10 * 60_000);
afterAll(() => stop?.(), 60_000);

/** Somebody signed in to that product, over a line on which a part takes two seconds. */
async function visit(): Promise<{ page: Page; line: Line }> {
  const line = await Line.open(4 * MiB);
  const page = await browser.visit({ proxy: { server: line.url } });
  onTestFinished(async () => {
    await page.context().close();
    await line.close();
  });
  await page.goto(product.url);
  await signIn(page, product.password);
  return { page, line };
}

describe('the page', () => {
  test('goes on by itself when the machine slept until its URLs had expired', async () => {
    const { page, line } = await visit();
    const parts = watchParts(page);
    const file = await randomFile(160 * MiB, 'asleep');
    await choose(page, file);
    await parts.reach(2);
    const wake = await fallAsleep(page, line);
    const fellAsleep = Date.now();
    await expect.poll(() => Date.now() - fellAsleep, { timeout: 60_000 }).toBeGreaterThan(2 * urlLifetime + 1_000);
    const used = parts.begun.length;
    wake();
    await uploadComplete(page);

    await transferRow(page, file.name).locator('.state').getByText('Verified').waitFor();
    // Nothing was begun with a URL from before the sleep.
    expect(used).toBeLessThan(20);
    expect(parts.begun.length).toBeGreaterThan(used);
    for (const url of parts.urls.slice(used)) expect(signedAt(url)).toBeGreaterThan(fellAsleep + urlLifetime);
    await expectStored(product, file);
  });

  test('waits for an API that is killed in the middle, and nobody is asked for anything', async () => {
    const { page } = await visit();
    const parts = watchParts(page);
    const creations: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && /\/v1\/uploads(:batch)?$/.test(request.url())) creations.push(request.url());
    });
    const file = await randomFile(96 * MiB, 'restarted');
    await choose(page, file);
    await parts.reach(2);
    const before = await apiProcess(product);
    process.kill(before, 'SIGKILL');
    await uploadComplete(page);

    expect(await apiProcess(product)).not.toBe(before);
    await transferRow(page, file.name).locator('.state').getByText('Verified').waitFor();
    await page.locator('#connection-lost').waitFor({ state: 'hidden' });
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    expect(creations).toHaveLength(1);
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    await expectStored(product, file);
  });
});
