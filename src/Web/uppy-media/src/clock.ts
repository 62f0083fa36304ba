/** Where time comes from, so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970 by this machine's clock, which goes on while the machine sleeps. */
  now(): number;
  /** Waits so many milliseconds, or rejects with the signal's reason. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** This machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', give);
        resolve();
      }, milliseconds);
      const give = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', give, { once: true });
    }),
};
