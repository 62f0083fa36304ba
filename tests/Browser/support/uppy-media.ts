import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { PageOptions, Told } from '../pages/uppy-media/main.ts';
import { useBrowser } from './browser.ts';
import { buildPage, type BuiltPage } from './built-page.ts';
import type { TestFile } from './files.ts';
import { Line } from './line.ts';
import { readObject } from './object-store.ts';
import { partOf } from './parts.ts';
import type { Product } from './product.ts';
import { whileItMoves } from './waiting.ts';

/** A visitor of the page that is Uppy with the plugin and nothing else, and the line to it. */
export interface Visit {
  readonly page: Page;
  readonly line: Line;
  /** Everything that has gone over the line to the API, such as `POST /v1/uploads:batch`. */
  readonly calls: string[];
  /** Parts as they went to the store. */
  readonly parts: Parts;
  /** Makes Uppy, with a permission of the product's user unless one is told. */
  begin(options?: PageOptions, permission?: string): Promise<void>;
  /** Adds files to Uppy, and gives their ids. */
  add(...files: readonly TestFile[]): Promise<string[]>;
  /** Has Uppy upload them, and waits until it has. */
  upload(): Promise<void>;
  /** What was told so far. */
  told(): Promise<readonly Told[]>;
  /** Waits until something was told of a file: however long that takes, while there is news. */
  heard(event: string, file: TestFile): Promise<Told>;
}

/** The parts that a page sends to the store. */
export interface Parts {
  /** Part numbers in the order that they were begun in, and of those that the store took. */
  readonly begun: number[];
  readonly stored: number[];
  /** The URL of each that was begun. */
  readonly urls: URL[];
  /** On their way now, and at most. */
  readonly underWay: number;
  readonly most: number;
  /** Waits until the store has so many. */
  reach(count: number): Promise<void>;
}

/** What a visit goes over. */
export interface Way {
  readonly product: Product;
  /** Bytes a second that a request's body goes at. As fast as it can unless told: then the store's bytes do not go through the line at all. */
  readonly rate?: number;
}

/** Where the page is: below the product's own origin, so that it is one of the product's own pages to the browser. */
const path = '/uppy-media-page/';

/** Builds the page once for the tests of a file. */
export function useUppyMedia(): { visit(way: Way): Promise<Visit> } {
  const browser = useBrowser();
  let built: BuiltPage;
  beforeAll(async () => {
    built = await buildPage('uppy-media');
  });
  afterAll(() => built?.close());

  return {
    async visit({ product, rate }) {
      const line = await Line.open(rate);
      const policy = (await fetch(product.url)).headers.get('content-security-policy') ?? '';
      line.intercept((request, answer) => {
        if (request.url?.startsWith(product.url + path) !== true) return false;
        void built.read(`/${request.url.slice((product.url + path).length)}`).then((file) => {
          answer.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain', 'content-security-policy': policy });
          answer.end(file?.bytes);
        });
        return true;
      });
      const calls: string[] = [];
      line.intercept(({ method, url }) => {
        if (url?.startsWith(`${product.url}/v1`) === true) calls.push(`${method} ${url.slice(product.url.length)}`);
        return false;
      });
      const proxy = { server: line.url, ...(rate === undefined && { bypass: new URL(product.s3.endpoint).host }) };
      const page = await browser.visit({ proxy });
      onTestFinished(async () => {
        await page.context().close();
        await line.close();
      });
      const parts = watchParts(page);
      await page.goto(product.url + path);
      await page.waitForFunction(() => 'begin' in window);
      const told = () => page.evaluate(() => window.told);
      return {
        page,
        line,
        calls,
        parts,
        told,
        async begin(options = {}, permission) {
          const allowed = permission ?? (await permissionOf(product));
          await page.evaluate(([allowed, options]) => window.begin(allowed, options), [allowed, options] as const);
        },
        async add(...files) {
          await page.locator('#files').setInputFiles(files.map((file) => file.path));
          return page.evaluate(() => window.add());
        },
        upload: () => page.evaluate(async () => void (await window.uppy.upload())),
        async heard(event, file) {
          const find = ([event, name]: readonly [string, string]) => window.told.find((one) => one.event === event && one.file === name);
          const found = await whileItMoves(
            (timeout) => page.waitForFunction(find, [event, file.name] as const, { timeout }),
            async () => JSON.stringify((await told()).slice(-3)),
          );
          return (await found.jsonValue()) as Told;
        },
      };
    },
  };
}

/** Watches what a page sends to the store. */
export function watchParts(page: Page): Parts {
  const [begun, stored, urls]: [number[], number[], URL[]] = [[], [], []];
  const underWay = new Set<unknown>();
  let most = 0;
  page.on('request', (request) => {
    const part = partOf(request);
    if (part === null) return;
    begun.push(part);
    urls.push(new URL(request.url()));
    underWay.add(request);
    most = Math.max(most, underWay.size);
  });
  page.on('response', (response) => {
    const part = partOf(response.request());
    if (underWay.delete(response.request()) && part !== null && response.ok()) stored.push(part);
  });
  page.on('requestfailed', (request) => underWay.delete(request));
  return {
    begun,
    stored,
    urls,
    get underWay() {
      return underWay.size;
    },
    get most() {
      return most;
    },
    reach: (count) => expect.poll(() => stored.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(count),
  };
}

/** A fresh permission of the product's user. */
export async function permissionOf({ url, password }: Product): Promise<string> {
  const answer = await call<{ permission: string }>(url, 'POST', '/v1/permissions', null, { password });
  return answer.permission;
}

/** A file of the catalog. */
export interface CatalogFile {
  readonly id: string;
  readonly fileName: string;
  readonly size: number;
  readonly pieceHash: string;
}

/** The user's files in the catalog that have this name. */
export async function filesCalled(product: Product, name: string, permission?: string): Promise<readonly CatalogFile[]> {
  const allowed = permission ?? (await permissionOf(product));
  const { files } = await call<{ files: CatalogFile[] }>(product.url, 'GET', `/v1/files?limit=1000&name=${encodeURIComponent(name)}`, allowed);
  return files;
}

/** The state that an upload of the product's user is in. */
export async function stateOf(product: Product, tag: string): Promise<string> {
  return (await call<{ state: string }>(product.url, 'GET', `/v1/uploads/${tag}`, await permissionOf(product))).state;
}

/** Asserts that the file is in the catalog once, and that the store has its bytes. */
export async function expectStored(product: Product, file: TestFile, permission?: string): Promise<void> {
  const files = await filesCalled(product, file.name, permission);
  expect(files.map(({ fileName, size }) => ({ fileName, size }))).toEqual([{ fileName: file.name, size: file.size }]);
  expect(await readObject(product.s3, `hash/${files[0]!.pieceHash}`)).toEqual({ sha256: file.sha256, size: file.size });
}

/** What was told of a file, each kind once, in the order of its first time. */
export const kindsOf = (told: readonly Told[], file: TestFile): string[] => [
  ...new Set(told.filter((one) => one.file === file.name).map(({ event }) => event)),
];

async function call<T>(server: string, method: string, path: string, permission: string | null, body?: unknown): Promise<T> {
  const response = await fetch(server + path, {
    method,
    headers: {
      ...(permission !== null && { authorization: `Bearer ${permission}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
