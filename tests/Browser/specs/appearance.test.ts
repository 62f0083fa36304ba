import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { choose, signIn, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, namedFile, randomFile } from '../support/files.ts';

const browser = useBrowser();
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

/** What axe-core finds wrong for people who see, hear or move differently. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: unknown[] }[] }[] }> } };
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  });
}

const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const brightness = (page: Page) =>
  page.evaluate(() => {
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
    return (red + green + blue) / 3;
  });

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
