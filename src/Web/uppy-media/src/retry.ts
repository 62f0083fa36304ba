import type { Clock } from './clock.ts';
import { whenOnline, type Connectivity } from './connectivity.ts';
import { isTransient } from './errors.ts';

/** How long failures are put up with, and how fast tries follow each other, in milliseconds. */
export interface RetryLimits {
  /** How long a peer that fails is asked again. Time without a network does not count. */
  readonly outage: number;
  /** The first pause; it doubles each time. */
  readonly firstPause: number;
  /** The longest pause, unless the peer asks for more. */
  readonly longestPause: number;
}

export const retryLimits: RetryLimits = { outage: 5 * 60_000, firstPause: 250, longestPause: 8_000 };

/** A dead transfer takes its stall time to fail, so time alone would leave it few tries. */
const leastTries = 8;

/**
 * When to try again, and when to stop: pauses double up to a longest one, a random half of each is left out so that clients do not come back
 * in step, a peer's `Retry-After` is waited for, and nothing is tried without a network.
 */
export class RetryPolicy {
  readonly limits: RetryLimits;
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  readonly #random: () => number;

  constructor(limits: RetryLimits, clock: Clock, connectivity: Connectivity, random: () => number) {
    this.limits = limits;
    this.clock = clock;
    this.connectivity = connectivity;
    this.#random = random;
  }

  /** Calls the server until it answers, or for as long as an outage may last. */
  async call<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const tries = this.begin();
    while (true) {
      await whenOnline(this.connectivity, signal);
      try {
        return await call();
      } catch (error) {
        signal?.throwIfAborted();
        if (!isTransient(error)) throw error;
        await tries.pause(error, error.retryAfter, signal);
      }
    }
  }

  /** The tries of one thing that should work. */
  begin(): Tries {
    return new Tries(this);
  }

  /** The pause after so many failures, in milliseconds. */
  pauseAfter(failures: number, asked: number | null): number {
    const { firstPause, longestPause } = this.limits;
    const longest = Math.min(longestPause, firstPause * 2 ** Math.min(failures - 1, 20));
    const pause = longest * (0.5 + this.#random() / 2);
    return asked !== null && asked > pause ? asked + firstPause * this.#random() : pause;
  }
}

/** How often one thing has failed, and since when. */
export class Tries {
  readonly #policy: RetryPolicy;
  #since = 0;
  #failures = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /**
   * Waits before the next try. A network that comes back ends the wait.
   * @throws `failure`, when it has failed for too long
   */
  async pause(failure: unknown, asked: number | null, signal?: AbortSignal): Promise<void> {
    const { clock, connectivity, limits } = this.#policy;
    if (!connectivity.isOnline) {
      await whenOnline(connectivity, signal);
      this.#failures = 0;
      return;
    }
    if (this.#failures++ === 0) this.#since = clock.now();
    const pause = this.#policy.pauseAfter(this.#failures, asked);
    const isOver = clock.now() - this.#since >= limits.outage && this.#failures >= leastTries;
    if (isOver || pause > limits.outage) throw failure;

    const back = new AbortController();
    const leave = connectivity.onBack(() => back.abort());
    try {
      await clock.sleep(pause, signal ? AbortSignal.any([signal, back.signal]) : back.signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!back.signal.aborted) throw error;
    } finally {
      leave();
    }
  }
}
