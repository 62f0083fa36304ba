import { freeBuffer } from '@media/fuji';
import { readBytes } from './file-bytes.ts';
import type { PartQueue } from './part-queue.ts';
import { Room } from './room.ts';

/** Whose bytes are in memory for their checksums: one part's that is waited for, and one's that is hashed ahead, over all files. */
export class ChecksumRooms {
  readonly needed = new Room(1);
  readonly ahead = new Room(1);
}

/** Of which parts checksums are computed, and how. */
export interface PartChecksumsOptions {
  readonly file: Blob;
  readonly queue: PartQueue;
  readonly rooms: ChecksumRooms;
  /** So many parts of those next in line are hashed before they are needed. */
  readonly ahead: number;
}

/** The SHA-256 of one upload's parts, computed ahead of need in the order of the queue, beside the parts that are on their way. */
export class PartChecksums {
  readonly #options: PartChecksumsOptions;
  readonly #known = new Map<number, string>();
  readonly #underWay = new Map<number, Promise<string>>();
  #isAhead = false;

  constructor(options: PartChecksumsOptions) {
    this.#options = options;
  }

  /** In base64, as S3 wants it; null where it is not computed yet. */
  known(part: number): string | null {
    return this.#known.get(part) ?? null;
  }

  /**
   * The checksum of a part that is about to be sent: it waits for no part that is not.
   * @throws MediaProblem `file_changed`
   */
  async needed(part: number, signal: AbortSignal): Promise<string> {
    const checksum = await this.#of(part, this.#options.rooms.needed, signal);
    this.keepAhead(signal);
    return checksum;
  }

  /** Goes on with the parts next in line. */
  keepAhead(signal: AbortSignal): void {
    if (!this.#isAhead) void this.#goAhead(signal);
  }

  /**
   * The checksum of a part that nobody waits for.
   * @throws MediaProblem `file_changed`
   */
  unhurried(part: number, signal: AbortSignal): Promise<string> {
    return this.#of(part, this.#options.rooms.ahead, signal);
  }

  /** The store found other bytes than this checksum's: it is computed anew from the file as it is by then. */
  forget(part: number): void {
    this.#known.delete(part);
  }

  async #of(part: number, room: Room, signal: AbortSignal): Promise<string> {
    const found = () => this.#known.get(part) ?? this.#underWay.get(part);
    const before = found();
    if (before !== undefined) return before;
    const leave = await room.enter(signal);
    try {
      // Somebody may have been faster in the other room.
      return await (found() ?? this.#compute(part));
    } finally {
      leave();
    }
  }

  #compute(part: number): Promise<string> {
    const { start, end } = this.#options.queue.rangeOf(part);
    const computed = this.#digest(start, end)
      .then((checksum) => {
        this.#known.set(part, checksum);
        return checksum;
      })
      .finally(() => this.#underWay.delete(part));
    this.#underWay.set(part, computed);
    return computed;
  }

  async #digest(start: number, end: number): Promise<string> {
    const bytes = await readBytes(this.#options.file.slice(start, end));
    const digest = await crypto.subtle.digest('SHA-256', bytes);
    freeBuffer(bytes);
    return btoa(String.fromCharCode(...new Uint8Array(digest)));
  }

  async #goAhead(signal: AbortSignal): Promise<void> {
    this.#isAhead = true;
    try {
      for (let part = this.#nextUnknown(); part !== undefined; part = this.#nextUnknown()) await this.unhurried(part, signal);
    } catch {
      // A part that can't be read is told by whoever sends it.
    } finally {
      this.#isAhead = false;
    }
  }

  #nextUnknown(): number | undefined {
    const { queue, ahead } = this.#options;
    return queue.peek(ahead).find((part) => !this.#known.has(part));
  }
}
