import { expect, test, vi } from 'vitest';
import { UploadsApi } from '../src/api.ts';
import type { NewUpload, Upload } from '../src/answers.ts';
import { Batcher } from '../src/batcher.ts';
import { systemClock } from '../src/clock.ts';

const wish = (fileName: string): NewUpload => ({ fileName, contentType: '', size: 1, tipHash: null, pieceHash: null, partSize: null, clientId: 'tab' });

const batcherOf = (api: UploadsApi, how: { most: number; first: number; atOnce: number; wait: number }) =>
  new Batcher<NewUpload, Upload>(systemClock, { one: (upload) => api.create(upload), many: (uploads) => api.createMany(uploads), ...how });

/** A server that answers when told. */
function heldServer() {
  const asked: NewUpload[][] = [];
  const held: (() => void)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const rows = [JSON.parse(String(init?.body)) as NewUpload | NewUpload[]].flat();
    asked.push(rows);
    await new Promise<void>((resolve) => held.push(resolve));
    const answers = rows.map(({ fileName }) => ({ status: 'created', tag: `tag-of-${fileName}` }));
    return Response.json(rows.length === 1 ? answers[0] : answers);
  };
  const api = new UploadsApi({ server: '', permission: () => 'token', fetch, clock: systemClock });
  return { api, asked, answerNext: () => held.shift()!() };
}

test('the first request is short, so that its parts go soon; the rest goes beside, and no third until one is answered', async () => {
  const { api, asked, answerNext } = heldServer();
  const batcher = batcherOf(api, { most: 100, first: 16, atOnce: 2, wait: 5 });
  const names = Array.from({ length: 150 }, (_, index) => `file-${index}`);
  const created = names.map((name) => batcher.call(wish(name), new AbortController().signal));
  await vi.waitFor(() => expect(asked.map(({ length }) => length)).toEqual([16, 100]), { timeout: 30_000 });
  answerNext();
  expect((await created[0]!).tag).toBe('tag-of-file-0');
  await vi.waitFor(() => expect(asked.map(({ length }) => length)).toEqual([16, 100, 34]), { timeout: 30_000 });
  answerNext();
  answerNext();
  expect((await Promise.all(created)).map(({ tag }) => tag)).toEqual(names.map((name) => `tag-of-${name}`));
});

test('those that are wished for while a request is under way go together, without what nobody wants any more', async () => {
  const { api, asked, answerNext } = heldServer();
  const batcher = batcherOf(api, { most: 100, first: 16, atOnce: 1, wait: 5 });
  const { signal } = new AbortController();
  const first = batcher.call(wish('first'), signal);
  await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 30_000 });
  const others = ['second', 'third'].map((name) => batcher.call(wish(name), signal));
  const abandoned = new AbortController();
  const fourth = batcher.call(wish('fourth'), abandoned.signal);
  abandoned.abort(new Error('removed'));
  await expect(fourth).rejects.toThrow('removed');
  answerNext();
  await first;
  await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 30_000 });
  answerNext();
  expect((await Promise.all(others)).map(({ tag }) => tag)).toEqual(['tag-of-second', 'tag-of-third']);
  expect(asked.flat().map(({ fileName }) => fileName)).toEqual(['first', 'second', 'third']);
});

test('a server that knows no request for several is asked one by one from then on', async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (path, init) => {
    asked.push(String(path));
    if (String(path).includes(':')) return Response.json({ code: 'not_found' }, { status: 404 });
    const { fileName } = JSON.parse(String(init?.body)) as NewUpload;
    return fileName === 'bad' ? Response.json({ code: 'upload_locked' }, { status: 423 }) : Response.json({ status: 'created', tag: `tag-of-${fileName}` });
  };
  const batcher = batcherOf(new UploadsApi({ server: '', permission: () => 'token', fetch, clock: systemClock }), { most: 100, first: 16, atOnce: 2, wait: 5 });
  const { signal } = new AbortController();
  const both = () => Promise.allSettled(['good', 'bad'].map((name) => batcher.call(wish(name), signal)));
  expect(await both()).toMatchObject([{ value: { tag: 'tag-of-good' } }, { reason: { code: 'upload_locked' } }]);
  expect(await both()).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected' }]);
  expect(asked).toEqual(['/v1/uploads:batch', ...Array<string>(4).fill('/v1/uploads')]);
});

test('a request is broken off when nobody wants anything of it any more, and not before', async () => {
  const asked: (readonly string[])[] = [];
  const broken: (readonly string[])[] = [];
  const many = (wishes: readonly string[], signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      asked.push(wishes);
      signal.addEventListener('abort', () => {
        broken.push(wishes);
        reject(new Error('broken off'));
      });
    });
  const batcher = new Batcher<string, string>(systemClock, { one: async (wish) => `only ${wish}`, many, most: 100, first: 16, atOnce: 1, wait: 5 });
  const clients = [new AbortController(), new AbortController()] as const;
  const both = clients.map(({ signal }, index) => batcher.call(`${index}`, signal));
  await vi.waitFor(() => expect(asked).toEqual([['0', '1']]), { timeout: 30_000 });
  const next = batcher.call('2', new AbortController().signal);
  clients[0].abort(new Error('removed'));
  await expect(both[0]).rejects.toThrow('removed');
  expect(broken).toEqual([]);
  clients[1].abort(new Error('removed'));
  await expect(both[1]).rejects.toThrow('removed');
  expect(broken).toEqual([['0', '1']]);
  // Its place is free.
  expect(await next).toBe('only 2');
});
