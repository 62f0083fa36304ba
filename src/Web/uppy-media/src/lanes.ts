import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { Clock } from './clock.ts';
import { Stalled } from './errors.ts';

/** Who is served first: the lower number. */
export type Rank = number;

interface Waiter {
  readonly rank: Rank;
  readonly order: number;
  readonly resolve: (lane: Lane) => void;
}

/** The right to have one part on its way. It is given back once. */
export interface Lane {
  /** Bytes have gone out; negative where they turned out not to have. */
  moved(bytes: number): void;
  /** A try failed; the part keeps its lane. */
  failed(error: unknown): void;
  release(): void;
}

/**
 * The parts of all files that are on their way at once. Files of one part go ahead of those of many, then earlier files of later ones, so that
 * a photo does not wait for a film, and files come to their end one after the other rather than all at last.
 */
export class Lanes {
  readonly #limit: AdaptiveLimit;
  readonly #clock: Clock;
  readonly #waiters: Waiter[] = [];
  #taken = 0;
  #order = 0;

  constructor(limit: AdaptiveLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Parts that are on their way. */
  get taken(): number {
    return this.#taken;
  }

  /** Waits for a lane, or rejects with the signal's reason. */
  acquire(rank: Rank, signal: AbortSignal): Promise<Lane> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const give = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        rank,
        order: this.#order++,
        resolve: (lane) => {
          signal.removeEventListener('abort', give);
          resolve(lane);
        },
      };
      signal.addEventListener('abort', give, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#waiters.length > 0 && this.#taken < this.#limit.current) {
      const next = this.#waiters.reduce((best, waiter) =>
        waiter.rank < best.rank || (waiter.rank === best.rank && waiter.order < best.order) ? waiter : best,
      );
      this.#waiters.splice(this.#waiters.indexOf(next), 1);
      this.#taken++;
      next.resolve(this.#lane());
    }
  }

  #lane(): Lane {
    let isReleased = false;
    return {
      moved: (bytes) => {
        this.#limit.moved(bytes, this.#clock.now(), this.#taken >= this.#limit.current);
        this.#serve();
      },
      failed: (error) => {
        if (error instanceof Stalled) this.#limit.stalled(this.#clock.now());
        else this.#limit.failed(this.#clock.now());
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#taken--;
        this.#serve();
      },
    };
  }
}
