import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { rendererOf } from './renderer-process.ts';

/**
 * Bytes by which the memory of a page's process grew at its peak, workers and their buffers included: `performance.memory` knows of the main thread's heap
 * alone. Linux keeps the peak of the resident set itself, and forgets it when told (proc(5), clear_refs), so nothing between two samples is missed.
 */
export async function watchMemory(page: Page): Promise<{ growth(): Promise<number> }> {
  const id = await rendererOf(page);
  const status = `/proc/${id}/status`;
  await writeFile(`/proc/${id}/clear_refs`, '5');
  const before = kibibytes(await readFile(status, 'utf8'), 'VmRSS');
  return { growth: async () => (kibibytes(await readFile(status, 'utf8'), 'VmHWM') - before) * 1024 };
}

function kibibytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (found === undefined) throw new Error(`There is no ${name} in the process's status.`);
  return Number(found);
}
