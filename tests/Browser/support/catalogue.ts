import { inject } from 'vitest';

const product = inject('product');

/** A file to store, and what it becomes. */
export interface Stored {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** What the tests look at of a file in the catalog; the server sends more. */
export interface CatalogFile {
  readonly id: string;
  readonly fileName: string;
  readonly pieceHash: string | null;
  readonly thumbnails: readonly number[];
}

let permission: Promise<string> | null = null;

/** Asks the API as the page's user does. A refusal is an error, but for what `accept` lists. */
export async function ask<T>(path: string, init: { method?: string; body?: unknown; accept?: readonly number[] } = {}): Promise<T> {
  permission ??= fetch(`${product.url}/v1/permissions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password: product.password }),
  }).then(async (response) => ((await response.json()) as { permission: string }).permission);
  const response = await fetch(`${product.url}${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${await permission}`, ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  if (!response.ok && !init.accept?.includes(response.status)) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

interface Created {
  readonly status: string;
  readonly tag: string;
  readonly problem?: unknown;
  readonly urls?: readonly { readonly url: string; readonly headers: Record<string, string> }[];
}

/** Uploads small files by the API, and waits until all of them are in the catalog. Their ids, in the same order. */
export async function store(files: readonly Stored[]): Promise<readonly string[]> {
  const tags = await send(files);
  await eachOf(tags, 6, verified);
  return tags;
}

/** Uploads small files by the API under a hash that they do not have, and waits until verification has refused all of them. Their tags, in the same order. */
export async function refuse(files: readonly Stored[]): Promise<readonly string[]> {
  const tags = await send(files, 'A'.repeat(52));
  await eachOf(tags, 6, async (tag) => {
    const state = await settled(tag);
    if (state !== 'Mismatched') throw new Error(`${tag} is ${state}.`);
  });
  return tags;
}

async function send(files: readonly Stored[], pieceHash?: string): Promise<readonly string[]> {
  const created = await ask<readonly Created[]>('/v1/uploads:batch', {
    method: 'POST',
    body: files.map(({ name, type, bytes }) => ({ fileName: name, contentType: type, size: bytes.length, pieceHash, clientId: 'browser-tests' })),
  });
  await eachOf(created, 6, async (upload, index) => {
    const [single] = upload.urls ?? [];
    if (single === undefined) throw new Error(`There is no URL for ${files[index]?.name}: ${JSON.stringify(upload)}`);
    const put = await fetch(single.url, { method: 'PUT', headers: single.headers, body: new Uint8Array(files[index]!.bytes) });
    if (!put.ok) throw new Error(`PUT ${files[index]?.name}: ${put.status} ${await put.text()}`);
    await ask(`/v1/uploads/${upload.tag}/complete`, { method: 'POST' });
  });
  return created.map(({ tag }) => tag);
}

/** Waits until an upload that is whole has been verified, however that ends. */
async function settled(tag: string): Promise<string> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const upload = await ask<{ state: string }>(`/v1/uploads/${tag}`);
    if (!isUnderWay(upload)) return upload.state;
    if (Date.now() > deadline) throw new Error(`${tag} is still ${upload.state}.`);
    // The stream of its events ends when verification does.
    await (await fetch(`${product.url}/v1/uploads/${tag}/events`, { headers: { authorization: `Bearer ${await permission}` } })).text();
  }
}

const isUnderWay = ({ state }: { state: string }): boolean => state === 'Stored' || state === 'Verifying';

async function verified(tag: string): Promise<void> {
  const state = await settled(tag);
  if (state !== 'Verified' && state !== 'Duplicate') throw new Error(`${tag} is ${state}.`);
}

/** Whether the server waits for bytes of an upload of this name. */
export async function isActive(name: string): Promise<boolean> {
  const { uploads } = await ask<{ uploads: readonly { fileName: string }[] }>('/v1/uploads?state=active&limit=1000');
  return uploads.some(({ fileName }) => fileName === name);
}

/** The file of this name that came last, once it is in the catalog. */
export async function fileNamed(name: string): Promise<CatalogFile> {
  const { files } = await ask<{ files: readonly CatalogFile[] }>(`/v1/files?name=${encodeURIComponent(name)}`);
  const found = files.find(({ fileName }) => fileName === name);
  if (found === undefined) throw new Error(`${name} is not in the catalog.`);
  return found;
}

/** Takes every file out of the catalog, those too that other tests left on their way there. */
export async function emptyCatalog(): Promise<void> {
  const { uploads } = await ask<{ uploads: readonly { tag: string; state: string }[] }>('/v1/uploads?state=done&limit=1000');
  await eachOf(uploads.filter(isUnderWay), 6, ({ tag }) => settled(tag));
  for (;;) {
    const { files } = await ask<{ files: readonly CatalogFile[] }>('/v1/files?limit=1000');
    if (files.length === 0) return;
    await eachOf(files, 6, ({ id }) => ask(`/v1/files/${id}`, { method: 'DELETE', accept: [404] }));
  }
}

/** Does something with each, some at once. */
async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T, index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < items.length) {
        const index = next++;
        await work(items[index]!, index);
      }
    }),
  );
}
