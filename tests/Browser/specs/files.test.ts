import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, chooseAndSend, keyOf, product, signIn, transferRow, unfinishedRow, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { isActive } from '../support/catalogue.ts';
import { MiB, randomFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { barriers, overflow } from '../support/looks.ts';
import { readObject } from '../support/object-store.ts';
import { sendsBytes } from '../support/parts.ts';

const browser = useBrowser();

/** Whether the browser would ask before it leaves the page now. */
const asksBeforeLeaving = (page: Page) => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));

async function visitOver(rate: number, options = {}): Promise<{ page: Page; line: Line }> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  return { page: await browser.visit({ proxy: { server: line.url }, ...options }), line };
}

describe('ways into the page', () => {
  test('a folder goes with all that is in it, and says where each file was', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'media-folder-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'day 1', 'beach'), { recursive: true });
    const word = Math.random().toString(36).slice(2);
    await writeFile(join(folder, `top-${word}.txt`), `top ${word}`);
    await writeFile(join(folder, 'day 1', 'beach', `deep-${word}.txt`), `deep ${word}`);
    const page = await browser.visit();
    await signIn(page);
    await page.locator('#folder-field').setInputFiles(folder);
    await uploadComplete(page);
    expect(await page.locator('#transfer-list li').count()).toBe(2);
    await page.locator('#transfer-list .folder').getByText(/day 1\/beach\/$/).waitFor();
    await uploadedRow(page, `deep-${word}.txt`).waitFor();
    await uploadedRow(page, `top-${word}.txt`).waitFor();
  });

  test('a picture that is pasted gets a name of its own', async () => {
    const page = await browser.visit();
    await signIn(page);
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([crypto.getRandomValues(new Uint8Array(4_000))], 'image.png', { type: 'image/png' }));
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    });
    await page.locator('#transfer-list .name').getByText(/^Pasted \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/).waitFor();
    await uploadComplete(page);
  });

  test('a file that the browser gives a handle of is uploaded from it', async () => {
    const page = await browser.visit();
    await signIn(page);
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const handle = await root.getFileHandle('picked.bin', { create: true });
      const writer = await handle.createWritable();
      await writer.write(crypto.getRandomValues(new Uint8Array(5_000)));
      await writer.close();
      Object.assign(window, { showOpenFilePicker: async () => [handle] });
    });
    await page.getByRole('button', { name: 'Choose files' }).click();
    await transferRow(page, 'picked.bin').waitFor();
    await uploadComplete(page);
  });

  test('a phone offers its camera, a desk does not', async () => {
    const desk = await browser.visit();
    await signIn(desk);
    expect(await desk.getByRole('button', { name: 'Take a picture' }).isVisible()).toBe(false);
    const phone = await browser.visit({ isMobile: true, hasTouch: true, viewport: { width: 360, height: 740 } });
    await signIn(phone);
    const camera = phone.waitForEvent('filechooser');
    await phone.getByRole('button', { name: 'Take a picture' }).click();
    expect(await (await camera).element().getAttribute('capture')).toBe('environment');
  });
});

describe('many files', () => {
  test('five hundred small ones are all verified, and the page answers meanwhile', async () => {
    const page = await browser.visit();
    await signIn(page);
    const files = await Promise.all(Array.from({ length: 500 }, (_, index) => randomFile(20 * 1024, `many-${index}`)));
    await choose(page, ...files);
    // Pressed in the middle of it all.
    await page.getByText('Hash only').click();
    await page.getByRole('button', { name: 'Choose files to hash' }).waitFor();
    await uploadComplete(page);
    // They are drawn in the next frame.
    await expect.poll(() => page.locator('#transfer-totals').innerText()).toBe('500 files · 500 done');
    await expect.poll(() => page.locator('#transfer-list li[data-state=verified]').count()).toBe(500);
    // Whatever other visits left there.
    await expect.poll(() => page.locator('#unfinished-list li').filter({ hasText: 'many-' }).count()).toBe(0);
  });
});

describe('the same file twice', () => {
  test('the second is stored already, and nothing of it is sent', async () => {
    const page = await browser.visit();
    await signIn(page);
    const file = await randomFile(24 * MiB, 'twice');
    await choose(page, file);
    await uploadComplete(page);
    await page.getByRole('button', { name: 'Clear finished' }).click();
    const sent: string[] = [];
    page.on('request', (request) => sendsBytes(request) && sent.push(request.url()));
    await choose(page, file);
    await uploadComplete(page);
    await transferRow(page, file.name).getByText('the same content was there already, nothing was sent').waitFor();
    expect(sent).toEqual([]);
  });

  test('chosen again while it is on its way, it is said and not sent twice', async () => {
    const { page } = await visitOver(MiB / 2);
    await signIn(page);
    const file = await randomFile(24 * MiB, 'again');
    await chooseAndSend(page, file);
    await choose(page, file);
    await page.getByRole('alert').getByText(`${file.name} is being uploaded already.`).waitFor();
    expect(await page.locator('#transfer-list li').count()).toBe(1);
    await uploadComplete(page);
  });
});

