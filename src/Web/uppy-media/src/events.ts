import { isFinal, type UploadState } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { isTransient, unexpected } from './errors.ts';
import type { RetryPolicy } from './retry.ts';
import { readEvents } from './sse.ts';
import { Watchdog } from './watchdog.ts';

/** What there is to hear about one upload. */
export interface NewsOfUpload {
  state?(state: UploadState): void;
  /** Bytes that the server has read back and hashed. */
  verified?(verified: number, size: number): void;
}

/** The server sends something every 15 s at least; a line that is silent for longer, in milliseconds, is dead, or something on it holds events back. */
const longestSilence = 40_000;

/** Follows one upload's events over as many connections as it takes; each goes on after the last event that was seen. */
export class UploadEvents {
  readonly #api: UploadsApi;
  readonly #retry: RetryPolicy;
  readonly #tag: string;
  #last: number | null = null;
  /** False once a stream stayed silent from its beginning: some proxies hold events back, and then only asking helps. */
  work = true;

  constructor(api: UploadsApi, retry: RetryPolicy, tag: string) {
    this.#api = api;
    this.#retry = retry;
    this.#tag = tag;
  }

  /**
   * Listens on one connection, to its end.
   * @returns whether anything was heard
   */
  async listen(news: NewsOfUpload, signal: AbortSignal): Promise<boolean> {
    const watchdog = new Watchdog(this.#retry.clock, this.#retry.connectivity, longestSilence);
    let heard = false;
    try {
      const both = AbortSignal.any([signal, watchdog.signal]);
      const { body } = await this.#api.events(this.#tag, this.#last, both);
      if (!body) throw unexpected('The server’s event stream has no body.');
      for await (const { event, data, id } of readEvents(body, () => watchdog.feed(longestSilence))) {
        heard = true;
        if (this.#tell(event, data, id, news)) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      // A line that breaks is made again.
      this.work = heard || (isTransient(error) && !watchdog.signal.aborted);
    } finally {
      watchdog.stop();
    }
    return heard;
  }

  /** @returns whether it was the last event */
  #tell(event: string, data: string, id: string, news: NewsOfUpload): boolean {
    const said = parse(data);
    if (event === 'progress' && typeof said?.['verified'] === 'number' && typeof said['size'] === 'number') {
      news.verified?.(said['verified'], said['size']);
    } else if (event === 'state' && typeof said?.['state'] === 'string') {
      const sequence = Number(id);
      if (id !== '' && Number.isInteger(sequence)) this.#last = sequence;
      const state = said['state'] as UploadState;
      news.state?.(state);
      return isFinal(state);
    }
    return false;
  }
}

function parse(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
