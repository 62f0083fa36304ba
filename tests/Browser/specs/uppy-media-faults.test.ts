import { describe, expect, test } from 'vitest';
import { product } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { busyStore, partOf } from '../support/busy-store.ts';
import { abortMultipart } from '../support/object-store.ts';
import { expectStored, kindsOf, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

describe('uppy-media, where things fail', () => {
  test('a store that answers 503 to every fifth part gets all of them', async () => {
    const { line, begin, add, upload, told, parts } = await media.visit({ product, rate: 64 * MiB });
    const refused = busyStore(line, 5);
    await begin();
    const file = await randomFile(96 * MiB, 'refused');
    await add(file);
    await upload();

    expect(kindsOf(await told(), file).slice(-2)).toEqual(['media:verified', 'upload-success']);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(parts.begun.length).toBe(12 + refused.length);
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    await expectStored(product, file);
  });

  test('a part on which nothing moves is noticed, and sent again', async () => {
    const { line, begin, add, upload, parts } = await media.visit({ product, rate: 64 * MiB });
    const stalled: number[] = [];
    line.intercept((request) => {
      // Nobody reads it, and nobody answers.
      if (partOf(request) !== 2 || stalled.length > 0) return false;
      stalled.push(2);
      return true;
    });
    await begin({ stallTimeout: 1_500, answerTimeout: 3_000 });
    const file = await randomFile(40 * MiB, 'stalled');
    await add(file);
    await upload();
    expect(stalled).toEqual([2]);
    expect(parts.begun.filter((part) => part === 2).length).toBeGreaterThanOrEqual(2);
    // On a busy machine others may be taken for dead too; the store has each of them once.
    expect([...new Set(parts.stored)].sort()).toEqual([1, 2, 3, 4, 5]);
    await expectStored(product, file);
  });

  test('an upload that the store has forgotten begins anew, and is verified', async () => {
    const { begin, add, page, told, heard, parts } = await media.visit({ product, rate: 4 * MiB });
    await begin({ mostParts: 2 });
    const file = await randomFile(64 * MiB, 'forgotten');
    await add(file);
    const uploading = page.evaluate(() => window.uppy.upload().then(() => undefined));
    await parts.reach(2);
    const { news: first } = await heard('media:uploading', file);
    await abortMultipart(product.s3, String(first['key']), parts.urls[0]!.searchParams.get('uploadId')!);
    await uploading;

    const all = await told();
    expect(kindsOf(all, file).slice(-2)).toEqual(['media:verified', 'upload-success']);
    expect(kindsOf(all, file)).not.toContain('upload-error');
    const begun = all.filter(({ event }) => event === 'media:uploading').map(({ news }) => news);
    expect(begun).toHaveLength(2);
    expect(begun[1]).toMatchObject({ resumed: false, bytesThere: 0 });
    expect(begun[1]!['tag']).not.toBe(first['tag']);
    await expectStored(product, file);
  });

  test('after a sleep longer than the life of the URLs none of them is used any more', async () => {
    const { begin, add, page, heard, parts, calls } = await media.visit({ product, rate: 8 * MiB });
    // All URLs come with the creation then.
    await begin({ mostParts: 2, checksums: false });
    const file = await randomFile(64 * MiB, 'slept');
    await add(file);
    const uploading = page.evaluate(() => window.uppy.upload().then(() => undefined));
    await parts.reach(2);
    const signings = () => calls.filter((call) => /^POST .*\/urls$/.test(call)).length;
    expect(signings()).toBe(0);
    const before = [...parts.urls];
    await page.evaluate(() => window.sleepFor(2 * 60 * 60 * 1_000));
    // What was begun between the two may be of either time.
    const used = parts.urls.length;
    await uploading;
    await heard('media:verified', file);

    expect(signings()).toBeGreaterThanOrEqual(1);
    // Signed at another second, each is another URL than the creation came with.
    const signedAt = (url: URL) => url.searchParams.get('X-Amz-Date');
    const first = new Set(before.map(signedAt));
    expect(first.size).toBe(1);
    expect(new Set(before.map(({ search }) => search)).size).toBe(before.length);
    for (const url of parts.urls.slice(used)) expect(first).not.toContain(signedAt(url));
    expect(parts.urls.length).toBeGreaterThan(used);
    await expectStored(product, file);
  });
});
