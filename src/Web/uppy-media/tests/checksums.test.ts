import { describe, expect, test, vi } from 'vitest';
import type { UploaderOptions } from '../src/index.ts';
import { bytesOf, mebi, type Peer } from './peer.ts';
import { checksumOf } from './store.ts';
import { begin as beginWith, failureOf, film } from './uploads.ts';

/** With parts of 1 000 bytes, and no forms, so that small files go in parts. */
async function begin(options: Partial<UploaderOptions> = {}) {
  const all = await beginWith({ formsUpTo: 0, ...options });
  all.peer.partSize = 1_000;
  return all;
}

type Checksums = Record<string, string>;

/** The checksums of each request for URLs; undefined where it named parts alone. */
const asked = (peer: Peer): (Checksums | undefined)[] =>
  peer.asked.filter(({ path }) => path.endsWith('/urls')).map(({ body }) => body['checksums'] as Checksums | undefined);

/** Parts that the store took since, in their order. */
const takenSince = (peer: Peer, before: number): number[] =>
  peer.store.sent.slice(before).filter(({ status }) => status === 200).map(({ part }) => part).sort((a, b) => a - b);

const sent = (peer: Peer, part: number): number[] => peer.store.sent.filter((one) => one.part === part).map(({ status }) => status);

/** Counts from now on how often bytes of a part's length are hashed, and how many at once. */
function watchHashing() {
  const seen = { count: 0, now: 0, most: 0 };
  const digest = vi.mocked(crypto.subtle.digest);
  const before = digest.getMockImplementation()!;
  digest.mockImplementation(async function (this: SubtleCrypto, algorithm, bytes) {
    if (bytes.byteLength !== 1_000) return before.call(this, algorithm, bytes);
    seen.count++;
    seen.most = Math.max(seen.most, ++seen.now);
    try {
      return await before.call(this, algorithm, bytes);
    } finally {
      seen.now--;
    }
  });
  return seen;
}

/** Six parts of 1 MiB of which an earlier try sent the first three, and another uploader. */
async function resumable(options: Partial<UploaderOptions> = {}) {
  const all = await begin(options);
  const { world, peer, uploaderOf } = all;
  peer.partSize = mebi;
  const bytes = bytesOf(6 * mebi);
  peer.store.fault = (_tag, part) => (part > 3 ? 'hang' : null);
  const first = uploaderOf().upload(new Blob([bytes]), film);
  await world.when(() => peer.store.sent.length === 6);
  first.stop();
  await failureOf(first.done);
  peer.store.fault = () => null;
  return { ...all, bytes, before: peer.store.sent.length };
}

describe('every part', () => {
  test('goes with the checksum that its URL was signed for, and is hashed once', async () => {
    const { world, peer, uploader } = await begin();
    const hashed = watchHashing();
    const bytes = bytesOf(40_500);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(peer.only.wish.checksum).toBe('sha256');
    const right = Array.from({ length: 41 }, (_, n) => [n + 1, checksumOf(bytes.subarray(n * 1000, (n + 1) * 1000))]);
    expect(Object.assign({}, ...asked(peer))).toEqual(Object.fromEntries(right));
    expect(peer.store.sent.map(({ status }) => status)).toEqual(Array.from({ length: 41 }, () => 200));
    expect(hashed.count).toBe(40);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('has its URL asked for as soon as it is hashed, with those that are by then: all of a batch, where hashing is faster than sending', async () => {
    const { world, peer, uploader } = await begin({ urlBatch: 20 });
    // While these are waited for, hashing goes ahead.
    peer.store.fault = (_tag, _part, count) => (count <= 6 ? { status: 503 } : null);
    await world.until(uploader.upload(new Blob([bytesOf(100_000)]), film).done);
    const requests = asked(peer).map((checksums) => Object.keys(checksums!));
    // The second may be hashed as soon as the first.
    expect(requests.slice(0, 2).flat()).toContain('1');
    expect(requests[0]!.length).toBeLessThan(10);
    expect(Math.max(...requests.map(({ length }) => length))).toBeGreaterThan(12);
    expect(Math.max(...requests.map(({ length }) => length))).toBeLessThanOrEqual(20);
    expect(requests.flat()).toHaveLength(100);
  });

  test('is hashed, and its URL asked for, while other files’ parts take all lanes', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = () => 'hang';
    const large = uploader.upload(new Blob([bytesOf(9_000)]), film);
    await world.when(() => peer.store.sent.length === 6);
    const waiting = Array.from({ length: 3 }, (_, n) => uploader.upload(new Blob([bytesOf(900, n + 2)]), { name: `${n}`, type: '' }));
    await world.when(() => waiting.every(({ tag }) => peer.asked.some(({ path }) => path === `/v1/uploads/${tag}/urls`)));
    expect(peer.store.sent).toHaveLength(6);
    peer.store.fault = () => null;
    large.stop();
    expect((await world.until(Promise.all(waiting.map(({ done }) => done)))).every(({ status }) => status === 'verified')).toBe(true);
    for (const { tag } of waiting) expect(peer.count('POST', new RegExp(`${tag}/urls$`))).toBe(1);
  });

  test('is sent again where it was damaged on the way, with the same checksum', async () => {
    const { world, peer, uploader } = await begin();
    let left = 2;
    peer.store.damages = (_tag, part) => part === 3 && left-- > 0;
    const bytes = bytesOf(5_000);
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer, 3)).toEqual([400, 400, 200]);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
    const third = asked(peer).map((checksums) => checksums!['3']).filter((checksum) => checksum !== undefined);
    expect(third).toHaveLength(3);
    expect(new Set(third).size).toBe(1);
  });

  test('is given up where it is damaged every time', async () => {
    const { world, peer, uploader } = await begin({ retry: { outage: 60_000 } });
    peer.store.damages = (_tag, part) => part === 2;
    const failure = await world.until(failureOf(uploader.upload(new Blob([bytesOf(3_000)]), film).done));
    expect(failure).toMatchObject({ code: 'store_refused', message: 'The store answered 400 BadDigest to part 2.' });
    expect(sent(peer, 2)).toHaveLength(5);
  });

  test('that can’t be read any more ends the upload as a changed file', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = () => 'hang';
    class Changing extends Blob {
      isChanged = false;
      override slice(start?: number, end?: number): Blob {
        const gone = new DOMException('gone', 'NotReadableError');
        const stream = () => new ReadableStream({ type: 'bytes', pull: (controller) => controller.error(gone) });
        return this.isChanged ? Object.assign(super.slice(start, end), { stream, arrayBuffer: () => Promise.reject(gone) }) : super.slice(start, end);
      }
    }
    const file = new Changing([bytesOf(200_000)]);
    const upload = uploader.upload(file, film);
    await world.when(() => peer.store.sent.length === 6);
    file.isChanged = true;
    peer.store.fault = () => null;
    expect(await world.until(failureOf(upload.done))).toMatchObject({ code: 'file_changed' });
  });
});

