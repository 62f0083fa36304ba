import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { choose, keyOf, product, signIn, transferRow, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { MiB, randomFile, type TestFile } from '../support/files.ts';
import { Line } from '../support/line.ts';
import { readObject } from '../support/object-store.ts';
import { arrivals } from '../support/parts.ts';

const browser = useBrowser();

/** So long may it take until the first tab knows that another one has its upload: milliseconds. */
const atOnce = 1_000;

describe('the same file in two tabs', () => {
  test('the second sees who has it and takes it over; the first stops within a second', async () => {
    const { first, file, arrived } = await begun();
    const second = await first.context().newPage();
    await second.goto(product.url);
    await signIn(second);
    const sent = arrivals(second);
    await choose(second, file);
    const there = transferRow(second, file.name);
    await there.getByText(/^Another tab of this browser has had this upload since \d+:\d+/).waitFor();
    // Seeing is not taking: the first goes on.
    expect(await transferRow(first, file.name).locator('.state').innerText()).toMatch(/^(Uploading|Hashing)/);

    const pressed = Date.now();
    await there.getByRole('button', { name: `Take over ${file.name}` }).click();
    await transferRow(first, file.name).getByText(/^Taken over by another tab of this browser at \d+:\d+\. It goes on there; nothing is lost\.$/).waitFor();
    expect(Date.now() - pressed).toBeLessThan(atOnce + 500);
    const before = [...arrived.count.keys()];

    await uploadComplete(second);
    expect(before.filter((part) => sent.count.has(part))).toEqual([]);
    await storedOnce(second, file);
  });

  test('what was taken over can be taken back', async () => {
    const { first, file } = await begun();
    const second = await first.context().newPage();
    await second.goto(product.url);
    await signIn(second);
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
  test('the second takes over, the first notices by its lease, and the bytes are right', async () => {
    // Longer than the time in which a lease is looked at, which is how long the first one may go on.
    const { first, file } = await begun(MiB / 2, 128 * MiB);
    const line = await Line.open(MiB * 0.75);
    onTestFinished(() => line.close());
    const second = await browser.visit({ proxy: { server: line.url } });
    await signIn(second);
    await choose(second, file);
    const there = transferRow(second, file.name);
    await there.getByText(/^Another browser, or a tab that was closed has had this upload since/).waitFor();
    await there.getByRole('button', { name: /^Take over/ }).click();
    await transferRow(first, file.name).getByText(/^Taken over by another browser/).waitFor();
    await uploadComplete(second);
    await storedOnce(second, file);
  }, 180_000);
});

/** A first tab in the middle of an upload, over a line that leaves time for a second. */
async function begun(rate = 2 * MiB, size = 160 * MiB): Promise<{ first: Page; file: TestFile; arrived: ReturnType<typeof arrivals> }> {
  const line = await Line.open(rate);
  onTestFinished(() => line.close());
  const first = await browser.visit({ proxy: { server: line.url } });
  await signIn(first);
  const file = await randomFile(size, 'shared');
  const arrived = arrivals(first);
  await choose(first, file);
  await arrived.reach(2);
  return { first, file, arrived };
}

async function storedOnce(page: Page, file: TestFile): Promise<void> {
  await uploadedRow(page, file.name).waitFor();
  expect(await uploadedRow(page, file.name).count()).toBe(1);
  expect(await readObject(product.s3, await keyOf(page, file.name))).toEqual({ sha256: file.sha256, size: file.size });
}
