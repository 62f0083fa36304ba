import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { choose, signIn, startUpload, uploadComplete, uploadedRow, useBrowser } from '../support/browser.ts';
import { randomFile, type TestFile } from '../support/files.ts';

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
    const row = await upload(page, await file('picture.png', png(320, 200)));
    const picture = row.locator('img.view');
    await picture.waitFor();
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([320, 200]);
    expect(await picture.getAttribute('src')).toMatch(/\/media\/hash\/[A-Z2-7]{52}\/picture\.png\?path=.*&hash=/);
    expect(await picture.getAttribute('alt')).toBe('picture.png');
    if (process.env['SCREENSHOTS']) await page.screenshot({ path: join(process.env['SCREENSHOTS'], 'round-trip.png'), fullPage: true });
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
    const bytes = png(64, 64, 7);
    await upload(page, await file('one.png', bytes));
    // The widget takes further files on another screen of its own.
    await page.reload();
    const again = await upload(page, await file('another.png', bytes));
    expect(await again.locator('.state').innerText()).toBe('Verified, stored before');
    await again.locator('img.view').waitFor();
  });
});

async function upload(page: Page, sent: TestFile) {
  await choose(page, sent);
  await startUpload(page);
  await uploadComplete(page);
  const row = uploadedRow(page, sent.name).first();
  await row.locator('.state', { hasText: /^Verified/ }).waitFor();
  return row;
}

async function file(name: string, bytes: Buffer): Promise<TestFile> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { name, path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A picture of stripes (https://www.w3.org/TR/png-3/). */
function png(width: number, height: number, seed = 1): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width * 3; x++) rows[y * (width * 3 + 1) + 1 + x] = (x * seed + y * 3 + Date.now()) & 255;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const made = Buffer.alloc(8 + body.length);
  made.writeUInt32BE(data.length, 0);
  made.set(body, 4);
  made.writeUInt32BE(crc32(body), 4 + body.length);
  return made;
}

/** A tone, 8 000 samples of 16 bits a second. */
function wav(seconds: number): Buffer {
  const [rate, count] = [8_000, 8_000 * seconds];
  const made = Buffer.alloc(44 + count * 2);
  made.write('RIFF', 0);
  made.writeUInt32LE(made.length - 8, 4);
  made.write('WAVEfmt ', 8);
  made.writeUInt32LE(16, 16);
  made.writeUInt16LE(1, 20);
  made.writeUInt16LE(1, 22);
  made.writeUInt32LE(rate, 24);
  made.writeUInt32LE(rate * 2, 28);
  made.writeUInt16LE(2, 32);
  made.writeUInt16LE(16, 34);
  made.write('data', 36);
  made.writeUInt32LE(count * 2, 40);
  for (let i = 0; i < count; i++) made.writeInt16LE(Math.round(8_000 * Math.sin((i * 440 * 2 * Math.PI) / rate)), 44 + i * 2);
  return made;
}
