import { loadOfTests, testsRequire } from './browser-tests.mjs';

export const { chromium } = testsRequire('playwright-core');

export const { chromiumArguments, mayUseSandbox } = await loadOfTests('support/chromium.ts');

/** Where the Chromium is that build/setup.sh found. */
export function chromiumPath() {
  const path = process.env['MEDIA_CHROMIUM'];
  if (!path) throw new Error('MEDIA_CHROMIUM does not say where Chromium is; ./bench does.');
  return path;
}

/** Starts Chromium, to be driven from beginning to end. */
export const startChromium = () => chromium.launch({ executablePath: chromiumPath(), chromiumSandbox: mayUseSandbox, args: chromiumArguments });

/**
 * Seconds of processor time that all of the browser's processes have used so far. By it figures of a busy machine can be compared.
 * @param {Awaited<ReturnType<typeof startChromium>>} browser
 */
export async function processorTime(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