describe('while files are on their way', () => {
  test('the title tells how far, and leaving is asked about exactly as long as something would be lost', async () => {
    const { page } = await visitOver(4 * MiB);
    await signIn(page);
    expect([await page.title(), await asksBeforeLeaving(page)]).toEqual(['Media', false]);
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let send = () => {};
    const maySend = new Promise<void>((resolve) => (send = resolve));
    await page.route(/\/v1\/uploads\/[^/]+\/events$/, async (route) => {
      await released;
      await route.continue();
    });
    // It does not come to its end while it is looked at.
    await page.route(/[?&]partNumber=5(&|$)/, async (route) => {
      await maySend;
      await route.continue();
    });
    const file = await randomFile(40 * MiB, 'titled', 'mp4');
    await choose(page, file);
    await expect.poll(() => page.title()).toMatch(new RegExp(`^[1-9]\\d? % – ${file.name} – Media$`));
    expect(await asksBeforeLeaving(page)).toBe(true);
    send();
    await transferRow(page, file.name).locator('.state').getByText('Verifying').waitFor();
    expect([await page.title(), await asksBeforeLeaving(page)]).toEqual(['Verifying – Media', false]);
    release();
    await uploadComplete(page);
    expect([await page.title(), await asksBeforeLeaving(page)]).toEqual(['Media', false]);
  });

  test('the keyboard alone pauses, resumes and cancels, and the focus stays where it makes sense', async () => {
    const { page } = await visitOver(MiB / 4);
    await signIn(page);
    const file = await randomFile(64 * MiB, 'keys');
    await chooseAndSend(page, file);
    const row = transferRow(page, file.name);
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    await row.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await row.getByText(/^Paused/).waitFor();
    await expect.poll(focused).toBe(`Resume ${file.name}`);
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe(`Pause ${file.name}`);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe(`Cancel ${file.name}`);
    await page.keyboard.press('Enter');
    await row.waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('Upload');
    // On the server too, and whatever other visits left there, this one is not among it.
    await expect.poll(() => isActive(file.name)).toBe(false);
    await unfinishedRow(page, file.name).waitFor({ state: 'detached' });
  });

  test('progress is told to those who hear the page at quarters, not at each percent', async () => {
    const { page } = await visitOver(MiB / 2);
    await signIn(page);
    await page.evaluate(() => {
      const said: string[] = [];
      const announcer = document.querySelector('#announcer');
      // What was said, though something else was by the time that this is called.
      const heard = (changes: readonly MutationRecord[]) => said.push(...changes.flatMap(({ addedNodes }) => [...addedNodes].map(({ textContent }) => textContent ?? '')));
      if (announcer) new MutationObserver(heard).observe(announcer, { childList: true });
      Object.assign(window, { said });
    });
    const file = await randomFile(48 * MiB, 'heard');
    await choose(page, file);
    await uploadComplete(page);
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    expect(said.filter((text) => text.includes('percent')).length).toBeLessThanOrEqual(3);
    expect(said).toContain('50 percent uploaded.');
    expect(said).toContain(`${file.name} is verified.`);
  });

  test('a phone with a slow processor stays usable, and the bytes are right', async () => {
    const { page } = await visitOver(1 * MiB, { isMobile: true, hasTouch: true, viewport: { width: 360, height: 740 } });
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
    await signIn(page);
    const files = [await randomFile(48 * MiB, 'slow'), ...(await Promise.all(Array.from({ length: 30 }, (_, index) => randomFile(20_000, `small-${index}`))))];
    await chooseAndSend(page, ...files);
    // A press is answered while everything else goes on.
    const first = transferRow(page, files[0]?.name ?? '');
    await first.getByRole('button', { name: /^Pause/ }).click();
    await first.getByText(/^Paused/).waitFor();
    expect(await overflow(page)).toBe(0);
    expect(await barriers(page)).toEqual([]);
    await first.getByRole('button', { name: /^Resume/ }).click();
    await uploadComplete(page);
    const [large] = files;
    if (!large) expect.unreachable('there is a large file');
    await uploadedRow(page, large.name).waitFor();
    expect((await readObject(product.s3, await keyOf(page, large.name))).sha256).toBe(large.sha256);
  });
});
