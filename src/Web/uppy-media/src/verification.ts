import { isFinal, type Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import { UploadEvents } from './events.ts';
import type { RetryPolicy } from './retry.ts';
import { Room } from './room.ts';
import { StatePoll } from './state-poll.ts';

/**
 * Waits until the server has verified what was uploaded. A few large uploads are followed by their events, as each stream takes one of the
 * browser's connections to the server; others are asked about together.
 */
export class Verification {
  readonly #api: UploadsApi;
  readonly #retry: RetryPolicy;
  readonly #streams: Room;
  readonly #poll: StatePoll;

  /** @param streams how many event streams are open at once */
  constructor(api: UploadsApi, retry: RetryPolicy, streams: number) {
    this.#api = api;
    this.#retry = retry;
    this.#streams = new Room(streams);
    this.#poll = new StatePoll(api, retry);
  }

  /**
   * @param onVerified is told how many bytes the server has read back and hashed
   * @returns the upload as it ended
   */
  async wait(upload: Upload, signal: AbortSignal, onVerified?: (verified: number, size: number) => void): Promise<Upload> {
    if (isFinal(upload.state)) return upload;
    const leave = upload.plan.partCount > 1 ? this.#streams.tryEnter() : null;
    if (leave) {
      try {
        const events = new UploadEvents(this.#api, this.#retry, upload.tag);
        const tries = this.#retry.begin();
        while (events.work) {
          const heard = await events.listen({ ...(onVerified && { verified: onVerified }) }, signal);
          const now = await this.#retry.call(() => this.#api.get(upload.tag, { signal }), signal);
          if (isFinal(now.state)) return now;
          if (!heard && events.work) await tries.pause(null, null, signal).catch(() => (events.work = false));
          signal.throwIfAborted();
        }
      } finally {
        leave();
      }
    }
    return this.#poll.wait(upload.tag, signal);
  }
}
