import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleaved } from '../measuring/comparison.mjs';
import { startProduct } from '../measuring/product.mjs';
import { programTimes } from '../measuring/program-times.mjs';
import { openShapedLine } from '../measuring/shaped-line.mjs';
import { startUnwatched } from '../measuring/unwatched.mjs';

const MiB = 1024 * 1024;
/** In milliseconds. */
const usualRoundTrip = 50;
/** Of each connection, each way, in Mbit/s. */
const usualRate = 100;
const smallSize = 20 * 1024;

/** Files at once of @uppy/aws-s3 where its own choice, 6, is not what limits it: by so many its requests never wait for a file. */
const generous = 100;

/** Uploads by the plugin against @uppy/aws-s3 through the Companion door, over a line with a delay and a rate for each connection. */
export const large = {
  name: 'large',
  run: (report, settings) =>
    visit(report, settings, async (visit, rounds, folder) =>
      compareLarge(report, visit, await largeFile(join(folder, 'large'), settings.full ? 500 : 100), rounds)),
};

/** The same with many small files. */
export const small = {
  name: 'small',
  run: (report, settings) =>
    visit(report, settings, async (visit, rounds, folder) =>
      compareSmall(report, visit, await smallFiles(join(folder, 'small'), settings.full ? 500 : 100), rounds)),
};

/** Starts the product, the line and the browser, and ends them. */
async function visit(report, { full, slower }, compare) {
  const [roundTrip, rate] = [usualRoundTrip * slower, usualRate / slower];
  /** What has to be ended, last first. */
  const ends = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'media-bench-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const product = await startProduct(new URL('.', import.meta.url));
    ends.push(() => product.stop());
    const far = [product.url, product.s3.endpoint];
    const lines = await Promise.all(far.map((url) => openShapedLine({ port: Number(new URL(url).port), roundTrip, rate: (rate * 1_000_000) / 8 })));
    ends.push(() => Promise.all(lines.map((line) => line.close())));
    // Everybody goes by the addresses that signatures are for; only to the browser they are far away.
    const rules = far.map((url, i) => `MAP ${new URL(url).host} 127.0.0.1:${lines[i].port}`);
    const browser = await startUnwatched([`--host-resolver-rules=${rules.join(', ')}`]);
    ends.push(() => browser.close());

    const visit = { browser, product, permission: await permissionOf(product), used: new Map() };
    // Code and connections are there then, on both sides.
    for (const content of [await largeFile(join(folder, 'first'), 10), await smallFiles(join(folder, 'firsts'), 20)]) {
      for (const who of ['ours', 'theirs']) await by(who, visit, content)();
    }
    visit.used.clear();
    await compare(visit, full && slower === 1 ? 3 : 1, folder);
    for (const [what, { amount, times }] of visit.used) report.note(`Processor time for each ${amount.unit} until all are verified, ${what}: ${shares(times, amount.total)}.`);
    const [api, store] = await Promise.all(lines.map((line) => line.connections()));
    report.note(`${roundTrip} ms round-trip time and ${rate} Mbit/s for each connection; ${api} connections to the API, ${store} to the store in all.`);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function compareLarge(report, visit, content, rounds) {
  const result = await interleaved(
    rounds,
    { ours: by('ours', visit, content, stored), verified: by('ours', visit, content), theirs: by('theirs', visit, content) },
    { warmUp: false },
  );
  report.add(`${content.name}, stored`, result('ours', 'theirs'), 'MiB/s', '@uppy/aws-s3 6 (goal 4)');
  report.add(`${content.name}, verified`, result('verified', 'theirs'), 'MiB/s', '@uppy/aws-s3 6, stored');
}

async function compareSmall(report, visit, content, rounds) {
  const result = await interleaved(
    rounds,
    {
      ours: by('ours', visit, content, stored),
      verified: by('ours', visit, content),
      theirs: by('theirs', visit, content),
      generous: by('theirs', visit, content, { limit: generous }),
    },
    { warmUp: false },
  );
  report.add(`${content.name}, stored`, result('ours', 'theirs'), 'files/s', '@uppy/aws-s3 6, 6 files at once as it does unless told (goal 3)');
  report.add(`${content.name}, stored`, result('ours', 'generous'), 'files/s', `@uppy/aws-s3 6, ${generous} files at once`);
  report.add(`${content.name}, verified`, result('verified', 'theirs'), 'files/s', '@uppy/aws-s3 6, 6 files at once, stored');
}

/** As @uppy/aws-s3 does: an upload is over when its bytes are stored. */
const stored = { waitForVerification: false };

/** Uploads the content once by one of the two. @returns how much of it there is, by the second */
const by = (who, { browser, product, permission, used }, content, options = {}) => async () => {
  const paths = await content.renew();
  let before;
  const choose = async (page) => {
    await page.waitForFunction(() => 'measure' in window);
    await page.locator('#files').setInputFiles(paths);
    before = await programTimes();
  };
  const seconds = await browser.measure(product.url, choose, ([who, ...how]) => window.measure[who](...how), [who, permission, options]);
  // The server reads back what it got: the next one is not to pay for that.
  await allVerified(product, permission);
  count(used, [who, ...Object.entries(options).map(([name, value]) => `${name} ${value}`)].join(', '), content, before, await programTimes());
  return content.amount / seconds;
};

/** Adds what a measurement took of the processors to what those before it took. */
function count(used, what, { amount, unit }, before, after) {
  const sum = used.get(what) ?? { amount: { total: 0, unit }, times: new Map() };
  sum.amount.total += amount;
  for (const [name, seconds] of after) sum.times.set(name, (sum.times.get(name) ?? 0) + seconds - (before.get(name) ?? 0));
  used.set(what, sum);
}

const shares = (times, amount) =>
  [...times]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, seconds]) => `${name} ${((seconds * 1_000) / amount).toFixed(1)} ms`)
    .join(', ');

/** A file whose beginning is new each time, so that it never is a duplicate. */
async function largeFile(path, mebibytes) {
  const file = await open(path, 'w');
  for (let i = 0; i < mebibytes; i++) await file.write(randomBytes(MiB));
  await file.close();
  return {
    name: `a file of ${mebibytes} MiB`,
    amount: mebibytes,
    unit: 'MiB',
    async renew() {
      const again = await open(path, 'r+');
      await again.write(randomBytes(64), null, null, 0);
      await again.close();
      return [path];
    },
  };
}

async function smallFiles(folder, count) {
  await mkdir(folder);
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${i}.bin`));
  return {
    name: `${count} files of 20 KiB`,
    amount: count,
    unit: 'file',
    async renew() {
      for (const path of paths) await writeFile(path, randomBytes(smallSize));
      return paths;
    },
  };
}

async function permissionOf({ url, password }) {
  const answer = await fetch(`${url}/v1/permissions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  });
  return (await answer.json()).permission;
}

/** Waits until the server has verified all that is stored. */
async function allVerified(product, permission) {
  for (let isDone = false; !isDone; ) {
    const answer = await fetch(`${product.url}/v1/uploads?state=done&limit=1000`, { headers: { authorization: `Bearer ${permission}` } });
    isDone = (await answer.json()).uploads.every(({ state }) => state !== 'Stored' && state !== 'Verifying');
    if (!isDone) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
