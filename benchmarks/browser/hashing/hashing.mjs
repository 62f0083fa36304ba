import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processorTime, startChromium } from '../measuring/chromium.mjs';
import { interleaved } from '../measuring/comparison.mjs';
import { serveFiles } from '../measuring/files-server.mjs';

const MiB = 1024 * 1024;
const unit = 'MiB/s';
/** How much of the file the page holds in memory for SubtleCrypto's one call. */
const heldBytes = 256 * MiB;

/** Fuji's piece hash against SubtleCrypto over the same bytes, and what stands between them. The file is written just before, so it is in the page cache. */
export const hashing = {
  name: 'hashing',

  async run(report, { full }) {
    const folder = await mkdtemp(join(tmpdir(), 'media-bench-'));
    const path = join(folder, 'content');
    const size = (full ? 2_048 : 512) * MiB;
    await write(path, size);
    const server = await serveFiles({
      '/fuji/': fileURLToPath(new URL('../../../src/Web/fuji/dist', import.meta.url)),
      '/hashing/': fileURLToPath(new URL('.', import.meta.url)),
    });
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.goto(`${server.url}/hashing/page.html`);
      await page.locator('#file').setInputFiles(path);
      await page.waitForFunction(() => 'measure' in window);
      const measure = (what, workers) => page.evaluate(([what, workers]) => window.measure[what](workers), [what, workers]);

      await measureRates(report, measure, full ? 5 : 3);
      await measureProcessorTime(report, browser, measure, size);
    } finally {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measureRates(report, measure, rounds) {
  const cores = availableParallelism();
  const workers = [1, 2, 3, 4];
  const subjects = { oneShot: () => measure('oneShot'), readAndDigest: () => measure('readAndDigest'), readOnly: () => measure('readOnly') };
  for (const count of workers) {
    subjects[`fuji${count}`] = () => measure('fuji', count);
    subjects[`digest${count}`] = () => measure('digestOnly', count);
  }
  const compare = await interleaved(rounds, subjects);
  for (const count of workers) {
    const used = Math.min(count, cores);
    report.add(`file, ${of(count)}`, compare(`fuji${count}`, 'oneShot', used), unit, `${used} x SubtleCrypto in one call, bytes in memory (goal 0.9)`);
  }
  for (const count of workers) report.add(`file, ${of(count)}`, compare(`fuji${count}`, 'readAndDigest'), unit, 'SubtleCrypto in one call, file read first');
  report.add('reading alone, by one stream', compare('readOnly', 'oneShot'), unit, 'SubtleCrypto in one call, bytes in memory');
  for (const count of workers) {
    report.add(`digests alone of 4 MiB, ${of(count)}`, compare(`digest${count}`, 'oneShot'), unit, 'SubtleCrypto in one call, bytes in memory');
  }
}

async function measureProcessorTime(report, browser, measure, size) {
  const perSecond = async (what, bytes, workers) => {
    const before = await processorTime(browser);
    await measure(what, workers);
    return bytes / MiB / ((await processorTime(browser)) - before);
  };
  const compare = await interleaved(3, {
    fuji: () => perSecond('fuji', size, 2),
    async oneShot() {
      // So that reading the bytes does not count.
      await measure('hold');
      return perSecond('oneShot', heldBytes);
    },
    readAndDigest: () => perSecond('readAndDigest', size),
    readOnly: () => perSecond('readOnly', size),
  });
  report.add('file, 2 workers, by processor time', compare('fuji', 'oneShot'), unit, 'SubtleCrypto in one call, bytes in memory');
  report.add('file, 2 workers, by processor time', compare('fuji', 'readAndDigest'), unit, 'SubtleCrypto in one call, file read first');
  report.add('reading alone, by processor time', compare('readOnly', 'oneShot'), unit, 'SubtleCrypto in one call, bytes in memory');
}

const of = (count) => `${count} worker${count === 1 ? '' : 's'}`;

async function write(path, size) {
  const block = randomBytes(64 * MiB);
  const file = await open(path, 'w');
  for (let written = 0; written < size; written += block.length) {
    block.writeUInt32LE(written / block.length);
    await file.write(block);
  }
  await file.close();
}
