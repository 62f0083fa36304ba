import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { product, useBrowser } from '../support/browser.ts';
import { buildPage, type BuiltPage } from '../support/built-page.ts';
import { MiB } from '../support/files.ts';
import { watchMemory } from '../support/renderer-memory.ts';
import { traceTasks } from '../support/renderer-tasks.ts';
import type {} from '../pages/fuji/main.ts';

interface Vector {
  readonly seed: number;
  readonly size: number;
  readonly tipHash: string;
  readonly pieceHash: string;
}

const GiB = 1024 * MiB;
const pieceUnit = 4 * MiB;
const browser = useBrowser();
let built: BuiltPage;
/** The page under the policy that the product serves its own page with. */
let url: string;
let policy: string;
let folder: string;

beforeAll(async () => {
  policy = (await fetch(product.url)).headers.get('content-security-policy') ?? '';
  expect(policy).toContain("worker-src 'self'");
  folder = await mkdtemp(join(tmpdir(), 'media-fuji-'));
  built = await buildPage('fuji');
  url = await built.serve(policy);
});

afterAll(async () => {
  await built?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page that tells of everything the browser complains about. */
async function visit(address = url): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.visit();
  const complaints: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(address);
  return { page, complaints };
}

/** A file of `size` bytes that takes little room on disk: random at some places, nothing elsewhere. */
async function sparseFile(name: string, size: number): Promise<string> {
  const path = join(folder, name);
  const file = await open(path, 'w');
  await file.truncate(size);
  for (let at = 0; at < size; at += Math.ceil(size / 23)) await file.write(randomBytes(Math.min(64 * 1024, size - at)), null, null, at);
  await file.close();
  return path;
}

/** The piece hash by its definition, raw. */
async function referenceHash(path: string, size: number): Promise<string> {
  const whole = createHash('sha256').update(`Fuji.Pieces.SHA256.4MiB.${size}.`);
  let piece = createHash('sha256');
  let held = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: MiB })) {
    piece.update(chunk as Buffer);
    held += (chunk as Buffer).length;
    if (held < pieceUnit) continue;
    whole.update(piece.digest());
    piece = createHash('sha256');
    held = 0;
  }
  if (held > 0) whole.update(piece.digest());
  const bits = [...whole.digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

describe('fuji in the browser', () => {
  test('gives every known answer, by workers and without', async () => {
    const vectors = JSON.parse(await readFile(new URL('../../Fuji.Tests/fuji-vectors.json', import.meta.url), 'utf8')) as Vector[];
    const { page, complaints } = await visit();
    const answers = await page.evaluate(async (rows) => {
      const answers: unknown[] = [];
      for (const { seed, size } of rows) {
        const bytes = new Uint8Array(size);
        let x = seed;
        for (let at = 0; at < size; at++) {
          x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
          bytes[at] = x >>> 24;
        }
        answers.push(await window.fuji.hash(new Blob([bytes])));
        // Nothing but a Blob goes to workers.
        answers.push(await window.fuji.hash({ size, slice: async (start: number, end: number) => bytes.slice(start, end).buffer }));
      }
      return answers;
    }, vectors);
    expect(answers).toEqual(vectors.flatMap(({ seed: _, ...answer }) => [answer, answer]));
    expect(complaints).toEqual([]);
  });

  test('hashes 2 GiB with the page free for other things, and below 100 MB', async () => {
    const size = 2 * GiB + 12_345;
    const path = await sparseFile('large', size);
    const { page, complaints } = await visit();
    await page.locator('#file').setInputFiles(path);
    // So that code and heap of the page are there before the memory is looked at.
    await page.evaluate(() => window.fuji.tipHash(window.chosen()));
    const memory = await watchMemory(page);
    let mostWorkers = 0;
    page.on('worker', () => (mostWorkers = Math.max(mostWorkers, page.workers().length)));

    const tasks = await traceTasks(page);
    const { hash, seen } = await page.evaluate(async () => {
      const seen: number[] = [];
      const { pieceHash: hash } = await window.fuji.hash(window.chosen(), { workers: 4, onProgress: (hashed) => seen.push(hashed) });
      return { hash, seen };
    });
    expect(await tasks.longest()).toBeLessThan(50);
    expect(await memory.growth()).toBeLessThan(100_000_000);
    expect(hash).toBe(await referenceHash(path, size));
    expect(seen).toHaveLength(Math.ceil(size / pieceUnit));
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(size);
    expect(mostWorkers).toBe(4);
    await expect.poll(() => page.workers()).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('long tasks of a page are noticed', async () => {
    const { page } = await visit();
    const tasks = await traceTasks(page);
    await page.evaluate(() => {
      let x = 1;
      for (let round = 0; round < 300_000_000; round++) x = Math.imul(x, 1664525) + 1013904223;
      return x;
    });
    expect(await tasks.longest()).toBeGreaterThan(50);
  });

  test('gives the same hash with 1 to 4 workers, and ends them', async () => {
    const size = 130 * MiB + 1;
    const path = await sparseFile('some', size);
    const { page } = await visit();
    await page.locator('#file').setInputFiles(path);
    const expected = await referenceHash(path, size);
    for (let workers = 1; workers <= 4; workers++) {
      let started = 0;
      page.on('worker', () => started++);
      expect(await page.evaluate((workers) => window.fuji.pieceHash(window.chosen(), { workers }), workers)).toBe(expected);
      expect(started).toBe(workers);
      page.removeAllListeners('worker');
    }
    await expect.poll(() => page.workers()).toEqual([]);
  });

  test('goes to the calling thread where a policy forbids workers', async () => {
    const size = 40 * MiB + 7;
    const path = await sparseFile('forbidden', size);
    const { page, complaints } = await visit(await built.serve(policy.replace("worker-src 'self'", "worker-src 'none'")));
    await page.locator('#file').setInputFiles(path);
    expect(await page.evaluate(() => window.fuji.pieceHash(window.chosen()))).toBe(await referenceHash(path, size));
    expect(complaints.join()).toContain('worker-src');
    expect(page.workers()).toEqual([]);
  });

  test('says so where the page is not secure', async () => {
    const page = await browser.visit();
    // Neither https nor localhost, which a browser would trust.
    await page.route('http://media.test/**', async (route) => route.fulfill({ response: await route.fetch({ url: url + new URL(route.request().url()).pathname }) }));
    await page.goto('http://media.test/');
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    expect(await page.evaluate(() => window.fuji.hash(new Blob(['hello'])).catch(({ code }: { code: string }) => code))).toBe('insecure');
  });

  test('stops at once when aborted, and goes on from the checkpoint', async () => {
    const size = 400 * MiB;
    const path = await sparseFile('aborted', size);
    const { page } = await visit();
    await page.locator('#file').setInputFiles(path);
    const { name, hashed, stored } = await page.evaluate(async () => {
      const abort = new AbortController();
      const hasher = window.fuji.createPieceHasher(window.chosen());
      const onProgress = (bytes: number) => bytes > 100 * 1024 * 1024 && abort.abort();
      const name = await hasher.finish({ signal: abort.signal, onProgress }).catch((error: Error) => error.name);
      return { name, hashed: hasher.checkpoint.finishedBytes, stored: [...(await hasher.checkpoint.toBytes())] };
    });
    expect(name).toBe('AbortError');
    expect(hashed).toBe(104 * MiB);
    await expect.poll(() => page.workers()).toEqual([]);

    await page.reload();
    await page.locator('#file').setInputFiles(path);
    const first = await page.evaluate(async (bytes) => {
      const file = window.chosen();
      const checkpoint = await window.fuji.PieceCheckpoint.fromBytes(new Uint8Array(bytes), file.size);
      let first = 0;
      const hash = await window.fuji.pieceHash(file, { checkpoint, onProgress: (hashed) => (first ||= hashed) });
      return { hash, first };
    }, stored);
    expect(first).toEqual({ hash: await referenceHash(path, size), first: 108 * MiB });
  });

  test.each([
    ['before it is hashed', 0],
    ['while it is hashed', 40 * MiB],
  ])('a file that changes on disk %s is said', async (_, after) => {
    const size = 400 * MiB;
    const path = await sparseFile(`changed-${after}`, size);
    const { page } = await visit();
    await page.exposeFunction('change', () => appendFile(path, 'more'));
    await page.locator('#file').setInputFiles(path);
    const error = await page.evaluate(async (after) => {
      const { change } = window as unknown as { change(): Promise<void> };
      if (after === 0) await change();
      const file = window.chosen();
      const hasher = window.fuji.createPieceHasher(file);
      // The rest waits until the change is on disk.
      if (after > 0) {
        for (let piece = 0; piece * 4 * 1024 * 1024 < after; piece++) await hasher.piece(piece);
        await change();
      }
      return hasher.finish().catch(({ name, code }: { name: string; code: string }) => ({ name, code }));
    }, after);
    expect(error).toEqual({ name: 'FujiError', code: 'changed' });
    await expect.poll(() => page.workers()).toEqual([]);
  });

  test('an empty file is refused', async () => {
    const path = join(folder, 'empty');
    await writeFile(path, '');
    const { page } = await visit();
    await page.locator('#file').setInputFiles(path);
    expect(await page.evaluate(() => window.fuji.hash(window.chosen()).catch(({ code }: { code: string }) => code))).toBe('empty');
  });
});
