import type { Page } from 'playwright-core';
import type { Line } from './line.ts';

/** The id of the process that a page runs in: the one that works when the page does. There may be others, spare ones and those of pages that were left. */
export async function rendererOf(page: Page): Promise<number> {
  const browser = page.context().browser();
  if (!browser) throw new Error('The page has no browser.');
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo.filter(({ type }) => type === 'renderer');
  const before = new Map((await renderers()).map(({ id, cpuTime }) => [id, cpuTime]));
  await page.evaluate(() => {
    let x = 1;
    for (let round = 0; round < 100_000_000; round++) x = Math.imul(x, 1664525) + 1013904223;
    return x;
  });
  const worked = (await renderers()).map(({ id, cpuTime }) => ({ id, by: cpuTime - (before.get(id) ?? 0) }));
  await session.detach();
  const [most] = worked.sort((one, other) => other.by - one.by);
  if (!most) throw new Error('The page has no process.');
  return most.id;
}

/**
 * Has a page and its line stand still as on a machine that sleeps: clocks go on, nothing of it runs. The returned function wakes both.
 * The line comes first, so that the page is not stopped while it begins a request.
 */
export async function fallAsleep(page: Page, line: Line): Promise<() => void> {
  const release = line.hold();
  const id = await rendererOf(page);
  process.kill(id, 'SIGSTOP');
  return () => {
    process.kill(id, 'SIGCONT');
    release();
  };
}
