import { expect, test } from 'vitest';
import { choose, product, signIn, transferRow, uploadComplete, useBrowser } from '../support/browser.ts';
import { GiB, MiB, randomFile, sparseFile } from '../support/files.ts';
import { watchMemory } from '../support/renderer-memory.ts';
import { expectStored, watchParts } from '../support/uppy-media.ts';

const browser = useBrowser();

test('a file of 3 GiB goes through the page with less than 300 MB of memory, and is verified', async () => {
  const page = await browser.visit();
  await signIn(page);
  // So that code and heap of the page are there before the memory is looked at.
  await choose(page, await randomFile(9 * MiB, 'before'));
  await uploadComplete(page);
  const file = await sparseFile(3 * GiB, 'huge');
  const memory = await watchMemory(page);
  const parts = watchParts(page);

  await choose(page, file);
  await uploadComplete(page);
  await transferRow(page, file.name).locator('.state').getByText('Verified').waitFor();
  expect(await memory.growth()).toBeLessThan(300_000_000);
  expect(parts.stored).toHaveLength(384);
  await expectStored(product, file);
});
