import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, chooseAndSend, keyOf, product, signIn, transferRow, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, randomFile, type TestFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { readObject } from '../support/object-store.ts';
import { arrivals } from '../support/parts.ts';

const browser = useBrowser();

/** How many files the browser keeps for this page. */
const kept = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const open = indexedDB.open('media');
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
          const count = open.result.transaction('files').objectStore('files').count();
          count.onsuccess = () => resolve(count.result);
          count.onerror = () => reject(count.error);
        };
      }),
  );

async function visitOver(rate: number): Promise<{ page: Page; line: Line }> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  return { page: await browser.visit({ proxy: { server: line.url } }), line };
}

/** The tab dies, as by a crash: nothing of it runs any more. A new one takes its place, in the same browser. */
async function killAndReopen(page: Page): Promise<Page> {
  const context = page.context();
  const next = await context.newPage();
  await page.close({ runBeforeUnload: false });
  await next.goto(product.url);
  await signIn(next);
  return next;
}

async function arrivedWhole(page: Page, file: TestFile): Promise<void> {
  await uploadedRow(page, file.name).first().waitFor();
  expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
}

describe('after the tab was killed', () => {
  test('a small file goes on by itself, and is kept no longer than that', async () => {
    const { page } = await visitOver(MiB / 4);
    await signIn(page);
    const file = await randomFile(6 * MiB, 'small');
    await chooseAndSend(page, file);
    await expect.poll(() => kept(page)).toBe(1);

    const next = await killAndReopen(page);
    await transferRow(next, file.name).waitFor();
    await uploadComplete(next);
    await arrivedWhole(next, file);
    await expect.poll(() => kept(next)).toBe(0);
  });

  test('a large file is asked for; another one is told apart, the right one sends only what is missing', async () => {
    const { page } = await visitOver(MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(96 * MiB, 'large');
    const other = await randomFile(96 * MiB, 'other');
    const short = await randomFile(10, 'short');
    await choose(page, file);
    // Half of its twelve parts.
    await arrived.reach(6);
    const before = [...arrived.count.keys()];

    const next = await killAndReopen(page);
    const sent = arrivals(next);
    const row = next.getByRole('region', { name: 'Unfinished' }).getByRole('listitem').filter({ hasText: file.name });
    await row.waitFor();
    await pick(next, row.getByRole('button', { name: `Choose the file of ${file.name}, to go on with it` }), short);
    await row.getByText(`That is another file: ${short.name} has 10 bytes, ${file.name} has 96 MiB.`).waitFor();
    await pick(next, row.getByRole('button', { name: /^Choose the file/ }), other);
    await row.getByText('its contents differ').waitFor();
    await pick(next, row.getByRole('button', { name: /^Choose the file/ }), file);
    await row.waitFor({ state: 'detached' });

    await uploadComplete(next);
    expect(before.filter((part) => sent.count.has(part))).toEqual([]);
    expect(sent.count.size).toBeLessThanOrEqual(12 - before.length);
    await arrivedWhole(next, file);
    await expect.poll(() => kept(next)).toBe(0);
  });

  test('a file that the browser has a handle of goes on by itself, whatever its size', async () => {
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    await chooseByHandle(page, 'from-a-handle.bin');
    await arrived.reach(2);
    const before = [...arrived.count.keys()];

    const next = await killAndReopen(page);
    const sent = arrivals(next);
    await transferRow(next, 'from-a-handle.bin').waitFor();
    await uploadComplete(next);
    expect(before.filter((part) => sent.count.has(part))).toEqual([]);
    await expect.poll(() => kept(next)).toBe(0);
  });

  test('a file that the browser wants the person asked about goes on after a click', async () => {
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    await chooseByHandle(page, 'asked-about.bin');
    await arrived.reach(2);
    const before = [...arrived.count.keys()];
    // Files on a disk are asked about once the tab was closed.
    await page.context().addInitScript(() => {
      let state = 'prompt';
      Object.assign(FileSystemFileHandle.prototype, { queryPermission: async () => state, requestPermission: async () => (state = 'granted') });
    });

    const next = await killAndReopen(page);
    const sent = arrivals(next);
    const row = next.getByRole('region', { name: 'Unfinished' }).getByRole('listitem').filter({ hasText: 'asked-about.bin' });
    await row.getByText('The browser still knows the file, and asks you before it reads it again.').waitFor();
    expect(await transferRow(next, 'asked-about.bin').count()).toBe(0);
    await row.getByRole('button', { name: 'Allow reading of asked-about.bin, to go on with it' }).click();
    await uploadComplete(next);
    expect(before.filter((part) => sent.count.has(part))).toEqual([]);
    await expect.poll(() => kept(next)).toBe(0);
  });

  test('signing out drops what is kept', async () => {
    const { page } = await visitOver(MiB / 4);
    await signIn(page);
    await chooseAndSend(page, await randomFile(6 * MiB, 'private'));
    await expect.poll(() => kept(page)).toBe(1);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    await expect.poll(() => kept(page)).toBe(0);
  });
});

describe('after a reload', () => {
  test('five files that were on their way go on by themselves', async () => {
    const { page, line } = await visitOver(MiB / 2);
    await signIn(page);
    const files = await Promise.all(Array.from({ length: 5 }, (_, index) => randomFile(5 * MiB, `reloaded-${index}`)));
    await chooseAndSend(page, ...files);
    await expect.poll(() => kept(page)).toBe(5);
    line.cut();
    line.mend();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    for (const file of files) await transferRow(page, file.name).waitFor();
    await uploadComplete(page);
    for (const file of files) await arrivedWhole(page, file);
  });
});

/** Chooses a file by a handle. Those of the page's own file system are like those of a disk, but for the questions that a browser asks a person. */
async function chooseByHandle(page: Page, name: string): Promise<void> {
  await page.evaluate(async (called) => {
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle(called, { create: true });
    const writer = await handle.createWritable();
    for (let mebibyte = 0; mebibyte < 112; mebibyte++) {
      const bytes = new Uint8Array(1024 * 1024);
      for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
      await writer.write(bytes);
    }
    await writer.close();
    Object.assign(window, { showOpenFilePicker: async () => [handle] });
  }, name);
  await page.getByRole('button', { name: 'Choose files' }).click();
}

/** Presses a button that opens a file dialog, and chooses the file there. */
async function pick(page: Page, button: ReturnType<Page['getByRole']>, file: TestFile): Promise<void> {
  // As in browsers that have no other dialog than the file field's.
  await page.evaluate(() => Reflect.deleteProperty(window, 'showOpenFilePicker'));
  const dialog = page.waitForEvent('filechooser');
  await button.click();
  await (await dialog).setFiles(file.path);
}
