/** How the number of parallel parts is found. */
export interface AdaptiveLimitOptions {
  /** Parts at once to begin with. */
  readonly first: number;
  /** Parts at once at most. Browsers open six HTTP/1.1 connections to one origin; more would only queue. */
  readonly most: number;
  /** For how long throughput is measured before it is judged, in milliseconds. */
  readonly window: number;
}

export const adaptiveLimitOptions: AdaptiveLimitOptions = { first: 6, most: 6, window: 500 };

/** Less growth than this is noise. */
const growth = 1.05;

/** So many windows a number that proved too high is left alone before it is tried again. */
const patience = 20;

/**
 * How many parts are sent at once: one more while each of them makes the whole faster, one fewer when the last one did not; one fewer when the
 * store fails, half when the line stalls.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;
  #windowStart: number | null = null;
  #bytes = 0;
  #failedInWindow = false;
  /** What the number below this one reached, in bytes a millisecond. */
  #before: number | null = null;
  #hold = 0;

  constructor(options: Partial<AdaptiveLimitOptions> = {}) {
    this.#options = { ...adaptiveLimitOptions, ...options };
    const { first, most } = this.#options;
    if (!Number.isInteger(most) || most < 1) throw new RangeError(`Parts at once are 1 or more, not ${most}.`);
    this.#limit = Math.max(1, Math.min(first, most));
  }

  /** Parts at once, 1 or more. */
  get current(): number {
    return this.#limit;
  }

  /**
   * Bytes have gone out.
   * @param isFull whether as many parts as may be are on their way: what fewer of them reach says nothing about the number
   */
  moved(bytes: number, now: number, isFull: boolean): void {
    if (!isFull) {
      this.#windowStart = null;
      return;
    }
    if (this.#windowStart === null) {
      this.#begin(now);
      return;
    }
    this.#bytes += bytes;
    const elapsed = now - this.#windowStart;
    if (elapsed >= this.#options.window) this.#judge(Math.max(0, this.#bytes) / elapsed, now);
  }

  /** The store failed, or told to slow down. Several failures of one window are one. */
  failed(now: number): void {
    if (this.#failedInWindow && this.#windowStart !== null) return;
    this.#set(this.#limit - 1, now);
    this.#failedInWindow = true;
    this.#hold = 2;
  }

  /** Nothing moved for too long. */
  stalled(now: number): void {
    this.#set(Math.floor(this.#limit / 2), now);
    this.#hold = 2;
  }

  #judge(rate: number, now: number): void {
    const before = this.#before;
    if (before !== null && rate < before * growth) {
      // The last one more brought nothing.
      this.#set(this.#limit - 1, now);
      this.#hold = patience;
      return;
    }
    if (this.#hold > 0) this.#hold--;
    else if (this.#limit < this.#options.most) {
      this.#set(this.#limit + 1, now);
      this.#before = rate;
      return;
    }
    this.#before = null;
    this.#begin(now);
  }

  #set(limit: number, now: number): void {
    this.#limit = Math.max(1, Math.min(limit, this.#options.most));
    this.#before = null;
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#windowStart = now;
    this.#bytes = 0;
    this.#failedInWindow = false;
  }
}
