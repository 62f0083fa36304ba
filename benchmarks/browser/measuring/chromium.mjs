import { createRequire } from 'node:module';

// What drives the browser is installed once, for the browser tests.
export const { chromium } = createRequire(new URL('../../../tests/Browser/package.json', import.meta.url))('playwright-core');

export const chromiumArguments = [
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium's sandbox does not work for root. */
export const mayUseSandbox = process.getuid?.() !== 0;

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
