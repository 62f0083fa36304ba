import type { Lease, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { isLocked, isTransient, MediaProblem } from './errors.ts';
import type { LeaseStream } from './lease-stream.ts';
import type { RetryPolicy } from './retry.ts';
import type { TakeoverNews } from './takeover-news.ts';

/** Whose lease is kept, and how. */
export interface LeaseOptions {
  readonly api: UploadsApi;
  readonly clientId: string;
  readonly retry: RetryPolicy;
  readonly news: TakeoverNews;
  readonly leaseStream: LeaseStream;
}

/** How often a lease of unknown length is renewed, in milliseconds: one of the server's lasts 60 s unless told. */
const usualBeat = 20_000;
const shortestBeat = 1_000;

/** How long giving the lease back is worth waiting for, in milliseconds: it lapses by itself. */
const courtesy = 2_000;

/** Renews an upload's lease every third of its life for as long as work on it lives, and stops the work when another client has taken it. */
export class LeaseKeeper {
  readonly #options: LeaseOptions;
  readonly #tag: string;
  readonly #isLong: boolean;
  readonly #lost = new AbortController();
  #beat: number;
  #epoch: number | null;

  private constructor(upload: Upload, options: LeaseOptions) {
    this.#options = options;
    this.#tag = upload.tag;
    this.#isLong = upload.plan.partCount > 1;
    this.#beat = this.#beatOf(upload.lease);
    this.#epoch = upload.lease?.epoch ?? null;
  }

  /**
   * Does work that needs the lease, and gives it back where the work fails, so that the next try does not have to wait for it.
   * @throws MediaProblem `lease_lost` or `upload_locked`: the lease is another's
   */
  static async work<T>(upload: Upload, options: LeaseOptions, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const keeper = new LeaseKeeper(upload, options);
    const over = new AbortController();
    const beating = keeper.#keep(AbortSignal.any([signal, over.signal]));
    try {
      return await work(AbortSignal.any([signal, keeper.#lost.signal]));
    } catch (error) {
      if (!isLocked(error)) await keeper.#release();
      throw error;
    } finally {
      over.abort();
      await beating;
    }
  }

  async #keep(over: AbortSignal): Promise<void> {
    const { api, clientId, retry, news, leaseStream } = this.#options;
    let wake = new AbortController();
    // Another tab of this browser says so at once, and the server says so of a client elsewhere; if nothing gets through, the next beat finds it.
    const leave = news.onTaken(this.#tag, (lease) => {
      if (lease && this.#epoch !== null && lease.epoch > this.#epoch && lease.clientId !== clientId) this.#lost.abort(this.#lostTo(lease));
      else wake.abort();
    });
    // The stream takes one of the browser's connections to the server. An upload of one part is mostly over before its first beat.
    let endStream = this.#isLong ? leaseStream.listen() : null;
    try {
      while (!over.aborted) {
        await retry.clock.sleep(this.#beat, AbortSignal.any([over, wake.signal])).catch(() => {});
        if (over.aborted) return;
        endStream ??= leaseStream.listen();
        wake = new AbortController();
        try {
          const lease = await api.takeLease(this.#tag, clientId, false, { signal: over });
          this.#beat = this.#beatOf(lease);
          this.#epoch = lease.epoch;
        } catch (error) {
          if (isLocked(error)) {
            this.#lost.abort(error);
            return;
          }
          // The transfers meet the same trouble, and tell it. One that is over already has no lease to keep.
          if (isTransient(error)) this.#beat = Math.min(this.#beat, usualBeat / 4);
        }
      }
    } finally {
      leave();
      endStream?.();
    }
  }

  /** Said as the server would, without asking it: on a line that is full of parts its answer takes its time. */
  #lostTo({ clientId: holder, heldSince, until }: Lease): MediaProblem {
    const code = 'lease_lost';
    return new MediaProblem(0, code, 'Another client has taken this upload over.', null, { code, tag: this.#tag, holder, heldSince, until });
  }

  async #release(): Promise<void> {
    const { api, clientId, retry } = this.#options;
    const limit = new AbortController();
    const released = api.releaseLease(this.#tag, clientId).catch(() => {});
    await Promise.race([released, retry.clock.sleep(courtesy, limit.signal).catch(() => {})]);
    limit.abort();
  }

  #beatOf(lease: Lease | null): number {
    const left = lease && this.#options.api.timeUntil(lease.until);
    return left === null ? usualBeat : Math.max(shortestBeat, Math.min(left / 3, usualBeat));
  }
}
