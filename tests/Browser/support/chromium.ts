/** What every Chromium is started with, to be tested or measured. */
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
