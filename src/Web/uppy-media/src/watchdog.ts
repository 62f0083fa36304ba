import type { Clock } from './clock.ts';
import type { Connectivity } from './connectivity.ts';
import { Stalled } from './errors.ts';

/** Aborts a transfer on which nothing has moved for too long. */
export class Watchdog {
  readonly #barking = new AbortController();
  readonly #stopped = new AbortController();
  readonly #clock: Clock;
  readonly #leave: () => void;
  #deadline: number;

  /** @param patience milliseconds until the first sign of life */
  constructor(clock: Clock, connectivity: Connectivity, patience: number) {
    this.#clock = clock;
    this.#deadline = clock.now() + patience;
    // A connection from before the network went is nearly always dead, and would take its whole time-out to show it.
    this.#leave = connectivity.onBack(() => this.#bark());
    void this.#watch();
  }

  /** Aborts with `Stalled` as its reason. */
  get signal(): AbortSignal {
    return this.#barking.signal;
  }

  /** Something moved; the next sign of life is wanted in so many milliseconds. */
  feed(patience: number): void {
    this.#deadline = this.#clock.now() + patience;
  }

  stop(): void {
    this.#leave();
    this.#stopped.abort();
  }

  #bark(): void {
    this.#barking.abort(new Stalled('Nothing moved for too long.'));
  }

  async #watch(): Promise<void> {
    try {
      for (let left = this.#deadline - this.#clock.now(); left > 0; left = this.#deadline - this.#clock.now()) {
        await this.#clock.sleep(left, this.#stopped.signal);
      }
      if (!this.#stopped.signal.aborted) this.#bark();
    } catch {
      // It was stopped.
    }
  }
}
