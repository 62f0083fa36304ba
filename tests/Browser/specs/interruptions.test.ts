import type { Page, Request } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, keyOf, product, signIn, startUpload, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { readObject } from '../support/object-store.ts';

const browser = useBrowser();

/** A visit over a line that takes a second or so for every part, so that there is a middle to interrupt. */
async function visitOver(rate: number): Promise<{ page: Page; line: Line }> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  return { page: await browser.visit({ proxy: { server: line.url } }), line };
}

/** The number of the part that a request sends to the store; null for any other request. */
function partOf(request: Request): number | null {
  const part = new URL(request.url()).searchParams.get('partNumber');
  return request.method() === 'PUT' && part !== null ? Number(part) : null;
}

/** Counts the parts that arrived in the store, by number. */
function arrivals(page: Page): { count: Map<number, number>; reach(parts: number): Promise<void> } {
  const count = new Map<number, number>();
  let wake = () => {};
  page.on('response', (response) => {
    const part = partOf(response.request());
    if (part === null || !response.ok()) return;
    count.set(part, (count.get(part) ?? 0) + 1);
    wake();
  });
  return {
    count,
    async reach(parts) {
      const deadline = setTimeout(() => wake(), 60_000);
      const end = Date.now() + 60_000;
      while (count.size < parts && Date.now() < end) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(deadline);
      expect(count.size).toBeGreaterThanOrEqual(parts);
    },
  };
}

describe('interruptions', () => {
  test.each([
    { what: 'the line is cut', offline: false },
    { what: 'the line is cut, and the browser knows', offline: true },
  ])('an upload goes on by itself after $what for some seconds', async ({ offline }) => {
    const { page, line } = await visitOver(8 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(64 * MiB, 'cut');
    await choose(page, file);
    const third = page.waitForRequest((request) => partOf(request) === 3);
    await startUpload(page);
    await third;

    // In the middle of the third part.
    const broken = page.waitForEvent('requestfailed', (request) => partOf(request) === 3);
    line.cut();
    if (offline) await page.context().setOffline(true);
    await broken;
    await page.getByText('The connection is lost. The upload goes on by itself when it is back.').first().waitFor();
    // The length of the cut is what this test is about: longer than the retries of a part.
    await page.waitForTimeout(4_000);
    expect(arrived.count.size).toBe(2);
    line.mend();
    if (offline) await page.context().setOffline(false);

    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
    // What had arrived before the cut was not sent again.
    expect([arrived.count.get(1), arrived.count.get(2)]).toEqual([1, 1]);
  });

  test('a permission that the server no longer accepts is said, and after signing in the upload goes on', async () => {
    const { page } = await visitOver(8 * MiB);
    await signIn(page);
    const permission = await page.evaluate(() => JSON.parse(sessionStorage.getItem('media.session') ?? '{}').permission.permission as string);
    const arrived = arrivals(page);
    const file = await randomFile(64 * MiB, 'expired');
    await choose(page, file);
    await startUpload(page);
    await arrived.reach(2);

    // From here on the server sees a damaged permission wherever the page sends this one.
    const damaged = `${permission.slice(0, -8)}AAAAAAAA`;
    await page.route(
      (url) => url.origin === product.url,
      async (route) => {
        const request = route.request();
        const headers = await request.allHeaders();
        if (headers['authorization']?.endsWith(permission)) headers['authorization'] = `Bearer ${damaged}`;
        await route.continue({ url: request.url().replace(encodeURIComponent(permission), encodeURIComponent(damaged)), headers });
      },
    );
    await page.getByText('Your sign-in has run out. Enter the password again, and the uploads go on.').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);

    await signIn(page);
    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
    expect([arrived.count.get(1), arrived.count.get(2)]).toEqual([1, 1]);
  });

  test('a permission that runs out while nothing happens is said, and signing in is offered', async () => {
    const page = await browser.visit();
    await page.clock.install();
    // So that the page starts with the clock that can be moved.
    await page.reload();
    await signIn(page);
    const endsAt = await page.evaluate(() => JSON.parse(sessionStorage.getItem('media.session') ?? '{}').endsAt as number);
    await page.clock.fastForward(endsAt - (await page.evaluate(() => Date.now())) + 1_000);
    await page.getByText('Your sign-in has run out.').waitFor();
    expect(await page.getByLabel('Password').evaluate((field) => field === document.activeElement)).toBe(true);
    await signIn(page);
  });

  test('an upload that another visit left unfinished is shown apart and can be aborted', async () => {
    const { page } = await visitOver(8 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(40 * MiB, 'left');
    await choose(page, file);
    await startUpload(page);
    await arrived.reach(1);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.close({ runBeforeUnload: false });

    const next = await browser.visit();
    await signIn(next);
    const unfinished = next.getByRole('region', { name: 'Unfinished' });
    const row = unfinished.getByRole('listitem').filter({ hasText: file.name });
    await row.waitFor();
    await row.getByRole('button', { name: `Abort the upload of ${file.name}` }).click();
    await row.waitFor({ state: 'detached' });
    await next.reload();
    await next.getByRole('heading', { name: 'Library' }).waitFor();
    await next.locator('#library-list:not([aria-busy])').waitFor({ state: 'attached' });
    expect(await next.getByText(file.name).count()).toBe(0);
  });
});
