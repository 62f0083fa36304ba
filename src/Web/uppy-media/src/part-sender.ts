import type { PartUrl } from './answers.ts';
import { isTransient, MediaProblem, retryAfterOf, Stalled, Unreachable } from './errors.ts';
import type { Lane } from './lanes.ts';
import type { PartQueue } from './part-queue.ts';
import type { PartUrls } from './part-urls.ts';
import type { Put, PutAnswer } from './put.ts';
import type { RetryPolicy } from './retry.ts';
import { Watchdog } from './watchdog.ts';

/** What a part is sent with. */
export interface PartSenderOptions {
  readonly put: Put;
  readonly file: Blob;
  readonly queue: PartQueue;
  readonly urls: PartUrls;
  readonly retry: RetryPolicy;
  /** No byte moving for so long, in milliseconds, means that a transfer is dead and is begun again. */
  readonly stallTimeout: number;
  /** How long the store may take to answer once the last byte was handed to the network, in milliseconds. */
  readonly answerTimeout: number;
  /** Bytes of parts that are on their way; negative where they have to go once more. */
  readonly onMoved: (bytes: number) => void;
}

/** So often a fresh URL is tried where the store refuses one. */
const mostRefusals = 4;

/** PUTs one part to the store until the store has it. */
export class PartSender {
  readonly #options: PartSenderOptions;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /** @returns the part's ETag; null where the store does not tell */
  async send(part: number, lane: Lane, signal: AbortSignal): Promise<string | null> {
    const { retry, urls } = this.#options;
    const tries = retry.begin();
    for (let refusals = 0; ; ) {
      const url = await urls.get(part, signal);
      try {
        return await this.#put(part, url, lane, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof MediaProblem && error.code === 'store_refused' && refusals < mostRefusals) {
          // An expired URL, an expired session token, a clock that jumped: all of them are cured by a fresh URL, if anything does.
          urls.discard(url);
          if (refusals++ > 0) await tries.pause(error, null, signal);
        } else if (isTransient(error)) {
          lane.failed(error);
          await tries.pause(error, error.retryAfter, signal);
        } else {
          throw error;
        }
      }
    }
  }

  async #put(part: number, url: PartUrl, lane: Lane, signal: AbortSignal): Promise<string | null> {
    const { file, queue, put, retry, stallTimeout, answerTimeout, onMoved } = this.#options;
    const { start, end } = queue.rangeOf(part);
    const length = end - start;
    let moved = 0;
    const move = (bytes: number) => {
      moved += bytes;
      lane.moved(bytes);
      onMoved(bytes);
    };
    const watchdog = new Watchdog(retry.clock, retry.connectivity, stallTimeout);
    try {
      const answer = await put({
        url: url.url,
        headers: url.headers,
        body: file.slice(start, end),
        signal: AbortSignal.any([signal, watchdog.signal]),
        onProgress: (sent) => {
          watchdog.feed(sent < length ? stallTimeout : answerTimeout);
          move(Math.min(sent, length) - moved);
        },
      });
      if (answer.status < 200 || answer.status >= 300) throw refusalOf(answer, part, retry.clock.now());
      const rest = length - moved;
      if (rest > 0) move(rest);
      moved = 0;
      return answer.etag || null;
    } catch (error) {
      signal.throwIfAborted();
      // A file that changed on disk can't be read any more; the browser tells it as a failure of the network.
      if (error instanceof Unreachable && !(error instanceof Stalled)) await assertReadable(file, start, end);
      throw error;
    } finally {
      watchdog.stop();
      if (moved > 0) move(-moved);
    }
  }
}

/** @throws MediaProblem `file_changed` */
async function assertReadable(file: Blob, start: number, end: number): Promise<void> {
  try {
    await file.slice(start, Math.min(end, start + 1)).arrayBuffer();
  } catch (cause) {
    throw new MediaProblem(0, 'file_changed', 'The file changed, or can no longer be read, since it was chosen.', null, {}, { cause });
  }
}

/** The store's words are not passed on, for they may repeat the signature; its code is. */
function refusalOf({ status, body, retryAfter }: PutAnswer, part: number, now: number): Error {
  const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(body.slice(0, 4096))?.[1] ?? null;
  const message = `The store answered ${status}${code ? ` ${code}` : ''} to part ${part}.`;
  // RequestTimeout is S3's word for a line that was too slow, sent with status 400.
  if (status === 0 || status >= 500 || status === 429 || status === 408 || code === 'RequestTimeout' || code === 'SlowDown') {
    return new Unreachable(message, retryAfterOf(retryAfter, now));
  }
  if (status === 404 && code !== 'NoSuchBucket') return new MediaProblem(status, 'upload_gone', message);
  return new MediaProblem(status, 'store_refused', message);
}
