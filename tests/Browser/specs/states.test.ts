import { open } from 'node:fs/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { choose, product, signIn, transferRow, uploadComplete, useBrowser } from '../support/browser.ts';
import { MiB, namedFile, randomFile, type TestFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { barriers, overflow, picture } from '../support/looks.ts';
import { arrivals } from '../support/parts.ts';

const browser = useBrowser();
const wide = { width: 1100, height: 780 };

/** Uploads that a test leaves are not to be seen in the next one's picture. */
const cleanUp = async () => {
  const page = await browser.visit();
  await signIn(page);
  await page.evaluate(async () => {
    const { permission } = JSON.parse(sessionStorage.getItem('media.session') ?? '{}') as { permission: { permission: string } };
    const headers = { authorization: `Bearer ${permission.permission}` };
    const answer = await fetch('/v1/uploads?state=active&limit=1000', { headers });
    const { uploads } = (await answer.json()) as { uploads: { tag: string }[] };
    for (const { tag } of uploads) await fetch(`/v1/uploads/${tag}`, { method: 'DELETE', headers });
  });
  await page.context().close();
};

describe.each(['light', 'dark'] as const)('every state of the page, %s', (colorScheme) => {
  beforeEach(cleanUp);
  afterAll(cleanUp);

  async function visit(options: BrowserContextOptions = {}): Promise<Page> {
    return browser.visit({ colorScheme, viewport: wide, ...options });
  }

  async function visitOver(rate: number): Promise<{ page: Page; line: Line }> {
    const line = await Line.open(rate);
    onTestFinished(() => line.close());
    return { page: await visit({ proxy: { server: line.url } }), line };
  }

  /** No state has a barrier, and none is wider than the window, nor than a phone's. */
  async function looksRight(page: Page, name: string): Promise<void> {
    await picture(page, `${name}-${colorScheme}`);
    expect(await barriers(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.setViewportSize({ width: 360, height: 740 });
    await picture(page, `${name}-${colorScheme}-360`);
    expect(await overflow(page)).toBe(0);
    await page.setViewportSize(wide);
  }

  test('signed out, and a wrong password', async () => {
    const page = await visit();
    await page.getByLabel('Password').waitFor();
    await looksRight(page, 'signed-out');
    await page.getByLabel('Password').fill('not the password');
    await page.getByLabel('Password').press('Enter');
    await page.getByText('That password isn’t right.').waitFor();
    await looksRight(page, 'wrong-password');
  });

  test('empty, and hash only', async () => {
    const page = await visit();
    await signIn(page);
    await looksRight(page, 'empty');
    await page.getByText('Hash only').click();
    await page.locator('#hash-field').setInputFiles([(await namedFile(9 * MiB, 'lecture.mp4')).path]);
    await page.getByText('Not stored', { exact: true }).waitFor();
    await looksRight(page, 'hash-only');
  });

  test('uploading, paused, offline', async () => {
    // So slow that there is time to look.
    const { page, line } = await visitOver(MiB / 2);
    await signIn(page);
    const files = [await namedFile(120 * MiB, 'holiday in Norway.mp4'), await namedFile(64 * MiB, 'interview.wav'), await namedFile(2 * MiB, 'IMG_2041.HEIC')];
    await choose(page, ...files);
    await transferRow(page, 'IMG_2041.HEIC').locator('.state').getByText('Verified').waitFor();
    await transferRow(page, 'holiday in Norway.mp4').getByText(/left$/).waitFor();
    await looksRight(page, 'uploading');
    await page.getByRole('button', { name: 'Pause all' }).click();
    await page.getByText(/^Paused at/).first().waitFor();
    expect(await page.title()).toMatch(/^Paused – 2 files – Media$/);
    await looksRight(page, 'paused');
    await page.getByRole('button', { name: 'Resume all' }).click();
    await page.getByText(/^(Uploading|Hashing) \d+ %$/).first().waitFor();
    line.cut();
    await page.context().setOffline(true);
    await page.getByText('No connection', { exact: true }).first().waitFor();
    await looksRight(page, 'offline');
  });

  test('hashing, and a duplicate', async () => {
    const page = await visit();
    await signIn(page);
    const file = await randomFile(60 * MiB, 'twice', 'mp4');
    await choose(page, file);
    await uploadComplete(page);
    await page.getByRole('button', { name: 'Clear finished' }).click();
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    // It is hashed until the server has been told the hash, which is held back.
    await page.route(/\/v1\/uploads(:batch)?$/, async (route) => {
      if (/"pieceHash":"/.test(route.request().postData() ?? '')) await released;
      await route.continue();
    });
    await choose(page, file);
    await transferRow(page, file.name).getByText(/^Hashing \d+ %$/).waitFor();
    await looksRight(page, 'hashing');
    release();
    await uploadComplete(page);
    await transferRow(page, file.name).getByText('the same content was there already, nothing was sent').waitFor();
    await looksRight(page, 'duplicate');
  });

  test('verifying, and done', async () => {
    const page = await visit();
    await signIn(page);
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    // The news of the verification is held back.
    await page.route(/\/v1\/uploads\/[^/]+\/events$/, async (route) => {
      await released;
      await route.continue();
    });
    const file = await namedFile(20 * MiB, 'concert.flac');
    await choose(page, file);
    await transferRow(page, file.name).locator('.state').getByText('Verifying').waitFor();
    expect(await page.title()).toBe('Verifying – Media');
    await looksRight(page, 'verifying');
    release();
    await uploadComplete(page);
    expect(await page.title()).toBe('Media');
    await looksRight(page, 'done');
  });

  test('held by another tab', async () => {
    const { page } = await visitOver(MiB / 4);
    await signIn(page);
    const second = await page.context().newPage();
    await second.goto(product.url);
    await signIn(second);
    const file = await namedFile(64 * MiB, 'documentary.mkv');
    await choose(page, file);
    await transferRow(page, file.name).getByText(/^Uploading/).waitFor();
    await choose(second, file);
    await transferRow(second, file.name).getByText(/^Another tab of this browser/).waitFor();
    await looksRight(second, 'locked');
    await transferRow(second, file.name).getByRole('button', { name: /^Take over/ }).click();
    await transferRow(page, file.name).getByText(/^Taken over/).waitFor();
    await looksRight(page, 'taken-over');
  });

  test('unfinished after a reload, and refused by verification', async () => {
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    // Parts without checksums: with them, those that changed are sent once more, and nothing is wrong.
    await page.route('**/v1/uploads', async (route) => {
      const { checksum: _, ...upload } = route.request().postDataJSON() as Record<string, unknown>;
      await route.continue({ postData: upload });
    });
    const arrived = arrivals(page);
    const file = await namedFile(64 * MiB, 'expedition.mov');
    const next = await page.context().newPage();
    await choose(page, file);
    await arrived.reach(3);
    await page.close({ runBeforeUnload: false });
    await next.goto(product.url);
    await signIn(next);
    const row = next.getByRole('region', { name: 'Unfinished' }).getByRole('listitem').filter({ hasText: file.name });
    await row.waitFor();
    await looksRight(next, 'unfinished');

    await changeInTheMiddle(file, 8 * MiB * (Math.min(...arrived.count.keys()) - 1) + 4 * MiB);
    await choose(next, file);
    await transferRow(next, file.name).getByText('Does not match').waitFor();
    await transferRow(next, file.name).getByText(/^What arrived is not the file as it was announced, most likely because it changed on disk/).waitFor();
    await looksRight(next, 'mismatched');
  });
});

/** Writes other bytes into a file, where neither its size nor its tip hash tells. */
async function changeInTheMiddle(file: TestFile, at: number): Promise<void> {
  const handle = await open(file.path, 'r+');
  try {
    await handle.write(Buffer.alloc(64 * 1024, 7), 0, 64 * 1024, at);
  } finally {
    await handle.close();
  }
}
