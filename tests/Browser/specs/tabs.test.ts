import type { Page, Response } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, keyOf, product, signIn, transferRow, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, randomFile, type TestFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { readObject } from '../support/object-store.ts';
import { arrivals } from '../support/parts.ts';

const browser = useBrowser();

/**
 * So long may it take until the first tab shows that another one has its upload: milliseconds. Whoever is not told asks the server every 20 s.
 * On a machine that has more to do than it can, what takes milliseconds was seen to take a second.
 */
const atOnce = 4_000;

describe('the same file in two tabs', () => {
  test('the second sees who has it and takes it over; the first stops at once', async () => {
    const first = await visitOver(2 * MiB);
    const second = await anotherTab(first);
    const { file, arrived } = await begin(first);
    const sent = arrivals(second);
    await choose(second, file);
    const there = transferRow(second, file.name);
    await there.getByText(/^Another tab of this browser has had this upload since \d+:\d+/).waitFor();
    // Seeing is not taking: the first goes on.
    expect(await transferRow(first, file.name).locator('.state').innerText()).toMatch(/^(Uploading|Hashing)/);

    // From the server's word on, by the clock that both tabs have: how fast a test sees it, or the server answers, is another thing.
    const taken = second.waitForResponse((response) => response.request().method() === 'POST' && /\/lease$/.test(response.url()));
    const noticed = whenTakenOver(first);
    const before = [...arrived.count.keys()];
    await there.getByRole('button', { name: `Take over ${file.name}` }).click();
    await transferRow(first, file.name).getByText(/^Taken over by another tab of this browser at \d+:\d+\. It goes on there; nothing is lost\.$/).waitFor();
    expect((await noticed) - (await endOf(await taken))).toBeLessThan(atOnce);

    await uploadComplete(second);
    // The first stopped: of the twenty parts, the second sent some.
    expect(arrived.count.size).toBeLessThan(20);
    expect(before.filter((part) => sent.count.has(part))).toEqual([]);
    await storedOnce(second, file);
  });

  test('what was taken over can be taken back', async () => {
    const first = await visitOver(2 * MiB);
    const second = await anotherTab(first);
    const { file } = await begin(first);
    await choose(second, file);
    await transferRow(second, file.name).getByRole('button', { name: /^Take over/ }).click();
    await transferRow(first, file.name).getByText(/^Taken over by/).waitFor();
    await transferRow(first, file.name).getByRole('button', { name: /^Take over/ }).click();
    await transferRow(second, file.name).getByText(/^Taken over by another tab/).waitFor();
    await uploadComplete(first);
    await storedOnce(first, file);
  });
});

describe('the same file in two browsers', () => {
  test('the second takes over, the first is told so by the server, and the bytes are right', async () => {
    const second = await visitOver(MiB * 0.75);
    // Longer than the time in which a lease is looked at, which is how long the first one may go on.
    const first = await visitOver(MiB / 2);
    const { file } = await begin(first, 128 * MiB);
    await choose(second, file);
    const there = transferRow(second, file.name);
    await there.getByText(/^Another browser, or a tab that was closed has had this upload since/).waitFor();
    await there.getByRole('button', { name: /^Take over/ }).click();
    await transferRow(first, file.name).getByText(/^Taken over by another browser/).waitFor();
    await uploadComplete(second);
    await storedOnce(second, file);
  });
});

/** Somebody signed in, over a line that leaves time for a second one. */
async function visitOver(rate: number): Promise<Page> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  const page = await browser.visit({ proxy: { server: line.url } });
  await signIn(page);
  return page;
}

/** Another tab of the same browser, signed in before there is anything to hurry for. */
async function anotherTab(first: Page): Promise<Page> {
  const second = await first.context().newPage();
  await second.goto(product.url);
  await signIn(second);
  return second;
}

/** Brings an upload to its middle. */
async function begin(page: Page, size = 160 * MiB): Promise<{ file: TestFile; arrived: ReturnType<typeof arrivals> }> {
  const file = await randomFile(size, 'shared');
  const arrived = arrivals(page);
  await choose(page, file);
  await arrived.reach(2);
  return { file, arrived };
}

/** When an answer was there: milliseconds since 1970. */
async function endOf(response: Response): Promise<number> {
  await response.finished();
  const { startTime, responseEnd } = response.request().timing();
  return startTime + responseEnd;
}

/** When a tab shows that its upload was taken over: milliseconds since 1970. */
const whenTakenOver = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const list = document.querySelector('#transfer-list')!;
        new MutationObserver((_, observer) => {
          if (!list.textContent?.includes('Taken over')) return;
          observer.disconnect();
          resolve(Date.now());
        }).observe(list, { childList: true, subtree: true, characterData: true });
      }),
  );

async function storedOnce(page: Page, file: TestFile): Promise<void> {
  await uploadedRow(page, file.name).waitFor();
  expect(await uploadedRow(page, file.name).count()).toBe(1);
  expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
}
