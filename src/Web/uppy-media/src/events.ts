import { isFinal, type UploadState } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { isTransient, Stalled } from './errors.ts';
import { followStream, membersOf } from './event-stream.ts';
import type { RetryPolicy } from './retry.ts';
import type { ServerEvent } from './sse.ts';

/** What there is to hear about one upload. */
export interface NewsOfUpload {
  state?(state: UploadState): void;
  /** Bytes that the server has read back and hashed. */
  verified?(verified: number, size: number): void;
}

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
    let heard = false;
    const onEvent = ({ event, data, id }: ServerEvent) => {
      heard = true;
      return this.#tell(event, data, id, news);
    };
    try {
      await followStream((both) => this.#api.events(this.#tag, this.#last, both), { onEvent }, this.#retry, signal);
    } catch (error) {
      signal.throwIfAborted();
      // A line that breaks is made again.
      this.work = heard || (isTransient(error) && !(error instanceof Stalled));
    }
    return heard;
  }

  /** @returns whether it was the last event */
  #tell(event: string, data: string, id: string, news: NewsOfUpload): boolean {
    const said = membersOf(data);
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
