import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Permission, Upload, UploadPage } from '../../src/api.ts';
import type { Catalogue, FilePage } from '../../src/library/catalogue.ts';
import { Dismissed } from '../../src/library/dismissed.ts';
import { Listing } from '../../src/library/listing.ts';
import { aFile, aPage } from './a-file.ts';

const permission: Permission = { permission: 'sealed', expiresAt: '', user: 'ada', limits: { contentTypes: [], maxSize: 1, maxFiles: 1, maxBytes: 1 } };

const anUpload = (tag: string, state: string, completedAt = '2026-01-01T10:00:00.000Z'): Upload => ({
  tag, state, fileName: tag, size: 1, tipHash: null, lease: null, contentType: '', actual: null, reason: null, createdAt: completedAt, completedAt,
});

describe('the listing', () => {
  const list = vi.fn<Catalogue['list']>();
  const listUploads = vi.fn(async (): Promise<UploadPage> => ({ uploads: [], next: null }));
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  let listing: Listing;

  beforeEach(() => {
    list.mockReset();
    kept.clear();
    listUploads.mockReset().mockResolvedValue({ uploads: [], next: null });
    listing = new Listing({ list, remove: vi.fn(), signLink: vi.fn() }, { listUploads }, new Dismissed(() => storage));
  });

  const ids = () => listing.files.map(({ id }) => id).join('');
  /** An answer that comes when it is told to, as a slow server's. */
  function slowAnswer() {
    let answer!: (page: FilePage) => void;
    list.mockImplementationOnce((_permission, _query, signal) => new Promise((resolve, reject) => {
      answer = resolve;
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    }));
    return (page: FilePage) => answer(page);
  }

  test('reads the user’s own files, page after page', async () => {
    list.mockResolvedValueOnce(aPage('dc', 'c')).mockResolvedValueOnce(aPage('ba'));
    await listing.newest(permission);
    expect(listing.hasMore).toBe(true);
    await listing.older(permission);
    expect([ids(), listing.hasMore]).toEqual(['dcba', false]);
    expect(list.mock.calls.map(([, query]) => query)).toMatchObject([{ user: 'ada', name: '', type: '' }, { after: 'c' }]);
    expect(await listing.older(permission)).toBe(false);
    expect(list).toHaveBeenCalledTimes(2);
  });

  test('an answer to what is no longer looked for is dropped, and its request given up', async () => {
    const late = slowAnswer();
    const first = listing.newest(permission);
    await vi.waitFor(() => expect(list).toHaveBeenCalledOnce(), { timeout: 30_000 });
    listing.look({ name: 'b', type: '' });
    list.mockResolvedValueOnce(aPage('b'));
    expect(await listing.newest(permission)).toBe(true);
    late(aPage('cba'));
    expect(await first).toBe(false);
    expect(list.mock.calls[0]?.[2]?.aborted).toBe(true);
    expect(ids()).toBe('b');
  });

  test('what was loaded stays until the answer to what is looked for now, and is replaced by it', async () => {
    list.mockResolvedValueOnce(aPage('dcba', 'a'));
    await listing.newest(permission);
    listing.look({ name: 'd', type: 'image/*' });
    expect([ids(), listing.isCurrent]).toEqual(['dcba', false]);
    list.mockResolvedValueOnce(aPage('d', 'd'));
    await listing.newest(permission);
    expect([ids(), listing.isCurrent]).toEqual(['d', true]);
  });

  test('a page of the list before is not added to another', async () => {
    list.mockResolvedValueOnce(aPage('dc', 'c'));
    await listing.newest(permission);
    const late = slowAnswer();
    const older = listing.older(permission);
    listing.look({ name: 'd', type: '' });
    list.mockResolvedValueOnce(aPage('d'));
    await listing.newest(permission);
    late(aPage('ba'));
    expect(await older).toBe(false);
    expect(ids()).toBe('d');
  });

  test('a failure is the caller’s, and what was loaded stays', async () => {
    list.mockResolvedValueOnce(aPage('ba'));
    await listing.newest(permission);
    list.mockRejectedValueOnce(new Error('away'));
    await expect(listing.newest(permission)).rejects.toThrow('away');
    expect(ids()).toBe('ba');
  });

  test('what is being verified is told of, and what ended badly within a day; not while something is looked for', async () => {
    listUploads.mockResolvedValue({
      uploads: [anUpload('v', 'Verifying'), anUpload('m', 'Mismatched'), anUpload('a', 'Verified'), anUpload('o', 'Failed', '2025-12-30T10:00:00.000Z')],
      next: null,
    });
    list.mockResolvedValue(aPage('a'));
    await listing.newest(permission);
    expect(listing.arrivals.map(({ tag }) => tag)).toEqual(['v', 'm']);
    listing.look({ name: 'a', type: '' });
    await listing.newest(permission);
    expect(listing.arrivals).toEqual([]);
    expect(listUploads).toHaveBeenCalledOnce();
  });

  test('what was dismissed is not told of again, the answer to an earlier question included', async () => {
    const page = { uploads: [anUpload('m', 'Mismatched'), anUpload('f', 'Failed'), anUpload('v', 'Verifying')], next: null };
    listUploads.mockResolvedValue(page);
    list.mockResolvedValueOnce(aPage('a'));
    await listing.newest(permission);
    const late = slowAnswer();
    const reading = listing.newest(permission);
    await vi.waitFor(() => expect(list).toHaveBeenCalledTimes(2), { timeout: 30_000 });
    listing.dismiss(page.uploads[0]!, permission);
    const told = () => listing.arrivals.map(({ tag }) => tag);
    expect(told()).toEqual(['f', 'v']);
    late(aPage('a'));
    await reading;
    expect(told()).toEqual(['f', 'v']);
  });

  test('an upload that became a file meanwhile is told of once', async () => {
    listUploads.mockResolvedValue({ uploads: [anUpload('b', 'Verifying')], next: null });
    list.mockResolvedValue(aPage('ba'));
    await listing.newest(permission);
    expect([listing.arrivals.length, ids()]).toEqual([0, 'ba']);
  });

  test('fresh is what came after the first look, not what an emptied place brought up', async () => {
    list.mockResolvedValueOnce(aPage('dc', 'c'));
    await listing.newest(permission);
    list.mockResolvedValueOnce(aPage('ecb'));
    await listing.newest(permission);
    expect(listing.files.filter((file) => listing.isFresh(file)).map(({ id }) => id)).toEqual(['e']);
  });

  test('fresh goes by the time, however many digits it has', async () => {
    list.mockResolvedValueOnce({ files: [aFile('b', { filedAt: '2026-01-01T00:00:38.919Z' })], next: null });
    await listing.newest(permission);
    expect(['38.9Z', '38.919Z', '38.92Z', '39Z'].map((end) => listing.isFresh(aFile('x', { filedAt: `2026-01-01T00:00:${end}` })))).toEqual([false, false, true, true]);
  });

  test('for the next user there is nothing, and nothing is fresh', async () => {
    list.mockResolvedValueOnce(aPage('ba'));
    await listing.newest(permission);
    listing.look({ name: 'x', type: '' });
    listing.clear();
    expect([ids(), listing.isFiltered, listing.isFresh(aFile('z'))]).toEqual(['', false, false]);
  });
});
