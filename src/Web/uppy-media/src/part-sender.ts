import type { Destination, Destinations } from './destination.ts';
import { isTransient, MediaProblem, retryAfterOf, Stalled, StoreRefusal, Unreachable } from './errors.ts';
import { readBytes } from './file-bytes.ts';
import type { Lane } from './lanes.ts';
import type { PartQueue } from './part-queue.ts';
import type { PutAnswer } from './put.ts';
import type { RetryPolicy } from './retry.ts';
import { Watchdog } from './watchdog.ts';

/** What a part is sent with. */
export interface PartSenderOptions {
  readonly file: Blob;
  readonly queue: PartQueue;
  readonly destinations: Destinations;
  readonly retry: RetryPolicy;
  /** No byte moving for so long, in milliseconds, means that a transfer is dead and is begun again. */
  readonly stallTimeout: number;
  /** How long the store may take to answer once the last byte was handed to the network, in milliseconds. */
  readonly answerTimeout: number;
  /** Bytes of parts that are on their way; negative where they have to go once more. */
  readonly onMoved: (bytes: number) => void;
}

/** So often a fresh destination is tried where the store refuses one. */
const mostRefusals = 4;

/** Sends one part to the store until the store has it. */
export class PartSender {
  readonly #options: PartSenderOptions;

  constructor(options: PartSenderOptions) {
    this.#options = options;
  }

  /** Has the part next in line ready by the time there is a lane for it. */
  prepare(signal: AbortSignal): void {
    this.#options.destinations.prepare(signal);
  }

  /** @returns the part's ETag; null where the store does not tell */
  async send(part: number, lane: Lane, signal: AbortSignal): Promise<string | null> {
    const { retry, destinations } = this.#options;
    const tries = retry.begin();
    for (let refusals = 0, stalls = 0; ; ) {
      const destination = await destinations.get(part, signal);
      try {
        return await this.#send(part, destination, lane, stalls, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StoreRefusal && refusals < mostRefusals) {
          // An expired URL, an expired session token, a clock that jumped: all of them are cured by a fresh destination, if anything does.
          destination.refused(error);
          if (refusals++ > 0) await tries.pause(error, null, signal);
        } else if (isTransient(error)) {
          if (error instanceof Stalled) stalls++;
          lane.failed(error);
          await tries.pause(error, error.retryAfter, signal);
        } else {
          throw error;
        }
      }
    }
  }

  async #send(part: number, destination: Destination, lane: Lane, stalls: number, signal: AbortSignal): Promise<string | null> {
    const { file, queue, retry, stallTimeout, answerTimeout, onMoved } = this.#options;
    const { start, end } = queue.rangeOf(part);
    const length = end - start;
    let moved = 0;
    const move = (bytes: number) => {
      moved += bytes;
      lane.moved(bytes);
      onMoved(bytes);
    };
    // Where nothing is heard before the answer, a slow line looks like a dead one; each try gets twice the time of the last.
    const patience = destination.tellsProgress ? stallTimeout : Math.min(stallTimeout * 2 ** stalls, stallTimeout + answerTimeout);
    const watchdog = new Watchdog(retry.clock, retry.connectivity, patience);
    try {
      const answer = await destination.send(length < file.size ? file.slice(start, end) : file, AbortSignal.any([signal, watchdog.signal]), (sent) => {
        watchdog.feed(sent < length ? stallTimeout : answerTimeout);
        move(Math.min(sent, length) - moved);
      });
      if (answer.status < 200 || answer.status >= 300) throw refusalOf(answer, part, retry.clock.now());
      const rest = length - moved;
      if (rest > 0) move(rest);
      moved = 0;
      return answer.etag || null;
    } catch (error) {
      signal.throwIfAborted();
      // A file that changed on disk can't be read any more; the browser tells it as a failure of the network.
      if (destination.readsFile && error instanceof Unreachable && !(error instanceof Stalled)) await readBytes(file.slice(start, Math.min(end, start + 1)));
      throw error;
    } finally {
      watchdog.stop();
      if (moved > 0) move(-moved);
    }
  }
}

function refusalOf({ status, body, retryAfter }: PutAnswer, part: number, now: number): Error {
  const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(body.slice(0, 4096))?.[1] ?? null;
  const message = `The store answered ${status}${code ? ` ${code}` : ''} to part ${part}.`;
  // RequestTimeout is S3's word for a line that was too slow, sent with status 400.
  if (status === 0 || status >= 500 || status === 429 || status === 408 || code === 'RequestTimeout' || code === 'SlowDown') {
    return new Unreachable(message, retryAfterOf(retryAfter, now));
  }
  if (status === 404 && code !== 'NoSuchBucket') return new MediaProblem(status, 'upload_gone', message);
  return new StoreRefusal(status, code, message);
}
