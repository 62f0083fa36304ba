import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** A page of tests/Browser/pages, built as the product's page is built. */
export interface BuiltPage {
  /** Its address under this policy, without a slash at its end. */
  serve(contentSecurityPolicy: string): Promise<string>;
  close(): Promise<void>;
}

/** Builds a page. Packages of the workspace come from their sources. */
export async function buildPage(name: string): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), `media-${name}-`));
  await build({
    configFile: false,
    logLevel: 'warn',
    root: fileURLToPath(new URL(`../pages/${name}`, import.meta.url)),
    resolve: { alias: { [`@media/${name}`]: fileURLToPath(new URL(`../../../src/Web/${name}/src/index.ts`, import.meta.url)) } },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  });
  const servers: ReturnType<typeof createServer>[] = [];
  return {
    async serve(contentSecurityPolicy) {
      const server = createServer(async (request, response) => {
        const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
        const file = join(folder, path === '/' ? 'index.html' : path);
        const bytes = await readFile(file).catch(() => null);
        response.writeHead(bytes ? 200 : 404, {
          'content-type': types[extname(file)] ?? 'application/octet-stream',
          'content-security-policy': contentSecurityPolicy,
        });
        response.end(bytes);
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
