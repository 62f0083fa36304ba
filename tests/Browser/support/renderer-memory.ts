import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/**
 * Bytes by which the memory of a page's process grew at its peak, workers and their buffers included: `performance.memory` knows of the main thread's heap
 * alone. Linux keeps the peak of the resident set itself, and forgets it when told (proc(5), clear_refs), so nothing between two samples is missed.
 */
export async function watchMemory(page: Page): Promise<{ growth(): Promise<number> }> {
  const browser = page.context().browser();
  if (!browser) throw new Error('The page has no browser.');
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  // There may be a spare process for the page that comes next; the one that has worked is this page's.
  const [renderer] = processInfo.filter(({ type }) => type === 'renderer').sort((one, other) => other.cpuTime - one.cpuTime);
  if (!renderer) throw new Error('The page has no process.');
  const status = `/proc/${renderer.id}/status`;
  await writeFile(`/proc/${renderer.id}/clear_refs`, '5');
  const before = kibibytes(await readFile(status, 'utf8'), 'VmRSS');
  return { growth: async () => (kibibytes(await readFile(status, 'utf8'), 'VmHWM') - before) * 1024 };
}

function kibibytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (found === undefined) throw new Error(`There is no ${name} in the process's status.`);
  return Number(found);
}
