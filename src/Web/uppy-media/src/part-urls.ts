import type { PartUrl, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { Destination, Destinations } from './destination.ts';
import { isChecksumRefusal, unexpected, Unreachable } from './errors.ts';
import { goodUntil } from './lifetime.ts';
import type { PartChecksums } from './part-checksums.ts';
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
  /** Where the plan has checksums: every part's is told when its URL is asked for. */
  readonly checksums: PartChecksums | null;
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
  /** Parts whose URLs are being asked for, and the end of that, well or not. */
  readonly #asked = new Map<number, Promise<void>>();

  constructor(options: PartUrlsOptions) {
    this.#options = options;
    this.#add(options.upload.urls ?? []);
  }

  prepare(signal: AbortSignal): void {
    const { queue, checksums } = this.#options;
    const [next] = queue.peek(1);
    if (next === undefined || checksums === null) return;
    // What fails here is tried again, and told, by whoever sends the part.
    checksums.unhurried(next, signal).then(() => this.#askAhead(signal), () => {});
  }

  async get(part: number, signal: AbortSignal): Promise<Destination> {
    const { checksums } = this.#options;
    while (true) {
      const url = this.#find(part);
      if (url) {
        checksums?.keepAhead(signal);
        this.#askAhead(signal);
        return this.#destination(url);
      }
      if (!this.#asked.has(part)) await checksums?.needed(part, signal);
      // Another part's URLs may have been asked for meanwhile, this one's among them.
      if (this.#find(part) === null) await (this.#asked.get(part) ?? this.#ask(part, signal));
      signal.throwIfAborted();
    }
  }

  #destination(url: PartUrl): Destination {
    const { put, checksums } = this.#options;
    return {
      tellsProgress: true,
      readsFile: true,
      send: (body, signal, onProgress) => put({ url: url.url, headers: url.headers, body, signal, onProgress }),
      refused: (refusal) => {
        if (this.#held.get(url.part)?.url === url) this.#held.delete(url.part);
        if (isChecksumRefusal(refusal)) checksums?.forget(url.part);
      },
    };
  }

  #find(part: number): PartUrl | null {
    const held = this.#held.get(part);
    return held && held.goodUntil > this.#options.retry.clock.now() ? held.url : null;
  }

  /** Those next in line whose URLs can be asked for. What has no checksum yet is not waited for. */
  #lacking(most: number): number[] {
    const { queue, checksums } = this.#options;
    return queue.peek(most).filter((part) => this.#find(part) === null && !this.#asked.has(part) && checksums?.known(part) !== null);
  }

  #ask(needed: number, signal: AbortSignal): Promise<void> {
    const { batch, retry } = this.#options;
    const parts = [needed, ...this.#lacking(batch - 1).filter((other) => other !== needed)];
    const call = this.#call(parts, signal);
    const asked = retry.call(async () => {
      const urls = await call();
      if (!urls.some(({ part }) => part === needed)) throw unexpected('The server gave no URL for a part that was asked for.');
      // As where the machine slept between the two.
      if (!this.#find(needed)) throw new Unreachable('The server’s answer was heard of when its URLs had expired.');
    }, signal);
    return this.#note(parts, asked).then(() => asked);
  }

  /** What fails here is asked for again, and told, by whoever needs the URL. */
  #askAhead(signal: AbortSignal): void {
    const { ahead, batch } = this.#options;
    if (this.#asked.size > 0 || this.#lacking(ahead).length === 0) return;
    const parts = this.#lacking(batch);
    void this.#note(parts, this.#call(parts, signal)());
  }

  #call(parts: readonly number[], signal: AbortSignal): () => Promise<readonly PartUrl[]> {
    const { api, upload, clientId, checksums, retry } = this.#options;
    const wanted = checksums ? { checksums: Object.fromEntries(parts.map((part) => [part, checksums.known(part) ?? ''])) } : { parts };
    return async () => {
      const askedAt = retry.clock.now();
      const urls = await api.urls(upload.tag, wanted, clientId, { signal });
      this.#add(urls, askedAt);
      return urls;
    };
  }

  /** Others wait until this has ended, well or not. */
  #note(parts: readonly number[], asked: Promise<unknown>): Promise<void> {
    const ended = Promise.allSettled([asked]).then(() => {
      for (const part of parts) this.#asked.delete(part);
    });
    for (const part of parts) this.#asked.set(part, ended);
    return ended;
  }

  #add(urls: readonly PartUrl[], askedAt?: number): void {
    const { api, retry } = this.#options;
    for (const url of urls) this.#held.set(url.part, { url, goodUntil: goodUntil(api, retry.clock, url.expiresAt, signedFor(url), askedAt) });
  }
}
