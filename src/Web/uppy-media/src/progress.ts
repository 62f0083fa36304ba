import type { Clock } from './clock.ts';
import type { Tell } from './news.ts';
import type { PartQueue } from './part-queue.ts';

/** Adds up what is in the store and what is on its way, and tells it now and then. */
export class Progress {
  readonly #queue: PartQueue;
  readonly #size: number;
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #tell: Tell;
  #moving = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param interval how often it is told at most, in milliseconds */
  constructor(queue: PartQueue, size: number, clock: Clock, interval: number, tell: Tell) {
    this.#queue = queue;
    this.#size = size;
    this.#clock = clock;
    this.#interval = interval;
    this.#tell = tell;
  }

  /** Bytes of parts that are on their way; negative where they have to go once more. */
  moved(bytes: number): void {
    this.#moving += bytes;
    const now = this.#clock.now();
    if (now - this.#toldAt >= this.#interval) this.changed();
  }

  /** A part that was on its way is there. */
  arrived(length: number): void {
    this.#moving -= length;
    this.changed();
  }

  changed(): void {
    this.#toldAt = this.#clock.now();
    this.#tell({ kind: 'progress', sent: this.#queue.bytesThere + this.#moving, size: this.#size });
  }
}
