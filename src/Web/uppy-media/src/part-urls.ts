import type { PartUrl, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { unexpected } from './errors.ts';
import type { PartQueue } from './part-queue.ts';
import type { RetryPolicy } from './retry.ts';

/** Of whom, and for whom, URLs are asked. */
export interface PartUrlsOptions {
  readonly api: UploadsApi;
  readonly upload: Upload;
  readonly queue: PartQueue;
  readonly clientId: string;
  readonly retry: RetryPolicy;
  /** How many URLs are asked for at once, at most 1 000. */
  readonly batch: number;
  /** With fewer than this many in hand, the next batch is asked for beside the transfers. */
  readonly ahead: number;
}

/** A URL is not begun with so shortly before its end, in milliseconds. */
const longestMargin = 15_000;

/** The server's time comes from a Date header, which leaves fractions of a second out (RFC 9110, 5.6.7). */
const clockGrain = 1_000;

/** For how long a URL was signed, in milliseconds: for where the server's clock is not known, and this machine's may be wrong by hours. */
function signedFor({ url }: PartUrl): number | null {
  const seconds = Number(new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('X-Amz-Expires') ?? 0);
  return seconds > 0 ? seconds * 1000 : null;
}

interface Held {
  readonly url: PartUrl;
  /** By this machine's clock, which goes on while the machine sleeps: what expired then is found expired. */
  readonly goodUntil: number;
}

/** The presigned URLs of one upload: asked for in batches before they are needed, dropped when they are about to expire or the store refuses them. */
export class PartUrls {
  readonly #options: PartUrlsOptions;
  readonly #held = new Map<number, Held>();
  #asking: Promise<void> | null = null;

  constructor(options: PartUrlsOptions) {
    this.#options = options;
    this.#add(options.upload.urls ?? []);
  }

  /** A URL that can be begun with now. */
  async get(part: number, signal: AbortSignal): Promise<PartUrl> {
    while (true) {
      const url = this.#find(part);
      if (url) {
        this.#askAhead(signal);
        return url;
      }
      if (this.#asking) await this.#asking;
      else await this.#ask([part, ...this.#lacking(this.#options.batch - 1).filter((other) => other !== part)], part, signal);
      signal.throwIfAborted();
    }
  }

  /** The store refused it, or it is used up. */
  discard(url: PartUrl): void {
    if (this.#held.get(url.part)?.url === url) this.#held.delete(url.part);
  }

  #find(part: number): PartUrl | null {
    const held = this.#held.get(part);
    return held && held.goodUntil > this.#options.retry.clock.now() ? held.url : null;
  }

  #lacking(most: number): number[] {
    return this.#options.queue.peek(most).filter((part) => this.#find(part) === null);
  }

  #ask(parts: number[], needed: number, signal: AbortSignal): Promise<void> {
    const { api, upload, clientId, retry } = this.#options;
    const asked = retry.call(() => api.urls(upload.tag, parts, clientId, { signal }), signal).then((urls) => {
      this.#add(urls);
      if (!this.#find(needed)) throw unexpected('The server gave no good URL for a part that was asked for.');
    });
    return this.#wait(asked).then(() => asked);
  }

  /** What fails here is asked for again, and told, by whoever needs the URL. */
  #askAhead(signal: AbortSignal): void {
    const { api, upload, clientId, ahead, batch } = this.#options;
    if (this.#asking || this.#lacking(ahead).length === 0) return;
    const wanted = this.#lacking(batch);
    void this.#wait(api.urls(upload.tag, wanted, clientId, { signal }).then((urls) => this.#add(urls)));
  }

  /** Others wait until this has ended, well or not. */
  #wait(asked: Promise<void>): Promise<void> {
    const ended = asked
      .catch(() => {})
      .finally(() => {
        this.#asking = null;
      });
    this.#asking = ended;
    return ended;
  }

  #add(urls: readonly PartUrl[]): void {
    const { api, retry } = this.#options;
    for (const url of urls) {
      const lasts = (api.timeUntil(url.expiresAt) ?? signedFor(url) ?? longestMargin) - clockGrain;
      this.#held.set(url.part, { url, goodUntil: retry.clock.now() + lasts - Math.min(lasts / 4, longestMargin) });
    }
  }
}
