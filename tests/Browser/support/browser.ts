import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';
import { fileNamed } from './catalogue.ts';
import { chromiumArguments, mayUseSandbox } from './chromium.ts';
import type { TestFile } from './files.ts';
import { sendsBytes } from './parts.ts';
import { whileItMoves } from './waiting.ts';

/** The product that all tests share. */
export const product = inject('product');

/** Starts Chromium for the tests of a file; a page of it is a new visitor with nothing stored. */
export function useBrowser(): { visit(options?: BrowserContextOptions): Promise<Page> } {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: findChromium(),
      chromiumSandbox: mayUseSandbox,
      args: chromiumArguments,
    });
  });

  afterAll(() => browser?.close());

  return {
    async visit(options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1200, height: 900 }, ...options });
      // Machines that test are often busy.
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      await page.goto(product.url);
      return page;
    },
  };
}

function findChromium(): string {
  const candidates = [
    process.env['MEDIA_CHROMIUM'],
    process.env['CHROMIUM'],
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => `/usr/bin/${name}`),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error('Chromium is missing. Install it, or name its program in MEDIA_CHROMIUM.');
  return found;
}

/** Signs in with the password and waits until the page shows what only a signed-in visitor sees. */
export async function signIn(page: Page, password = product.password): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Password').press('Enter');
  await dropZone(page).waitFor();
}

export const dropZone = (page: Page): Locator => page.locator('#drop-zone');

/** Gives the files to the page's own file field, as choosing them does. They are uploaded at once. */
export async function choose(page: Page, ...files: TestFile[]): Promise<void> {
  await page.locator('#file-field').setInputFiles(files.map(({ path }) => path));
}

/** The same, and waits until bytes of them are on their way. */
export async function chooseAndSend(page: Page, ...files: TestFile[]): Promise<void> {
  // Listened for before: a single part may be begun before the choice has returned.
  await Promise.all([page.waitForRequest(sendsBytes), choose(page, ...files)]);
}

/** Waits until the page has taken what it was given, and goes about it by itself. */
export async function startUpload(page: Page): Promise<void> {
  await page.locator('#transfers:not([data-activity=empty])').waitFor({ state: 'attached' });
}

/** Waits until every file on the page's list is verified: however long that takes, while the list moves. */
export async function uploadComplete(page: Page): Promise<void> {
  await whileItMoves(
    (timeout) => page.locator('#transfers[data-activity=done]').waitFor({ timeout }),
    () => page.locator('#transfers').innerText(),
  );
}

/** The row of a file among those that this page was given. */
export const transferRow = (page: Page, fileName: string): Locator =>
  page.locator('#transfer-list li').filter({ has: page.getByText(fileName, { exact: true }) });

/** The row of an upload that waits for its file. */
export const unfinishedRow = (page: Page, fileName: string): Locator =>
  page.locator('#unfinished-list li').filter({ has: page.getByText(fileName, { exact: true }) });

/** A file in the library, or on its way there. */
export const uploadedRow = (page: Page, fileName: string): Locator =>
  page.locator('#library-list li').filter({ has: page.getByText(fileName, { exact: true }) });

/** A file in the library: its upload is verified. */
export const filedRow = (page: Page, fileName: string): Locator => uploadedRow(page, fileName).filter({ has: page.locator('button.name') });

/** The object key of a file that the page shows, once it is verified. */
export async function keyOf(page: Page, fileName: string): Promise<string> {
  await filedRow(page, fileName).first().waitFor();
  const { id, pieceHash } = await fileNamed(fileName);
  return pieceHash === null ? `upload/${id}` : `hash/${pieceHash}`;
}
