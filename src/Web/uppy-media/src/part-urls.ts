import type { PartUrl, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { Destination, Destinations } from './destination.ts';
import { unexpected } from './errors.ts';
import { goodUntil } from './lifetime.ts';
import type { PartQueue } from './part-queue.ts';
import type { Put } from './put.ts';
import type { RetryPolicy } from './retry.ts';

/** Of whom, and for whom, URLs are asked. */
export interface PartUrlsOptions {
  readonly api: UploadsApi;
  readonly upload: Upload;
  readonly queue: PartQueue;
  readonly clientId: string;
  readonly retry: RetryPolicy;
  readonly put: Put;
  /** How many URLs are asked for at once, at most 1 000. */
  readonly batch: number;
  /** With fewer than this many in hand, the next batch is asked for beside the transfers. */
  readonly ahead: number;
}

/** For how long a URL was signed, in milliseconds. */
function signedFor({ url }: PartUrl): number | null {
  const seconds = Number(new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('X-Amz-Expires') ?? 0);
  return seconds > 0 ? seconds * 1000 : null;
}

interface Held {
  readonly url: PartUrl;
  /** By this machine's clock. */
  readonly goodUntil: number;
}

/** The presigned URLs of one upload: asked for in batches before they are needed, dropped when they are about to expire or the store refuses them. */
export class PartUrls implements Destinations {
  readonly #options: PartUrlsOptions;
  readonly #held = new Map<number, Held>();
  #asking: Promise<void> | null = null;

  constructor(options: PartUrlsOptions) {
    this.#options = options;
    this.#add(options.upload.urls ?? []);
  }

  async get(part: number, signal: AbortSignal): Promise<Destination> {
    while (true) {
      const url = this.#find(part);
      if (url) {
        this.#askAhead(signal);
        return this.#destination(url);
      }
      if (this.#asking) await this.#asking;
      else await this.#ask([part, ...this.#lacking(this.#options.batch - 1).filter((other) => other !== part)], part, signal);
      signal.throwIfAborted();
    }
  }

  #destination(url: PartUrl): Destination {
    const { put } = this.#options;
    return {
      tellsProgress: true,
      send: (body, signal, onProgress) => put({ url: url.url, headers: url.headers, body, signal, onProgress }),
      refused: () => {
        if (this.#held.get(url.part)?.url === url) this.#held.delete(url.part);
      },
    };
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
    for (const url of urls) this.#held.set(url.part, { url, goodUntil: goodUntil(api, retry.clock, url.expiresAt, signedFor(url)) });
  }
}
