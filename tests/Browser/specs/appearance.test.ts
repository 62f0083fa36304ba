import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { barriers, overflow } from '../support/barriers.ts';
import { choose, signIn, startUpload, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, namedFile, randomFile } from '../support/files.ts';

/** A folder to put pictures of the page into, for the documentation. */
const pictures = process.env['MEDIA_SCREENSHOTS'];
const browser = useBrowser();

const brightness = (page: Page) =>
  page.evaluate(() => {
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
    return (red + green + blue) / 3;
  });

describe.each([
  { name: 'light, wide', picture: 'page-light.png', options: { colorScheme: 'light', viewport: { width: 1200, height: 900 } } },
  { name: 'dark, wide', picture: 'page-dark.png', options: { colorScheme: 'dark', viewport: { width: 1200, height: 900 } } },
  { name: 'light, a phone of 360 px', picture: null, options: { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
  { name: 'dark, a phone of 360 px', picture: null, options: { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
] as const)('the page: $name', ({ picture, options }) => {
  test('fits, follows the colour scheme, has no barriers and no complaints from the browser', async () => {
    const page = await browser.visit(options);
    const complaints: string[] = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.reload();

    await page.getByLabel('Password').waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);

    await signIn(page);
    const long = await randomFile(1000, `a-name-without-a-single-space-${'x'.repeat(80)}`);
    await choose(page, await namedFile(3 * MiB, 'IMG_2041.HEIC'), await namedFile(2_411_724, 'Quarterly report, final (2).pdf'), long);
    await page.locator('#uploader .uppy-StatusBar-actionBtn--upload').waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);

    await startUpload(page);
    await uploadComplete(page);
    await uploadedRow(page, long.name).waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);

    const body = await brightness(page);
    if (options.colorScheme === 'dark') expect(body).toBeLessThan(64);
    else expect(body).toBeGreaterThan(192);
    expect(await page.locator('#uploader .uppy-Dashboard').getAttribute('data-uppy-theme')).toBe(options.colorScheme);
    expect(complaints).toEqual([]);
  });

  if (!pictures || !picture) return;
  test('is pictured for the documentation', async () => {
    const page = await browser.visit(options);
    await signIn(page);
    await choose(page, await namedFile(12 * MiB, 'interview.wav'), await namedFile(3 * MiB, 'IMG_2041.HEIC'));
    await startUpload(page);
    await uploadComplete(page);
    await page.getByRole('button', { name: 'Done' }).click();

    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 6 * MiB });
    await choose(page, await namedFile(40 * MiB, 'holiday.mp4'), await namedFile(6 * MiB, 'poster.png'));
    await startUpload(page);
    await page.getByText(/^Uploading: [3-9]\d%$/).first().waitFor();
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, picture) });
    await uploadComplete(page);
  });
});
