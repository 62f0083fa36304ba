import { describe, expect, test } from 'vitest';
import { choose, signIn, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, namedFile, randomFile } from '../support/files.ts';
import { barriers, brightness, overflow } from '../support/looks.ts';

const browser = useBrowser();

describe.each([
  { name: 'light, wide', options: { colorScheme: 'light', viewport: { width: 1200, height: 900 } } },
  { name: 'dark, wide', options: { colorScheme: 'dark', viewport: { width: 1200, height: 900 } } },
  { name: 'light, a phone of 360 px', options: { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
  { name: 'dark, a phone of 360 px', options: { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
] as const)('the page: $name', ({ options }) => {
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
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);

    await choose(page, await namedFile(3 * MiB, 'IMG_2041.HEIC'), await namedFile(2_411_724, 'Quarterly report, final (2).pdf'), long);
    await uploadComplete(page);
    await uploadedRow(page, long.name).waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);

    const body = await brightness(page);
    if (options.colorScheme === 'dark') expect(body).toBeLessThan(64);
    else expect(body).toBeGreaterThan(192);
    expect(complaints).toEqual([]);
  });
});