describe('checksums', () => {
  test('are kept: what expires or is refused is signed afresh without hashing once more', async () => {
    const { world, peer, uploader } = await begin();
    const hashed = watchHashing();
    const upload = uploader.upload(new Blob([bytesOf(50_000)]), film);
    peer.store.fault = (_tag, part, count) => (part === 2 && count < 8 ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : null);
    await world.when(() => peer.store.sent.length > 10);
    upload.pause();
    await world.quiet();
    world.oversleep(2 * 3600_000);
    upload.resume();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.store.sent.filter(({ status }) => status === 403).every(({ part }) => part === 2)).toBe(true);
    expect(sent(peer, 2)).toContain(403);
    expect(asked(peer).flatMap((checksums) => Object.keys(checksums!)).length).toBeGreaterThan(50);
    expect(hashed.count).toBe(50);
  });

  test('of many files have two parts in memory at most', async () => {
    const { world, peer, uploader } = await begin();
    const hashed = watchHashing();
    const uploads = Array.from({ length: 20 }, (_, n) => uploader.upload(new Blob([bytesOf(10_000, n + 1)]), { name: `${n}`, type: '' }).done);
    expect((await world.until(Promise.all(uploads))).every(({ status }) => status === 'verified')).toBe(true);
    expect(hashed).toMatchObject({ count: 200, most: 2 });
    expect(peer.store.sent).toHaveLength(200);
  });

  test('are not told where they are not wanted', async () => {
    const { world, peer, uploader } = await begin({ checksums: false });
    const hashed = watchHashing();
    await world.until(uploader.upload(new Blob([bytesOf(40_000)]), film).done);
    expect(peer.only.wish).not.toHaveProperty('checksum');
    expect(asked(peer).every((checksums) => checksums === undefined)).toBe(true);
    expect(hashed.count).toBe(0);
  });

  test('are not told where the server does not agree to them', async () => {
    const { world, peer, uploader } = await begin();
    const hashed = watchHashing();
    peer.agreesToChecksums = false;
    expect(await world.until(uploader.upload(new Blob([bytesOf(40_000)]), film).done)).toMatchObject({ status: 'verified' });
    expect(asked(peer).every((checksums) => checksums === undefined)).toBe(true);
    expect(hashed.count).toBe(0);
  });
});

describe('an upload that is resumed', () => {
  test.each([[true], [false]])('goes on as it was begun. With checksums: %s', async (hadThem) => {
    const { world, peer, uploaderOf, bytes, before } = await resumable({ checksums: hadThem });
    const uploader = uploaderOf('tab-1', { checksums: !hadThem });
    expect(await world.until(uploader.upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    expect(peer.sessions.size).toBe(1);
    expect(takenSince(peer, before)).toEqual([4, 5, 6]);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('with a file that was edited since sends the edited part again, and is not mixed', async () => {
    const { world, peer, uploaderOf, bytes, before } = await resumable();
    const edited = Buffer.from(bytes);
    edited.fill(0, mebi + 100, mebi + 5000);
    expect(await world.until(uploaderOf().upload(new Blob([edited]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    expect(peer.sessions.size).toBe(1);
    expect(takenSince(peer, before)).toEqual([2, 4, 5, 6]);
    expect(peer.bytesOf(peer.only).equals(edited)).toBe(true);
  });

  test('with a file that was edited since, and of which every part is there, sends the edited part again', async () => {
    const { world, peer, uploaderOf, bytes, before } = await resumable();
    for (const part of [4, 5, 6]) peer.only.parts.set(part, bytes.subarray((part - 1) * mebi, part * mebi));
    const edited = Buffer.from(bytes);
    edited.fill(0, 2 * mebi + 100, 2 * mebi + 5000);
    expect(await world.until(uploaderOf().upload(new Blob([edited]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    expect(takenSince(peer, before)).toEqual([3]);
    expect(peer.bytesOf(peer.only).equals(edited)).toBe(true);
  });
});
