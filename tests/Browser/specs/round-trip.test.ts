import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { choose, filedRow, signIn, startUpload, uploadComplete, useBrowser } from '../support/browser.ts';
import { randomFile, type TestFile } from '../support/files.ts';
import { picture } from '../support/looks.ts';
import { png, wav } from '../support/media-files.ts';

const browser = useBrowser();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-round-trip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what was verified comes back', () => {
  test('a picture shows by itself, by a signed link', async () => {
    const page = await browser.visit();
    await signIn(page);
    const row = await upload(page, await file('picture.png', png(320, 200, Date.now())));
    const view = row.locator('img.view');
    await view.waitFor();
    await expect.poll(() => view.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([320, 200]);
    expect(await view.getAttribute('src')).toMatch(/\/media\/hash\/[A-Z2-7]{52}\/picture\.png\?path=.*&hash=/);
    expect(await view.getAttribute('alt')).toBe('picture.png');
    await picture(page, 'round-trip');
  });

  test('a sound plays and can be sought in', async () => {
    const page = await browser.visit();
    await signIn(page);
    const row = await upload(page, await file('tone.wav', wav(6)));
    const sound = row.locator('audio.view');
    await sound.waitFor();
    await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => Math.round(audio.duration))).toBe(6);
    const reached = await sound.evaluate(
      (audio: HTMLAudioElement) =>
        new Promise<number>((resolve) => {
          audio.addEventListener('seeked', () => resolve(audio.currentTime), { once: true });
          audio.currentTime = 4;
        }),
    );
    expect(reached).toBeCloseTo(4, 1);
  });

  test('anything else is downloaded with its name and its bytes', async () => {
    const page = await browser.visit();
    await signIn(page);
    const sent = await randomFile(200_000, 'Übersicht 東京', 'dat');
    const row = await upload(page, sent);
    expect(await row.locator('.view').count()).toBe(0);
    const started = page.waitForEvent('download');
    await row.getByRole('button', { name: /^Download/ }).click();
    const download = await started;
    expect(download.suggestedFilename()).toBe(sent.name);
    expect(createHash('sha256').update(await readFile(await download.path())).digest('hex')).toBe(sent.sha256);
  });

  test('the same picture again is known, and shows too', async () => {
    const page = await browser.visit();
    await signIn(page);
    const bytes = png(64, 64, Date.now());
    await upload(page, await file('one.png', bytes));
    await page.reload();
    const again = await upload(page, await file('another.png', bytes));
    await again.locator('img.view').waitFor();
    expect(await again.locator('.state').innerText()).toBe('Verified, stored before');
  });
});

async function upload(page: Page, sent: TestFile) {
  // What comes after the library was read shows itself.
  await page.locator('#library-list:not([aria-busy])').waitFor({ state: 'attached' });
  await choose(page, sent);
  await startUpload(page);
  await uploadComplete(page);
  const row = filedRow(page, sent.name).first();
  await row.waitFor();
  return row;
}

async function file(name: string, bytes: Buffer): Promise<TestFile> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { name, path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
