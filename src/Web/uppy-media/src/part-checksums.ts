import type { PartQueue } from './part-queue.ts';
import { PartReader } from './part-reader.ts';
import { Room } from './room.ts';

/** Where one part at a time has its bytes in memory. */
class ChecksumRoom {
  readonly room = new Room(1);
  readonly #reader = new PartReader();

  /** In base64. For whoever is in the room. */
  async digest(part: Blob): Promise<string> {
    const digest = await crypto.subtle.digest('SHA-256', await this.#reader.read(part));
    return btoa(String.fromCharCode(...new Uint8Array(digest)));
  }
}

/** Room for the parts of all files: one that is waited for, and one that is hashed ahead. */
export class ChecksumRooms {
  readonly needed = new ChecksumRoom();
  readonly ahead = new ChecksumRoom();
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

  async #of(part: number, place: ChecksumRoom, signal: AbortSignal): Promise<string> {
    const found = () => this.#known.get(part) ?? this.#underWay.get(part);
    const before = found();
    if (before !== undefined) return before;
    const leave = await place.room.enter(signal);
    try {
      // Somebody may have been faster in the other room.
      return await (found() ?? this.#compute(part, place));
    } finally {
      leave();
    }
  }

  #compute(part: number, place: ChecksumRoom): Promise<string> {
    const { file, queue } = this.#options;
    const { start, end } = queue.rangeOf(part);
    const computed = place
      .digest(file.slice(start, end))
      .then((checksum) => {
        this.#known.set(part, checksum);
        return checksum;
      })
      .finally(() => this.#underWay.delete(part));
    this.#underWay.set(part, computed);
    return computed;
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
