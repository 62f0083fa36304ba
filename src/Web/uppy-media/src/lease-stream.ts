import { isLease, type Lease } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { whenOnline } from './connectivity.ts';
import { isTransient, MediaProblem } from './errors.ts';
import { followStream, membersOf } from './event-stream.ts';
import type { RetryPolicy } from './retry.ts';
import type { ServerEvent } from './sse.ts';

/** Where the stream is asked for. */
export interface LeaseStreamOptions {
  readonly api: UploadsApi;
  readonly retry: RetryPolicy;
  readonly clientId: () => Promise<string>;
  /** Is told the tag of an upload that another client has taken, and that client's lease. */
  readonly onLost: (tag: string, lease: Lease | null) => void;
}

/**
 * Hears from the server which leases other clients take, wherever they are, for as long as there is a lease to lose. It only saves time: what it
 * misses is found by the next renewal of the lease.
 */
export class LeaseStream {
  readonly #options: LeaseStreamOptions;
  #wanted = 0;
  #listening: AbortController | null = null;
  /** An older server has no such stream. */
  #isThere = true;

  constructor(options: LeaseStreamOptions) {
    this.#options = options;
  }

  /** Listens until the returned function is called. */
  listen(): () => void {
    if (this.#wanted++ === 0 && this.#isThere) {
      this.#listening = new AbortController();
      void this.#follow(this.#listening.signal);
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--this.#wanted === 0) this.#listening?.abort();
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { api, retry, clientId, onLost } = this.#options;
    const onEvent = ({ event, data }: ServerEvent) => {
      const { tag, lease } = membersOf(data) ?? {};
      if (event === 'lost' && typeof tag === 'string') onLost(tag, isLease(lease) ? lease : null);
      return false;
    };
    try {
      const client = await clientId();
      let tries = retry.begin();
      while (true) {
        await whenOnline(retry.connectivity, signal);
        const began = retry.clock.now();
        const onBytes = () => {
          // One that breaks as soon as it is there is a failure, too.
          if (retry.clock.now() - began >= retry.limits.longestPause) tries = retry.begin();
        };
        const end = await followStream((both) => api.leaseEvents(client, both), { onEvent, onBytes }, retry, signal).catch((error: unknown) => error);
        signal.throwIfAborted();
        this.#isThere = !(end instanceof MediaProblem && (end.status === 404 || end.status === 405));
        if (end instanceof MediaProblem && !isTransient(end)) return;
        await tries.pause(end, isTransient(end) ? end.retryAfter : null, signal);
      }
    } catch {
      // Nobody listens any more; or the server is away for so long that uploads fail for it, and later ones ask again.
    }
  }
}
