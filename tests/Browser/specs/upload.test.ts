import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { choose, keyOf, product, signIn, startUpload, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { readObject } from '../support/object-store.ts';

const browser = useBrowser();

describe('uploading', () => {
  test('a 64 MiB file arrives in the bucket with the same SHA-256', async () => {
    const page = await browser.visit();
    const parts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') parts.push(new URL(request.url()).searchParams.get('partNumber') ?? request.url());
    });
    await signIn(page);
    const file = await randomFile(64 * MiB);
    await choose(page, file);
    await startUpload(page);
    await uploadComplete(page);

    // Straight to the store, in parts of 8 MiB.
    expect(parts.map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: 64 * MiB });
  });

  test('the list says name, size, state and time at once, and after a reload', async () => {
    const page = await browser.visit();
    await signIn(page);
    const file = await randomFile(1536, 'listed');
    await choose(page, file);
    await startUpload(page);
    for (const look of ['at once', 'after a reload']) {
      if (look === 'after a reload') await page.reload();
      const row = uploadedRow(page, file.name);
      await row.waitFor();
      expect(await row.locator('.size').innerText(), look).toBe('1.5 KiB');
      // A file of the library is verified, and what is on its way there says so.
      const state = row.and(page.locator(':has(button.name)')).or(row.locator('.state').getByText(/^(Waiting to be verified|Verifying)$/));
      await state.first().waitFor();
      const when = Date.parse((await row.locator('time').getAttribute('datetime')) ?? '');
      expect(Math.abs(when - Date.now()), look).toBeLessThan(5 * 60_000);
    }
    // The newest is the first, and the page's own upload is not among the unfinished.
    const files = page.locator('#library-list li:not(:has(.reason))');
    expect(await files.locator('.name').first().innerText()).toBe(file.name);
    expect(await page.locator('#unfinished').getByText(file.name).count()).toBe(0);
  });

  test('three files at once arrive, none mixed up', async () => {
    const page = await browser.visit();
    await signIn(page);
    const files = [await randomFile(20 * MiB, 'first'), await randomFile(9 * MiB, 'second'), await randomFile(1, 'third')];
    await choose(page, ...files);
    await startUpload(page);
    await uploadComplete(page);
    for (const file of files) {
      await uploadedRow(page, file.name).waitFor();
      expect(await readObject(product.s3, await keyOf(page, file.name)), file.name).toEqual({ sha256: file.sha256, size: file.size });
    }
  });

  test('a dropped file keeps its name with spaces, Unicode and emoji', async () => {
    const page = await browser.visit();
    await signIn(page);
    const file = await randomFile(70_000, 'Übersicht (2) 東京 ☀️ 📷', 'tar.gz');
    const base64 = await readFile(file.path, 'base64');
    const transfer = await page.evaluateHandle(
      ({ name, content }) => {
        const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
        const made = new DataTransfer();
        made.items.add(new File([bytes], name, { type: 'application/gzip' }));
        return made;
      },
      { name: file.name, content: base64 },
    );
    for (const type of ['dragover', 'drop']) await page.dispatchEvent('#drop-zone', type, { dataTransfer: transfer });
    await startUpload(page);
    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect((await readObject(product.s3, await keyOf(page, file.name))).sha256).toBe(file.sha256);
  });

  test('an empty file is uploaded beside others', async () => {
    const page = await browser.visit();
    await signIn(page);
    const empty = await randomFile(0, 'empty');
    const other = await randomFile(10, 'other');
    await choose(page, empty, other);
    await startUpload(page);
    await uploadComplete(page);
    await uploadedRow(page, other.name).waitFor();
    await uploadedRow(page, empty.name).waitFor();
    const stored = await readObject(product.s3, await keyOf(page, empty.name));
    expect(stored.sha256).toBe(empty.sha256);
  });
});
