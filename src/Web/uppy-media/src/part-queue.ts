import type { Upload } from './answers.ts';
import { unexpected } from './errors.ts';

/** Bytes of a file: `[start, end)`. */
export interface PartRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The parts of one upload: which are missing, on their way, or there, and where each lies in the file. A part whose size is not the plan's is
 * missing, whatever the store says.
 */
export class PartQueue {
  /** Number of parts. */
  readonly count: number;
  readonly #size: number;
  readonly #partSize: number;
  /** Part numbers that wait, in descending order: the next is the last. */
  #missing: number[] = [];
  readonly #sending = new Set<number>();
  /** ETags of what is there; null where the store did not tell. */
  readonly #there = new Map<number, string | null>();
  #bytesThere = 0;

  /** @throws MediaProblem `unexpected_answer` where the plan does not fit the file */
  constructor({ plan, parts = [] }: Upload, size: number) {
    this.#size = size;
    if (plan.strategy === 'single') {
      [this.count, this.#partSize] = [1, size];
    } else if (plan.strategy === 'multipart' && plan.partSize > 0 && Math.ceil(size / plan.partSize) === plan.partCount && size > 0) {
      [this.count, this.#partSize] = [plan.partCount, plan.partSize];
    } else {
      throw unexpected('The server’s plan does not fit the file.');
    }
    for (const { part, size: found, etag } of parts) {
      if (!this.#isPart(part) || this.#there.has(part) || found !== this.#lengthOf(part)) continue;
      this.#there.set(part, etag);
      this.#bytesThere += found;
    }
    for (let part = this.count; part > 0; part--) if (!this.#there.has(part)) this.#missing.push(part);
  }

  /** Bytes of the parts that are there. */
  get bytesThere(): number {
    return this.#bytesThere;
  }

  /** Whether every part is there. */
  get isComplete(): boolean {
    return this.#there.size === this.count;
  }

  /** Whether parts wait to be sent. */
  get hasMissing(): boolean {
    return this.#missing.length > 0;
  }

  /** Whether this part is there. */
  has(part: number): boolean {
    return this.#there.has(part);
  }

  /** Takes the first part that is missing; it is on its way then. */
  take(): number | null {
    const part = this.#missing.pop();
    if (part === undefined) return null;
    this.#sending.add(part);
    return part;
  }

  /** The next parts in line, without taking them. */
  peek(most: number): number[] {
    return this.#missing.slice(-most).reverse();
  }

  /** A part that was on its way is there. */
  done(part: number, etag: string | null): void {
    if (!this.#sending.delete(part)) return;
    this.#there.set(part, etag);
    this.#bytesThere += this.#lengthOf(part);
  }

  /**
   * These have to be sent, again: their sending ended without them, or the server does not have them.
   * @throws MediaProblem `unexpected_answer` where there is no such part
   */
  putBack(parts: Iterable<number>): void {
    for (const part of parts) {
      if (!this.#isPart(part)) throw unexpected('The server names a part that the plan does not have.');
      if (this.#there.delete(part)) this.#bytesThere -= this.#lengthOf(part);
      this.#sending.delete(part);
      if (!this.#missing.includes(part)) this.#missing.push(part);
    }
    this.#missing.sort((a, b) => b - a);
  }

  /** Where a part lies in the file. */
  rangeOf(part: number): PartRange {
    const start = (part - 1) * this.#partSize;
    return { start, end: Math.min(start + this.#partSize, this.#size) };
  }

  /** All parts with their ETags, in order; null where one is not known. */
  tags(): { part: number; etag: string }[] | null {
    const tags: { part: number; etag: string }[] = [];
    for (let part = 1; part <= this.count; part++) {
      const etag = this.#there.get(part);
      if (!etag) return null;
      tags.push({ part, etag });
    }
    return tags;
  }

  #isPart(part: number): boolean {
    return Number.isInteger(part) && part >= 1 && part <= this.count;
  }

  #lengthOf(part: number): number {
    const { start, end } = this.rangeOf(part);
    return end - start;
  }
}
