import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { filedRow, signIn, uploadedRow, useBrowser } from '../support/browser.ts';
import { emptyCatalog, refuse, store } from '../support/catalogue.ts';
import { barriers, overflow, picture } from '../support/looks.ts';
import { png, wav, webm } from '../support/media-files.ts';

const browser = useBrowser();
const word = randomBytes(4).toString('hex');
const film = webm(4, word);
const longName = `Minutes of the meeting about the meeting, ${'very_'.repeat(20)}long.txt`;

const looks = [
  { name: 'light-wide', options: { colorScheme: 'light', viewport: { width: 1200, height: 900 } } },
  { name: 'dark-wide', options: { colorScheme: 'dark', viewport: { width: 1200, height: 900 } } },
  { name: 'light-360', options: { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
  { name: 'dark-360', options: { colorScheme: 'dark', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } },
] as const;

/** Nothing sticks out, nothing keeps anybody out; and a picture of it, where pictures are wanted. */
async function looksRight(page: Page, look: string, state: string): Promise<void> {
  expect(await overflow(page), state).toBe(0);
  expect(await barriers(page), state).toEqual([]);
  if ((await page.locator('dialog[open]').count()) === 0) await page.locator('#library').scrollIntoViewIfNeeded();
  await picture(page, `library-${state}-${look}`);
}

async function openLibrary(page: Page): Promise<void> {
  await signIn(page);
  await page.locator('#library-list:not([aria-busy])').waitFor({ state: 'attached' });
}

describe('an empty library', () => {
  beforeAll(emptyCatalog);

  test.each(looks)('$name: says what will be there', async ({ name, options }) => {
    const page = await browser.visit(options);
    // Uploads of other tests that came to nothing are told of here, too.
    await page.route('**/v1/uploads?*state=done*', (route) => route.fulfill({ json: { uploads: [], next: null } }));
    await openLibrary(page);
    await page.getByText('Nothing yet. What you upload appears here.').waitFor();
    expect(await page.getByRole('searchbox', { name: 'Search by name' }).isVisible()).toBe(false);
    await looksRight(page, name, 'empty');
  });
});

describe('a library with files', () => {
  beforeAll(async () => {
    await emptyCatalog();
    await store([
      { name: longName, type: 'text/plain', bytes: Buffer.from(word) },
      { name: 'Quarterly report (2).pdf', type: 'application/pdf', bytes: Buffer.from(`%PDF-1.7\n${word}`) },
      { name: 'صورة العطلة.png', type: 'image/png', bytes: png(300, 420, 11) },
      { name: 'interview.wav', type: 'audio/wav', bytes: wav(3, 300) },
      { name: 'claims-to-be.mp4', type: 'video/mp4', bytes: png(64, 64, 12) },
    ]);
    if (film !== null) await store([{ name: 'holiday film.webm', type: 'video/webm', bytes: film }]);
    await store([{ name: 'IMG_2041.png', type: 'image/png', bytes: png(640, 400, 13) }]);
  });

  test.each(looks)('$name: fits and has no barriers in any state', async ({ name, options }) => {
    const page = await browser.visit(options);
    const complaints: string[] = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await openLibrary(page);
    await filedRow(page, 'IMG_2041.png').locator('img.thumbnail').waitFor();
    await looksRight(page, name, 'filled');

    const field = page.getByRole('searchbox', { name: 'Search by name' });
    await field.fill('no such file');
    await page.getByText('No file is like that.').waitFor();
    await looksRight(page, name, 'no-results');
    await page.getByRole('button', { name: 'Show all files' }).click();
    await filedRow(page, longName).waitFor();

    const viewer = page.locator('dialog.viewer');
    const open = (file: string) => filedRow(page, file).getByRole('button', { name: file, exact: true }).click();
    await open('IMG_2041.png');
    await expect.poll(() => viewer.locator('img.view').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(640);
    await looksRight(page, name, 'viewer-image');
    await viewer.getByRole('button', { name: 'Close' }).click();

    if (film !== null) {
      await open('holiday film.webm');
      await expect.poll(() => viewer.locator('video.view').evaluate((video: HTMLVideoElement) => video.readyState)).toBeGreaterThan(1);
      await looksRight(page, name, 'viewer-video');
      await viewer.getByRole('button', { name: 'Close' }).click();
    }

    await open('interview.wav');
    await viewer.locator('audio.view').waitFor();
    await looksRight(page, name, 'viewer-audio');
    await viewer.getByRole('button', { name: 'Close' }).click();

    await open('claims-to-be.mp4');
    await viewer.getByText('The bytes are something else.').waitFor();
    await viewer.locator('.details').evaluate((details) => details.scrollIntoView({ block: 'end' }));
    await looksRight(page, name, 'details');
    await viewer.getByRole('button', { name: 'Close' }).click();

    await open(longName);
    await viewer.getByText('There is no preview').waitFor();
    await looksRight(page, name, 'viewer-nothing');
    await viewer.getByRole('button', { name: 'Close' }).click();

    await page.getByRole('button', { name: 'Copy a link to IMG_2041.png' }).click();
    const link = page.getByRole('dialog', { name: 'Copy a link to IMG_2041.png' });
    await looksRight(page, name, 'link');
    await link.getByRole('button', { name: 'Copy link' }).click();
    await link.getByText(/It works until/).waitFor();
    await looksRight(page, name, 'link-made');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: `Delete ${longName}` }).click();
    await page.getByRole('alertdialog').waitFor();
    await looksRight(page, name, 'delete');
    await page.keyboard.press('Escape');
    expect(complaints).toEqual([]);

    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('#library-failure').getByText('The server can’t be reached.').waitFor();
    await looksRight(page, name, 'failure');
  });

  test.each(looks)('$name: what has just come shows itself', async ({ name, options }) => {
    const page = await browser.visit(options);
    await openLibrary(page);
    const fresh = `${name} ${word}`;
    await store([
      { name: `${fresh}.png`, type: 'image/png', bytes: png(480, 320, Date.now() % 100_000) },
      { name: `${fresh}.wav`, type: 'audio/wav', bytes: wav(2, 200 + (Date.now() % 500)) },
    ]);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await filedRow(page, `${fresh}.wav`).locator('audio.view').waitFor();
    await expect.poll(() => filedRow(page, `${fresh}.png`).locator('img.view').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(480);
    await looksRight(page, name, 'just-come');
  });

  test.each(looks)('$name: what was refused says why, and can be dismissed', async ({ name, options }) => {
    const names = [`${name} ${word}.txt`, `${name}-${'very-'.repeat(12)}long-${word}.png`];
    await refuse(names.map((called, index) => ({ name: called, type: index === 0 ? 'text/plain' : 'image/png', bytes: Buffer.from(`${called} refused`) })));
    const page = await browser.visit(options);
    await openLibrary(page);
    for (const called of names) await page.getByRole('button', { name: `Dismiss ${called}` }).waitFor();
    await looksRight(page, name, 'refused');
    for (const called of names) {
      await page.getByRole('button', { name: `Dismiss ${called}` }).click();
      await uploadedRow(page, called).waitFor({ state: 'detached' });
    }
    expect(await overflow(page)).toBe(0);
  });
});
