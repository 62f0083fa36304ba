import { describe, expect, test } from 'vitest';
import { product } from '../support/browser.ts';
import { GiB, MiB, randomFile, sparseFile } from '../support/files.ts';
import { watchMemory } from '../support/renderer-memory.ts';
import { expectStored, filesCalled, kindsOf, stateOf, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

/** What is told of a file that goes its usual way. Small files are hashed before anything is asked. */
const usual = ['media:hashing', 'media:uploading', 'upload-progress', 'media:verifying', 'media:verified', 'upload-success'];

describe('uppy-media', () => {
  test('a file of 64 MiB goes in parallel parts, straight to the store, and is verified', async () => {
    // A part takes two seconds: longer than the next ones need to be hashed.
    const { begin, add, upload, told, parts } = await media.visit({ product, rate: 4 * MiB });
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
    expect(creations.length).toBeLessThan(files.length / 10);
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

  test('what is paused stands still, and goes on where it was', async () => {
    const { begin, add, heard, parts, page, told } = await media.visit({ product, rate: 4 * MiB });
    await begin({ mostParts: 2 });
    const file = await randomFile(48 * MiB, 'paused');
    await add(file);
    const uploading = page.evaluate(() => window.uppy.upload().then(() => undefined));
    await parts.reach(2);
    await page.evaluate(() => window.uppy.pauseAll());
    await expect.poll(() => parts.underWay).toBe(0);
    const [begun, stored] = [parts.begun.length, parts.stored.length];
    // Two parts go in less than this when nothing is paused.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_500)));
    expect([parts.begun.length, parts.stored.length]).toEqual([begun, stored]);

    await page.evaluate(() => window.uppy.resumeAll());
    await uploading;
    await heard('media:verified', file);
    expect(parts.stored.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await told()).filter(({ event }) => event === 'media:uploading')).toHaveLength(1);
    await expectStored(product, file);
  });

  test('what is removed stops, and is aborted on the server', async () => {
    const { begin, add, heard, parts, page } = await media.visit({ product, rate: 4 * MiB });
    await begin({ mostParts: 2 });
    const file = await randomFile(48 * MiB, 'cancelled');
    const [id] = await add(file);
    await page.evaluate(() => void window.uppy.upload());
    const { news } = await heard('media:uploading', file);
    await parts.reach(1);
    await page.evaluate((id) => window.uppy.removeFile(id!), id);
    await expect.poll(() => stateOf(product, String(news['tag']))).toBe('Aborted');
    await expect.poll(() => parts.underWay).toBe(0);
    expect(parts.stored.length).toBeLessThan(6);
    expect(await filesCalled(product, file.name)).toEqual([]);
  });

  test('another browser with the same file takes the upload over, and sends what is missing alone', async () => {
    const first = await media.visit({ product, rate: 8 * MiB });
    await first.begin({ mostParts: 2 });
    const file = await randomFile(64 * MiB, 'resumed');
    await first.add(file);
    await first.page.evaluate(() => void window.uppy.upload());
    await first.parts.reach(3);
    const { news: begun } = await first.heard('media:uploading', file);
    // As one whose machine goes off: nothing is given back.
    first.line.cut();
    await first.page.context().close();

    const second = await media.visit({ product });
    await second.begin();
    const [id] = await second.add(file);
    await second.upload();
    const { news: locked } = await second.heard('media:locked', file);
    expect(locked).toMatchObject({ tag: begun['tag'], lost: false });
    expect(second.parts.begun).toEqual([]);

    await second.page.evaluate((id) => window.uppy.getPlugin('UppyMedia')!.takeOver(id!), id);
    const { news: resumed } = (await second.told()).findLast(({ event }) => event === 'media:uploading')!;
    expect(resumed).toMatchObject({ tag: begun['tag'], resumed: true });
    expect(resumed['bytesThere']).toBeGreaterThanOrEqual(3 * 8 * MiB);
    expect(second.parts.begun).toHaveLength(8 - Number(resumed['bytesThere']) / (8 * MiB));
    expect(second.parts.begun.filter((part) => first.parts.stored.includes(part))).toEqual([]);
    await second.heard('media:verified', file);
    await expectStored(product, file);
  });

  test('3 GiB go with less than 300 MB of memory', async () => {
    const { begin, add, page, heard, parts } = await media.visit({ product });
    await begin();
    const file = await sparseFile(3 * GiB, 'huge');
    // So that code and heap of the page are there before the memory is looked at.
    const small = await randomFile(9 * MiB, 'before');
    await add(small);
    await page.evaluate(() => window.uppy.upload().then(() => undefined));
    await heard('media:verified', small);
    const memory = await watchMemory(page);
    const sent = parts.stored.length;

    await add(file);
    await page.evaluate(() => void window.uppy.upload());
    await heard('media:verified', file);
    expect(await memory.growth()).toBeLessThan(300_000_000);
    expect(parts.stored.length - sent).toBe(384);
    await expectStored(product, file);
  });
});
