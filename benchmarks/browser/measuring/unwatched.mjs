import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, chromiumArguments, chromiumPath, mayUseSandbox } from './chromium.mjs';

const pollEvery = 200;

/** A page that nobody looks at is otherwise slowed down. */
const wakeful = ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];

/**
 * Starts a Chromium that nobody watches while it measures. Whoever drives a page is told of each of its requests and answers, which costs the browser
 * as much as a small request itself.
 * @param {readonly string[]} more arguments besides the usual ones
 */
export async function startUnwatched(more = []) {
  const profile = await mkdtemp(join(tmpdir(), 'media-chromium-'));
  const sandbox = mayUseSandbox ? [] : ['--no-sandbox'];
  const browser = spawn(chromiumPath(), [...chromiumArguments, ...wakeful, ...sandbox, ...more, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(browser, 'exit');
  process.once('exit', () => browser.kill());
  const tools = await addressOf(browser);
  return {
    /**
     * Opens a page, lets `prepare` drive it, has it run `start`, and lets go of it until it says how that ended.
     * @template T
     * @param {string} url
     * @param {(page: import('playwright-core').Page) => Promise<void>} prepare
     * @param {(argument: T) => Promise<number>} start runs in the page
     * @param {T} argument
     * @returns {Promise<number>} what `start` resolved to
     */
    async measure(url, prepare, start, argument) {
      const driver = await chromium.connectOverCDP(tools, { isLocal: true });
      const page = await driver.contexts()[0].newPage();
      page.setDefaultTimeout(0);
      await page.goto(url);
      await prepare(page);
      const mark = `measuring ${Math.random()}`;
      await page.evaluate((mark) => (document.title = mark), mark);
      const { id } = await pageThat(tools, (page) => page?.title === mark, ({ title }) => title === mark);
      // The title is what can be seen from outside.
      await page.evaluate(`void (${start})(${JSON.stringify(argument)}).then((value) => document.title = 'done ' + value, (error) => document.title = 'failed ' + error)`);
      await driver.close();
      const title = (await pageThat(tools, (page) => page?.title !== mark, (page) => page.id === id))?.title ?? 'failed: it is gone';
      await fetch(`${tools}/json/close/${id}`);
      if (!title.startsWith('done ')) throw new Error(`The page ${title}`);
      return Number(title.slice('done '.length));
    },
    async close() {
      browser.kill();
      await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const listPages = async (tools) => (await fetch(`${tools}/json/list`)).json();

/** Waits until something is true of a page, as far as can be seen from outside. */
async function pageThat(tools, isTrue, isIt) {
  for (;;) {
    const page = (await listPages(tools)).find(isIt);
    if (isTrue(page)) return page;
    await new Promise((resolve) => setTimeout(resolve, pollEvery));
  }
}

/** Where its developer tools are, which it says as it starts. */
async function addressOf(browser) {
  for await (const line of createInterface({ input: browser.stderr })) {
    const port = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
    if (port === undefined) continue;
    // Read to its end, or the pipe would fill.
    browser.stderr.resume();
    return `http://127.0.0.1:${port}`;
  }
  throw new Error('Chromium ended before it was there.');
}
