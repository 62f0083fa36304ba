import { isFinal, type Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { RetryPolicy } from './retry.ts';

interface Waiting {
  readonly resolve: (upload: Upload) => void;
  readonly reject: (reason: unknown) => void;
}

const shortestPause = 250;
const longestPause = 4_000;

/** So many are asked about one by one; more by a page of all. */
const fewest = 3;

/** Asks how uploads ended until it is known, about all that wait at once. */
export class StatePoll {
  readonly #api: UploadsApi;
  readonly #retry: RetryPolicy;
  readonly #waiting = new Map<string, Waiting>();
  #isRunning = false;

  constructor(api: UploadsApi, retry: RetryPolicy) {
    this.#api = api;
    this.#retry = retry;
  }

  /** @returns the upload as it ended */
  wait(tag: string, signal: AbortSignal): Promise<Upload> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', give);
          this.#waiting.delete(tag);
          settle(value);
        };
      const give = () => end(reject)(signal.reason);
      signal.addEventListener('abort', give, { once: true });
      this.#waiting.set(tag, { resolve: end(resolve), reject: end(reject) });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let pause = shortestPause;
    while (this.#waiting.size > 0) {
      await this.#retry.clock.sleep(pause);
      const before = this.#waiting.size;
      await this.#look();
      pause = this.#waiting.size < before ? shortestPause : Math.min(pause * 2, longestPause);
    }
    this.#isRunning = false;
  }

  async #look(): Promise<void> {
    const unknown = new Set(this.#waiting.keys());
    if (unknown.size > fewest) {
      const page = await this.#retry.call(() => this.#api.listDone()).catch(() => []);
      for (const upload of page) if (unknown.delete(upload.tag) && isFinal(upload.state)) this.#waiting.get(upload.tag)?.resolve(upload);
    }
    // One that failed, or is far down in the list, is asked about by itself.
    for (const tag of unknown) {
      if (!this.#waiting.has(tag)) continue;
      try {
        const upload = await this.#retry.call(() => this.#api.get(tag));
        if (isFinal(upload.state)) this.#waiting.get(tag)?.resolve(upload);
      } catch (error) {
        this.#waiting.get(tag)?.reject(error);
      }
    }
  }
}
