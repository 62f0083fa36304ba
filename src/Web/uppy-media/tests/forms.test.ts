import { openAsBlob, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MediaUploader, UploaderOptions } from '../src/index.ts';
import { bytesOf, mebi, type Peer } from './peer.ts';
import { begin as beginWith, failureOf, film } from './uploads.ts';

const kibi = 1024;
const photo = { name: 'photo.jpg', type: 'image/jpeg' };

/** With a server that has small files go in one piece. */
async function begin(options?: Partial<UploaderOptions>) {
  const all = await beginWith(options);
  all.peer.singleMaxSize = 8 * mebi;
  return all;
}

/** How bytes came to the store, and what it said. */
const sent = (peer: Peer): string[] => peer.store.sent.map(({ by, status }) => `${by} ${status}`);

/** 100 files, each with bytes of its own. */
const uploadMany = (uploader: MediaUploader) =>
  Array.from({ length: 100 }, (_, n) => uploader.upload(new Blob([bytesOf(200, n + 1)]), { name: `${n}.txt`, type: 'text/plain' }).done);

const asksForForm = (peer: Peer): boolean => peer.asked.find(({ path }) => path === '/v1/uploads')?.body['form'] === true;

describe('a file goes by a form', () => {
  test.each([
    [256 * kibi - 1, true],
    [256 * kibi, true],
    [256 * kibi + 1, false],
    [0, true],
  ])('of %i bytes: %s', async (size, isForm) => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(size);
    expect(await world.until(uploader.upload(new Blob([bytes], { type: photo.type }), photo).done)).toMatchObject({ status: 'verified' });
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
    expect(sent(peer)).toEqual([isForm ? 'POST 201' : 'PUT 200']);
    expect(asksForForm(peer)).toBe(isForm);
  });

  test('up to the size that is set, and never where it is 0', async () => {
    const { world, peer, uploaderOf } = await begin();
    await world.until(uploaderOf('tab-1', { formsUpTo: 10 }).upload(new Blob([bytesOf(10)]), photo).done);
    await world.until(uploaderOf('tab-1', { formsUpTo: 10 }).upload(new Blob([bytesOf(11)]), photo).done);
    await world.until(uploaderOf('tab-1', { formsUpTo: 0 }).upload(new Blob([bytesOf(9)]), photo).done);
    await world.until(uploaderOf('tab-1', { formsUpTo: 0 }).upload(new Blob([]), photo).done);
    expect(sent(peer)).toEqual(['POST 201', 'PUT 200', 'PUT 200', 'PUT 200']);
  });

  test('and costs no request of its own but the form itself', async () => {
    const { world, peer, uploader } = await begin({ waitForVerification: false });
    await world.until(Promise.all(uploadMany(uploader)));
    expect(new Set(sent(peer))).toEqual(new Set(['POST 201']));
    expect(peer.store.sent).toHaveLength(100);
    expect(new Set(peer.asked.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(['POST /v1/uploads:batch', 'POST /v1/uploads:complete']));
    const completed = peer.asked.filter(({ path }) => path === '/v1/uploads:complete').map(({ body }) => (body as unknown as unknown[]).length);
    expect(completed.reduce((sum, count) => sum + count)).toBe(100);
    expect(Math.max(...completed)).toBeLessThanOrEqual(32);
    expect(peer.asked.length).toBeLessThan(40);
  });

  test('and is completed by itself where the server knows no request for several', async () => {
    const { world, peer, uploader } = await begin({ waitForVerification: false });
    peer.completesMany = false;
    expect(await world.until(Promise.all(uploadMany(uploader)))).toHaveLength(100);
    expect(peer.count('POST', /\/complete$/)).toBe(100);
  });

  test('and is completed beside one of the same request that the server turns down', async () => {
    const { world, peer, uploader } = await begin({ waitForVerification: false });
    const given = 'tag000000000000000100';
    const isNamed = () => JSON.stringify(peer.asked.at(-1)!.body).includes(given);
    const uploads = uploadMany(uploader);
    // Another client gives one up while it is being completed.
    peer.apiFault = (_method, path) => {
      if (path === '/v1/uploads:complete' && isNamed()) peer.sessions.get(given)!.state = 'Aborted';
      return null;
    };
    const ended = await world.until(Promise.allSettled(uploads));
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(99);
    expect(ended.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'upload_aborted' } });
    expect(peer.store.sent.filter(({ status }) => status !== 201)).toEqual([]);
    expect(peer.sessions.get(given)!.state).toBe('Aborted');
  });

  test('as it was hashed, whatever becomes of the file on disk before it is sent again', async () => {
    const { world, peer, uploader } = await begin();
    const folder = await mkdtemp(join(tmpdir(), 'media-form-'));
    const path = join(folder, 'notes.txt');
    const bytes = bytesOf(100);
    await writeFile(path, bytes);
    const file = await openAsBlob(path);
    peer.store.fault = (_tag, _part, count) => {
      if (count > 1) return null;
      rmSync(folder, { recursive: true });
      return 'break';
    };
    expect(await world.until(uploader.upload(file, photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 0', 'POST 201']);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('that is asked for after a challenge was turned down', async () => {
    const { world, peer, uploader } = await begin();
    const bytes = bytesOf(100);
    await peer.know(bytes);
    peer.contents.set([...peer.contents.keys()][0]!, { ...[...peer.contents.values()][0]!, bytes: bytesOf(100, 9) });
    expect(await world.until(uploader.upload(new Blob([bytes]), photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 201']);
    expect(peer.count('POST', /\/form$/)).toBe(1);
  });

  test('but not where the server knows none', async () => {
    const { world, peer, uploader } = await begin();
    peer.hasForms = false;
    expect(await world.until(uploader.upload(new Blob([bytesOf(100)]), photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['PUT 200']);
    expect(peer.count('POST', /\/form$/)).toBe(0);
  });

  test('but not where it goes in parts', async () => {
    const { world, peer, uploader } = await begin();
    Object.assign(peer, { singleMaxSize: 0, partSize: 1000 });
    const bytes = bytesOf(2500);
    expect(await world.until(uploader.upload(new Blob([bytes]), photo).done)).toMatchObject({ status: 'verified' });
    expect(asksForForm(peer)).toBe(true);
    expect(sent(peer)).toEqual(['PUT 200', 'PUT 200', 'PUT 200']);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });
});

describe('a form', () => {
  test.each([[true], [false]])('that expired, as during a sleep, is not sent; a fresh one is. The server’s time is known: %s', async (showsTime) => {
    const { world, peer, uploader } = await begin();
    Object.assign(peer, { showsTime, ahead: 3 * 3600_000 });
    const upload = uploader.upload(new Blob([bytesOf(100)]), photo, (news) => news.kind === 'uploading' && upload.pause());
    await world.when(() => upload.isPaused);
    await world.quiet();
    world.oversleep(2 * 3600_000);
    upload.resume();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 201']);
    expect(peer.count('POST', /\/form$/)).toBe(1);
  });

  test('that is good still after some time is sent as it is', async () => {
    const { world, peer, uploader } = await begin();
    Object.assign(peer, { showsTime: false, ahead: -3 * 3600_000 });
    const upload = uploader.upload(new Blob([bytesOf(100)]), photo, (news) => news.kind === 'uploading' && upload.pause());
    await world.when(() => upload.isPaused);
    world.oversleep(1800_000);
    upload.resume();
    expect(await world.until(upload.done)).toMatchObject({ status: 'verified' });
    expect(peer.count('POST', /\/form$/)).toBe(0);
  });

  test('that the store refuses is followed by a fresh one', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count <= 2 ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : null);
    expect(await world.until(uploader.upload(new Blob([bytesOf(100)]), photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 403', 'POST 403', 'POST 201']);
    expect(peer.count('POST', /\/form$/)).toBe(2);
  });

  test('that the store refuses however fresh is told, without the store’s words', async () => {
    const { world, peer, uploader } = await begin({ retry: { outage: 60_000 } });
    peer.store.fault = () => ({ status: 400, body: '<Error><Code>EntityTooLarge</Code><Message>secret</Message></Error>' });
    const failure = await world.until(failureOf(uploader.upload(new Blob([bytesOf(100)]), photo).done));
    expect(failure).toMatchObject({ code: 'store_refused', message: 'The store answered 400 EntityTooLarge to part 1.' });
    expect(peer.only.lease).toBeNull();
  });

  test('is sent again where the store has too much to do, or the line breaks', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = (_tag, _part, count) => (count === 1 ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : count === 2 ? 'break' : null);
    const bytes = bytesOf(100);
    expect(await world.until(uploader.upload(new Blob([bytes]), photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 503', 'POST 0', 'POST 201']);
    expect(peer.count('POST', /\/form$/)).toBe(0);
    expect(peer.bytesOf(peer.only).equals(bytes)).toBe(true);
  });

  test('to which nothing is answered is sent again, and waited for longer', async () => {
    const { world, peer, uploader } = await begin({ stallTimeout: 10_000, answerTimeout: 25_000 });
    const at: number[] = [];
    peer.store.fault = () => (at.push(world.now()) <= 3 ? 'hang' : null);
    expect(await world.until(uploader.upload(new Blob([bytesOf(100)]), photo).done)).toMatchObject({ status: 'verified' });
    expect(sent(peer)).toEqual(['POST 0', 'POST 0', 'POST 0', 'POST 201']);
    const seconds = at.slice(1).map((time, index) => Math.floor((time - at[index]!) / 1000));
    // The last by both times together; each with a short pause.
    expect(seconds).toEqual([10, 20, 35]);
  });

  test('on its way ends when the upload is cancelled', async () => {
    const { world, peer, uploader } = await begin();
    peer.store.fault = () => 'hang';
    const upload = uploader.upload(new Blob([bytesOf(100)]), photo);
    await world.when(() => peer.store.sent.length > 0);
    await world.until(upload.cancel());
    expect(peer.only.state).toBe('Aborted');
    expect((await failureOf(upload.done)).name).toBe('AbortError');
    expect(peer.store.sent).toHaveLength(1);
  });

  test('is of an upload that another browser began, too', async () => {
    const { world, peer, uploaderOf } = await begin();
    peer.store.fault = () => 'hang';
    const bytes = bytesOf(100);
    const first = uploaderOf('tab-1').upload(new Blob([bytes]), film);
    await world.when(() => peer.store.sent.length > 0);
    first.stop();
    await world.until(failureOf(first.done));
    peer.store.fault = () => null;
    expect(await world.until(uploaderOf('tab-2').upload(new Blob([bytes]), film).done)).toMatchObject({ status: 'verified', resumed: true });
    expect(sent(peer)).toEqual(['POST 0', 'POST 201']);
  });
});
