import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB, randomFile } from '../support/files.ts';
import { signedAt } from '../support/parts.ts';
import { apiProcess, startProduct, type Product } from '../support/product.ts';
import { fallAsleep } from '../support/renderer-process.ts';
import { expectStored, kindsOf, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

/** So long a URL is good for, in milliseconds. */
const urlLifetime = 4_000;
const [ada, bob] = ['key-of-ada', 'key-of-bob'];
let product: Product;
let stop: () => Promise<void>;

// One of their own: the others' API is not to go away under them, nor their URLs.
beforeAll(async () => {
  ({ product, stop } = await startProduct({
    Media__Uploads__UrlLifetime: '00:00:04',
    Media__Accounts__0__User: 'ada',
    Media__Accounts__0__ApiKey: ada,
    Media__Accounts__1__User: 'bob',
    Media__Accounts__1__ApiKey: bob,
  }));
}, 10 * 60_000);
afterAll(() => stop?.(), 60_000);

describe('uppy-media, and a product of its own', () => {
  test('URLs that expire while the machine sleeps are signed afresh', async () => {
    const { begin, add, page, line, told, heard, parts, calls } = await media.visit({ product, rate: 8 * MiB });
    await begin({ mostParts: 2 }, ada);
    const file = await randomFile(64 * MiB, 'asleep');
    await add(file);
    const uploading = page.evaluate(() => window.uppy.upload().then(() => undefined));
    await parts.reach(2);
    const wake = await fallAsleep(page, line);
    const fellAsleep = Date.now();
    await expect.poll(() => Date.now() - fellAsleep, { timeout: 60_000 }).toBeGreaterThan(2 * urlLifetime);
    const used = parts.begun.length;
    wake();
    await uploading;
    await heard('media:verified', file);

    expect(kindsOf(await told(), file)).not.toContain('upload-error');
    expect(calls.filter((call) => /^POST .*\/urls$/.test(call)).length).toBeGreaterThanOrEqual(1);
    // Nothing was begun with a URL that had expired.
    expect(parts.begun.length).toBeGreaterThan(used);
    for (const url of parts.urls.slice(used)) expect(signedAt(url)).toBeGreaterThan(fellAsleep);
    await expectStored(product, file, ada);
  });

  test('an API that is killed in the middle is waited for', async () => {
    const { begin, add, page, told, heard, parts } = await media.visit({ product, rate: 8 * MiB });
    await begin({ mostParts: 2 }, ada);
    const file = await randomFile(64 * MiB, 'restarted');
    await add(file);
    const uploading = page.evaluate(() => window.uppy.upload().then(() => undefined));
    await parts.reach(2);
    const before = await apiProcess(product);
    process.kill(before, 'SIGKILL');
    await uploading;
    await heard('media:verified', file);

    expect(await apiProcess(product)).not.toBe(before);
    const all = await told();
    expect(kindsOf(all, file)).not.toContain('upload-error');
    expect(all.filter(({ event }) => event === 'media:uploading')).toHaveLength(1);
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await expectStored(product, file, ada);
  });

  test('what another user has stored is proven to be had by a challenge, and not sent', async () => {
    const file = await randomFile(20 * MiB, 'shared');
    const first = await media.visit({ product });
    await first.begin({}, ada);
    await first.add(file);
    await first.upload();
    await first.heard('media:verified', file);

    const second = await media.visit({ product });
    await second.begin({}, bob);
    await second.add(file);
    await second.upload();
    const { news } = await second.heard('media:duplicate', file);
    expect(kindsOf(await second.told(), file)).toEqual(['media:hashing', 'media:duplicate', 'upload-success']);
    expect(second.calls.filter((call) => call === `POST /v1/uploads/${String(news['tag'])}/challenge`)).toHaveLength(1);
    expect(second.parts.begun).toEqual([]);
    await expectStored(product, file, bob);
  });
});
