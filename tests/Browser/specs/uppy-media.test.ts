import { describe, expect, test } from 'vitest';
import { product } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { expectStored, filesCalled, kindsOf, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

/** What is told of a file that goes its usual way. Small files are hashed before anything is asked. */
const usual = ['media:hashing', 'media:uploading', 'upload-progress', 'media:verifying', 'media:verified', 'upload-success'];

describe('uppy-media', () => {
  test('a file of 64 MiB goes in parallel parts, straight to the store, and is verified', async () => {
    const { begin, add, upload, told, parts } = await media.visit({ product });
    await begin();
    const file = await randomFile(64 * MiB, 'parallel');
    await add(file);
    await upload();

    const all = await told();
    expect(kindsOf(all, file).toSorted()).toEqual(usual.toSorted());
    expect(kindsOf(all, file).slice(-3)).toEqual(usual.slice(-3));
    expect(all.find(({ event }) => event === 'media:uploading')?.news).toMatchObject({ resumed: false, bytesThere: 0 });
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(parts.begun).toHaveLength(8);
    expect(new Set(parts.urls.map(({ origin }) => origin))).toEqual(new Set([product.s3.endpoint]));
    expect(parts.most).toBeGreaterThan(2);
    await expectStored(product, file);
    expect(all.at(-1)?.news).toMatchObject({ status: 'verified', fileId: (await filesCalled(product, file.name))[0]?.id });
  });

  test('500 small files are created in a few requests, and all are verified', async () => {
    const { begin, add, upload, told, calls } = await media.visit({ product });
    await begin();
    const files = await Promise.all(Array.from({ length: 500 }, () => randomFile(20 * 1024, 'small')));
    await add(...files);
    await upload();

    const all = await told();
    expect(all.filter(({ event }) => event === 'upload-error')).toEqual([]);
    expect(new Set(all.filter(({ event }) => event === 'media:verified').map(({ file }) => file))).toEqual(new Set(files.map(({ name }) => name)));
    const creations = calls.filter((call) => /^POST \/v1\/uploads(:batch)?$/.test(call));
    expect(creations.length).toBeLessThanOrEqual(20);
    for (const file of files.filter((_, index) => index % 50 === 0)) await expectStored(product, file);
    expect(await filesCalled(product, 'small-').then((found) => found.filter(({ size }) => size === 20 * 1024).length)).toBeGreaterThanOrEqual(500);
  });

  test('the same file once more is a duplicate, and nothing of it is sent', async () => {
    const { begin, add, upload, told, parts, page } = await media.visit({ product });
    await begin();
    const file = await randomFile(20 * MiB, 'twice');
    await add(file);
    await upload();
    expect(kindsOf(await told(), file)).toContain('media:verified');
    const sent = parts.begun.length;

    await page.evaluate(() => {
      window.uppy.clear();
      window.told = [];
    });
    await add(file);
    await upload();
    expect(kindsOf(await told(), file)).toEqual(['media:hashing', 'media:duplicate', 'upload-success']);
    expect(parts.begun).toHaveLength(sent);
    // Another file in the catalog, of the same bytes.
    const files = await filesCalled(product, file.name);
    expect(new Set(files.map(({ pieceHash }) => pieceHash)).size).toBe(1);
    expect(new Set(files.map(({ id }) => id)).size).toBe(2);
  });
});
