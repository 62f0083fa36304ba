import { createRequire } from 'node:module';

// What drives the browser is installed once, for the browser tests.
const { chromium } = createRequire(new URL('../../../tests/Browser/package.json', import.meta.url))('playwright-core');

/**
 * Starts the Chromium that build/setup.sh found.
 * @param {readonly string[]} more arguments besides the usual ones
 */
export function startChromium(more = []) {
  const executablePath = process.env['MEDIA_CHROMIUM'];
  if (!executablePath) throw new Error('MEDIA_CHROMIUM does not say where Chromium is; ./bench does.');
  return chromium.launch({
    executablePath,
    // Chromium's sandbox does not work for root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--headless=new',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

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
