import { describe, expect, test } from 'vitest';
import { product } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import { expectStored, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

/**
 * So long may it take until the first browser knows that another one has its upload: milliseconds. Whoever is not told asks the server every 20 s.
 * On a machine that has more to do than it can, what takes milliseconds was seen to take a second.
 */
const atOnce = 4_000;

describe('the same file in two browsers', () => {
  test('when the second takes the upload over, the first is told at once, and sends no more', async () => {
    const first = await media.visit({ product, rate: 1 * MiB });
    await first.begin({ mostParts: 2 });
    const file = await randomFile(96 * MiB, 'taken');
    await first.add(file);
    await first.page.evaluate(() => void window.uppy.on('media:locked', () => Object.assign(window, { lockedAt: Date.now() })));
    const listening = first.page.waitForResponse(/\/v1\/leases\/events\?/);
    await first.page.evaluate(() => void window.uppy.upload());
    await listening;
    await first.parts.reach(2);

    const second = await media.visit({ product });
    await second.begin();
    const [id] = await second.add(file);
    await second.upload();
    await second.heard('media:locked', file);
    const taken = second.page.waitForResponse((response) => /\/lease$/.test(response.url()) && response.request().method() === 'POST');
    await second.page.evaluate((id) => void window.uppy.getPlugin('UppyMedia')!.takeOver(id!), id);
    const answer = await taken;
    await answer.finished();
    const { startTime, responseEnd } = answer.request().timing();
    const { news } = await first.heard('media:locked', file);
    const lockedAt = await first.page.evaluate(() => (window as unknown as { lockedAt: number }).lockedAt);
    expect(lockedAt - (startTime + responseEnd)).toBeLessThan(atOnce);
    expect(news).toMatchObject({ lost: true });
    await expect.poll(() => first.parts.underWay).toBe(0);

    await second.heard('media:verified', file);
    expect(second.parts.begun.filter((part) => first.parts.stored.includes(part))).toEqual([]);
    await expectStored(product, file);
  });
});
