import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's processor time. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Traces the tasks of the page's main thread. They are measured by processor time: by the clock, as `PerformanceObserver` counts long tasks, one of 9 ms
 * takes 80 on a machine that has much else to do.
 */
export async function traceTasks(page: Page): Promise<{ longest(): Promise<number> }> {
  const browser = page.context().browser();
  if (!browser) throw new Error('The page has no browser.');
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  return {
    /** Ends the trace. Milliseconds of the longest task. */
    async longest() {
      // A task that has not ended is not in the trace; in a later one, those before it have.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
      const mainThreads = new Set(
        traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`),
      );
      const tasks = traceEvents.filter(({ name, pid, tid }) => name === 'RunTask' && mainThreads.has(`${pid} ${tid}`));
      if (tasks.length === 0) throw new Error('The trace has no task of a page.');
      return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur), 0) / 1_000;
    },
  };
}
