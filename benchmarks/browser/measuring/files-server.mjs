import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };

/**
 * Serves folders on a free port of this machine.
 * @param {Record<string, string>} folders by the path that they are found below, such as `/fuji/`
 * @returns {Promise<{url: string, close(): Promise<void>}>}
 */
export async function serveFiles(folders) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    const below = Object.keys(folders).find((prefix) => path.startsWith(prefix));
    const bytes = below === undefined ? null : await readFile(join(folders[below], path.slice(below.length))).catch(() => null);
    response.writeHead(bytes ? 200 : 404, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
    response.end(bytes);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined)));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
