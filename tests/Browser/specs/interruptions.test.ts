import { appendFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, keyOf, product, signIn, transferRow, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { busyStore } from '../support/busy-store.ts';
import { MiB, randomFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { readObject } from '../support/object-store.ts';
import { arrivals, partOf } from '../support/parts.ts';
import { expectStored, watchParts } from '../support/uppy-media.ts';

const browser = useBrowser();

/** A visit over a line that takes a second or so for every part, so that there is a middle to interrupt. */
async function visitOver(rate: number): Promise<{ page: Page; line: Line }> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  return { page: await browser.visit({ proxy: { server: line.url } }), line };
}

describe('interruptions', () => {
  test.each([
    { what: 'the line is cut', offline: false },
    { what: 'the line is cut, and the browser knows', offline: true },
  ])('an upload goes on by itself after $what for some seconds', async ({ offline }) => {
    const { page, line } = await visitOver(4 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(96 * MiB, 'cut');
    await choose(page, file);
    await arrived.reach(2);

    // In the middle of some parts.
    const broken = page.waitForEvent('requestfailed', (request) => partOf(request) !== null);
    line.cut();
    if (offline) await page.context().setOffline(true);
    await broken;
    await page.getByText('The connection is lost. The upload goes on by itself when it is back.').first().waitFor();
    await transferRow(page, file.name).locator('.state').getByText('No connection').waitFor();
    const before = [...arrived.count.keys()];
    expect(before.length).toBeLessThan(12);
    // The length of the cut is what this test is about: longer than the retries of a part.
    await page.waitForTimeout(4_000);
    expect([...arrived.count.keys()]).toEqual(before);
    line.mend();
    if (offline) await page.context().setOffline(false);

    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
    // What had arrived before the cut was not sent again.
    expect(before.map((part) => arrived.count.get(part))).toEqual(before.map(() => 1));
  });

  test('the cable is pulled for 20 seconds in the middle, and nothing is lost', async () => {
    const { page, line } = await visitOver(3 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(96 * MiB, 'cable');
    await choose(page, file);
    await arrived.reach(5);
    line.cut();
    const before = [...arrived.count.keys()];
    await page.locator('#connection-lost').waitFor();
    // How long the cable is out is what this test is about.
    await page.waitForTimeout(20_000);
    expect(await transferRow(page, file.name).locator('.state').innerText()).toBe('No connection');
    line.mend();
    await transferRow(page, file.name).locator('.state').getByText(/^(Uploading|Hashing)/).waitFor();
    await page.locator('#connection-lost').waitFor({ state: 'hidden' });
    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
    expect(before.map((part) => arrived.count.get(part))).toEqual(before.map(() => 1));
  });

  test('what was given up after a long outage goes on when the server answers again', async () => {
    const { page, line } = await visitOver(2 * MiB);
    await page.clock.install();
    // So that the page starts with the clock that can be moved.
    await page.reload();
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(48 * MiB, 'outage');
    await choose(page, file);
    await arrived.reach(2);
    const before = [...arrived.count.keys()];
    line.cut();
    const state = transferRow(page, file.name).locator('.state');
    const after = (milliseconds: number) => async () => {
      await page.clock.runFor(milliseconds);
      return state.innerText();
    };
    await expect.poll(after(20_000), { timeout: 60_000 }).toBe('Failed');
    await transferRow(page, file.name).getByText('The connection was gone for too long.').waitFor();
    line.mend();
    await expect.poll(after(500), { timeout: 60_000 }).toMatch(/^(Waiting|Hashing|Uploading|Verif)/);
    await uploadComplete(page);
    expect(before.map((part) => arrived.count.get(part))).toEqual(before.map(() => 1));
  });

  test('a store that answers 503 to every fifth part gets all of them, and the page says nothing of it', async () => {
    const { page, line } = await visitOver(32 * MiB);
    await signIn(page);
    const refused = busyStore(line, 5);
    const parts = watchParts(page);
    const file = await randomFile(96 * MiB, 'refused');
    await choose(page, file);
    await uploadComplete(page);

    await transferRow(page, file.name).locator('.state').getByText('Verified').waitFor();
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(parts.begun).toHaveLength(12 + refused.length);
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    await expectStored(product, file);
  });

  test('a file that is written to while it is sent is refused, and it is said', async () => {
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    // More than is read at once.
    const file = await randomFile(160 * MiB, 'edited');
    await choose(page, file);
    await arrived.reach(1);
    await appendFile(file.path, 'more');
    await transferRow(page, file.name).getByText('The file changed on disk, or can no longer be read, since it was chosen. Choose it again.').waitFor();
    expect(await page.title()).toBe('Media');
  });

  test('a permission that the server no longer accepts is said, and after signing in the upload goes on', async () => {
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    const permission = await page.evaluate(() => JSON.parse(sessionStorage.getItem('media.session') ?? '{}').permission.permission as string);
    const arrived = arrivals(page);
    const file = await randomFile(64 * MiB, 'expired');
    await choose(page, file);
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
    expect(await page.evaluate((sealed) => Object.values(sessionStorage).some((kept) => String(kept).includes(sealed)), permission)).toBe(false);
    const before = [...arrived.count.keys()];

    await signIn(page);
    await uploadComplete(page);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
    expect(before.map((part) => arrived.count.get(part))).toEqual(before.map(() => 1));
  });

  test('a permission that would run out in the middle is renewed, and the upload has no gap', async () => {
    const { page } = await visitOver(MiB / 2);
    const file = await randomFile(96 * MiB, 'renewed');
    // The permission of this signing in lasts for some seconds.
    await page.route('**/v1/permissions', async (route) => {
      const headers = { 'content-type': 'application/json', origin: product.url };
      const answer = await fetch(route.request().url(), { method: 'POST', headers, body: route.request().postData() ?? '' });
      const granted = (await answer.json()) as { expiresAt: string };
      await route.fulfill({ json: { ...granted, expiresAt: new Date(Date.now() + 16_000).toISOString() } });
    });
    const renewal = page.waitForResponse((response) => response.url().endsWith('/v1/permissions/renew'));
    await signIn(page);
    // Looked at on their way, requests would be told of later than they are made.
    await page.unroute('**/v1/permissions');
    const held = () => page.evaluate(() => JSON.parse(sessionStorage.getItem('media.session') ?? '{}').permission.permission as string);
    const first = await held();
    await choose(page, file);
    await transferRow(page, file.name).and(page.locator('[data-state=uploading]')).waitFor();
    expect((await renewal).status()).toBe(200);
    await expect.poll(held).not.toBe(first);
    // From here on the first one is not used any more.
    const late: string[] = [];
    page.on('request', (request) => {
      if (request.headers()['authorization']?.endsWith(first)) late.push(request.url());
    });
    expect(await transferRow(page, file.name).getAttribute('data-state')).toBe('uploading');
    await uploadComplete(page);
    expect(late).toEqual([]);
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    await uploadedRow(page, file.name).waitFor();
    expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
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
    const { page } = await visitOver(2 * MiB);
    await signIn(page);
    const arrived = arrivals(page);
    const file = await randomFile(64 * MiB, 'left');
    await choose(page, file);
    await arrived.reach(1);
    await page.close({ runBeforeUnload: false });

    const next = await browser.visit();
    await signIn(next);
    const unfinished = next.getByRole('region', { name: 'Unfinished' });
    const row = unfinished.getByRole('listitem').filter({ hasText: file.name });
    await row.waitFor();
    await row.getByRole('button', { name: `Abort the upload of ${file.name}` }).click();
    await row.waitFor({ state: 'detached' });
    // The one that the list is made from.
    const listed = next.waitForResponse((response) => /\/v1\/uploads\?state=active&limit=100(&|$)/.test(response.url()));
    await next.reload();
    await next.locator('#library-list:not([aria-busy])').waitFor({ state: 'attached' });
    expect((await (await listed).text()).includes(file.name)).toBe(false);
    expect(await next.getByText(file.name).count()).toBe(0);
  });
});
