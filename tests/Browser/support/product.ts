import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** Where the product under test is, and the keys to it. */
export interface Product {
  /** The page's address, without a slash at its end. */
  readonly url: string;
  /** The address of the page that shows what runs. */
  readonly dashboard: string;
  readonly password: string;
  readonly s3: { readonly endpoint: string; readonly bucket: string; readonly accessKey: string; readonly secretKey: string };
}

declare module 'vitest' {
  export interface ProvidedContext {
    product: Product;
  }
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The first start builds everything. */
const startDeadline = 10 * 60_000;
const stopDeadline = 45_000;

/** Gives the tests the product that MEDIA_TEST_URL names, or starts one of their own with `./run`, on free ports and in a new folder. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['MEDIA_TEST_URL'];
  if (given) {
    const ports = { s3: process.env['MEDIA_S3_PORT'] ?? '9000', dashboard: process.env['MEDIA_DASHBOARD_PORT'] ?? '5081' };
    project.provide('product', describeProduct(given.replace(/\/$/, ''), ports, process.env['MEDIA_PASSWORD'] ?? 'media-development'));
    return async () => {};
  }
  const { product, stop } = await startProduct();
  project.provide('product', product);
  return stop;
}

/**
 * Starts a product on free ports and in a new folder.
 * @param settings what its environment has besides, such as `Media__Uploads__UrlLifetime`
 */
export async function startProduct(settings: Readonly<Record<string, string>> = {}): Promise<{ product: Product; stop(): Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnFreePorts(settings);
    } catch (error) {
      // Between the choice of a port and its use somebody else may have taken it.
      if (attempt === 5 || !/Port \d+ is taken/.test((error as Error).message)) throw error;
    }
  }
}

async function startOnFreePorts(settings: Readonly<Record<string, string>>): Promise<{ product: Product; stop(): Promise<void> }> {
  const data = await mkdtemp(join(tmpdir(), 'media-browser-'));
  // Where this is run as root, PostgreSQL runs as somebody else, who has to get in.
  await chmod(data, 0o755);
  const [page, dashboard, s3, postgres] = await freePorts(4);
  const password = 'browser-tests';
  const run = spawn(join(root, 'run'), {
    cwd: root,
    env: {
      ...process.env,
      MEDIA_DATA: data,
      MEDIA_PORT: String(page),
      MEDIA_DASHBOARD_PORT: String(dashboard),
      MEDIA_S3_PORT: String(s3),
      MEDIA_PG_PORT: String(postgres),
      MEDIA_PASSWORD: password,
      // No test cuts the power, and some disks take minutes for a large file.
      Storage__Fsync: 'false',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await end(run);
    await rm(data, { recursive: true, force: true });
  };
  try {
    const url = await readyUrl(run);
    return { product: describeProduct(url, { s3: String(s3), dashboard: String(dashboard) }, password), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The process id of a product's API. */
export async function apiProcess({ dashboard }: Product): Promise<number> {
  const resources = (await (await fetch(`${dashboard}/api/resources`)).json()) as { name: string; processId: number | null }[];
  const id = resources.find(({ name }) => name === 'api')?.processId;
  if (!id) throw new Error('The API has no process.');
  return id;
}

function describeProduct(url: string, ports: { readonly s3: string; readonly dashboard: string }, password: string): Product {
  return {
    url,
    dashboard: `http://127.0.0.1:${ports.dashboard}`,
    password,
    s3: { endpoint: `http://127.0.0.1:${ports.s3}`, bucket: 'media', accessKey: 'media', secretKey: 'media-development' },
  };
}

/** Waits for the line `ready http://…`. What was printed before it is shown when it does not come. */
function readyUrl(run: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const printed: string[] = [];
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`./run ${why}. It printed:\n${printed.slice(-60).join('\n')}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${startDeadline / 60_000} minutes`), startDeadline);
    for (const stream of [run.stdout, run.stderr]) {
      // Read to its end, or the pipe would fill and the product stand still.
      createInterface({ input: stream! }).on('line', (line) => {
        printed.push(line);
        const url = /^ready (http:\/\/\S+)/.exec(line)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url.replace(/\/$/, ''));
      });
    }
    run.once('error', (error) => fail(`could not be started: ${error.message}`));
    run.once('exit', (code, signal) => fail(`ended by itself (${code ?? signal})`));
  });
}

async function end(run: ChildProcess): Promise<void> {
  if (run.exitCode !== null || run.signalCode !== null || run.pid === undefined) return;
  const exited = new Promise<void>((resolve) => run.once('exit', () => resolve()));
  run.kill('SIGTERM');
  const timer = setTimeout(() => run.kill('SIGKILL'), stopDeadline);
  await exited;
  clearTimeout(timer);
}

// Below those that the system gives to whoever asks for any, so that nobody gets them by chance before they are used.
const [firstPort, lastPort] = [10_000, 29_999];

/** Ports of 127.0.0.1 on which nothing listened a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(firstPort, lastPort + 1);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
