import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const web = fileURLToPath(new URL('../../../src/Web/', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** A file of a built page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A page of tests/Browser/pages, built as the product's page is built. */
export interface BuiltPage {
  /** Where its files are. */
  readonly folder: string;
  /** What is at a path below the page's own address; null where there is nothing. */
  read(path: string): Promise<PageFile | null>;
  /** Its address under this policy, without a slash at its end. */
  serve(contentSecurityPolicy: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Builds a page. Packages of the workspace come from their sources, Uppy as the workspace has it.
 * @param page its name, or the folder that it is in
 */
export async function buildPage(page: string | URL): Promise<BuiltPage> {
  const source = fileURLToPath(typeof page === 'string' ? new URL(`../pages/${page}`, import.meta.url) : page);
  const folder = await mkdtemp(join(tmpdir(), 'media-page-'));
  await build({
    configFile: false,
    logLevel: 'warn',
    root: source,
    // It may be served below any path.
    base: './',
    resolve: {
      alias: [
        { find: /^@media\/([a-z-]+)$/, replacement: `${web}$1/src/index.ts` },
        { find: /^@uppy\/([a-z0-9-]+)$/, replacement: `${web}node_modules/@uppy/$1/lib/index.js` },
      ],
    },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  });
  const servers: ReturnType<typeof createServer>[] = [];
  const read = async (path: string): Promise<PageFile | null> => {
    const file = join(folder, normalize(path === '/' ? '/index.html' : path));
    const bytes = await readFile(file).catch(() => null);
    return bytes && { type: types[extname(file)] ?? 'application/octet-stream', bytes };
  };
  return {
    folder,
    read,
    async serve(contentSecurityPolicy) {
      const server = createServer(async (request, response) => {
        const file = await read(new URL(request.url ?? '/', 'http://page').pathname);
        response.writeHead(file ? 200 : 404, {
          'content-type': file?.type ?? 'text/plain',
          'content-security-policy': contentSecurityPolicy,
        });
        response.end(file?.bytes);
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
