import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { choose, signIn, uploadComplete, useBrowser } from '../support/browser.ts';
import { fileNamed } from '../support/catalogue.ts';
import { MiB, randomFile, type TestFile } from '../support/files.ts';
import { sendsBytes } from '../support/parts.ts';

const browser = useBrowser();

/** The row of a file whose hashes were asked for. */
const hashRow = (page: Page, file: TestFile) => page.locator('#hash-list li').filter({ hasText: file.name });

async function hashOnly(page: Page, file: TestFile): Promise<void> {
  await page.locator('#hash-only details').evaluate((details: HTMLDetailsElement) => (details.open = true));
  await page.locator('#hash-field').setInputFiles(file.path);
}

describe('hash only', () => {
  test('shows both hashes of a file, copies them, and sends nothing', async () => {
    const page = await browser.visit({ permissions: ['clipboard-read', 'clipboard-write'] });
    await signIn(page);
    const sent: string[] = [];
    page.on('request', (request) => sendsBytes(request) && sent.push(request.url()));
    const file = await randomFile(20 * MiB, 'hashed');
    await hashOnly(page, file);
    const row = hashRow(page, file);
    await row.getByText('Not stored', { exact: true }).waitFor();
    const [tip, piece] = await row.locator('code').allInnerTexts();
    expect(tip).toMatch(/^[A-Z2-7]{52}$/);
    expect(piece).toMatch(/^[A-Z2-7]{52}$/);
    await row.getByRole('button', { name: `Copy the piece hash of ${file.name}` }).click();
    await row.getByText('Copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(piece);
    expect(sent).toEqual([]);
    expect(await page.locator('#transfer-list li').count()).toBe(0);
    await row.getByRole('button', { name: /^Remove/ }).click();
    await row.waitFor({ state: 'detached' });
  });

  test('says that a content is stored already, and shows the hash that the server found', async () => {
    const page = await browser.visit();
    await signIn(page);
    const file = await randomFile(5 * MiB, 'stored');
    await choose(page, file);
    await uploadComplete(page);
    await hashOnly(page, file);
    await hashRow(page, file).getByText('Stored already').waitFor();
    const [, piece] = await hashRow(page, file).locator('code').allInnerTexts();
    expect((await fileNamed(file.name)).pieceHash).toBe(piece);
  });

  test('what is dropped there is hashed and not uploaded, and hashing can be cancelled', async () => {
    const page = await browser.visit();
    await signIn(page);
    await page.locator('#hash-only details').evaluate((details: HTMLDetailsElement) => (details.open = true));
    const transfer = await page.evaluateHandle(() => {
      const made = new DataTransfer();
      // So large that no machine has hashed it before it is cancelled: the same bytes again and again, which take their room once.
      const some = new Blob([new Uint8Array(256 * 1024 * 1024)]);
      made.items.add(new File(Array.from({ length: 400 }, () => some), 'zeros.bin'));
      return made;
    });
    await page.dispatchEvent('#hash-list', 'drop', { dataTransfer: transfer });
    const row = page.locator('#hash-list li');
    await row.getByText(/^Hashing \d+ %$/).waitFor();
    await row.getByRole('button', { name: 'Cancel hashing zeros.bin' }).click();
    await row.waitFor({ state: 'detached' });
    // One file is hashed at a time: the next one has its turn at once.
    const next = await randomFile(5 * MiB, 'next');
    await hashOnly(page, next);
    await hashRow(page, next).getByText('Not stored', { exact: true }).waitFor();
    expect(await page.locator('#transfer-list li').count()).toBe(0);
  });

  test('an empty file has no hash, and it is said', async () => {
    const page = await browser.visit();
    await signIn(page);
    const file = await randomFile(0, 'nothing');
    await hashOnly(page, file);
    await hashRow(page, file).getByText('The file is empty, and an empty file has no hash.').waitFor();
  });
});
