import type { PieceCheckpoint } from './checkpoint.ts';
import type { PieceRun } from './piece-reading.ts';

/** More pieces at once are read with less overhead; fewer leave less to do ahead of a piece that is asked for. */
const longestRun = 8;

/** Which pieces of a file are hashed next: those that were asked for, then the rest in order. */
export class PieceQueue {
  readonly #checkpoint: PieceCheckpoint;
  readonly #asked = new Set<number>();
  readonly #taken = new Set<number>();
  /** Every piece before it is finished or taken. */
  #from = 0;

  constructor(checkpoint: PieceCheckpoint) {
    this.#checkpoint = checkpoint;
  }

  /** Puts a piece ahead of the rest. */
  ask(piece: number): void {
    this.#asked.add(piece);
  }

  /** Takes back that it was asked for. */
  forget(piece: number): void {
    this.#asked.delete(piece);
  }

  /** @param rest whether pieces count that nobody asked for */
  hasWork(rest: boolean): boolean {
    return this.#nextAsked() !== null || (rest && this.#nextOfRest() !== null);
  }

  /**
   * The next run, which nobody else is given meanwhile; null where there is none.
   * @param rest whether it may be one that nobody asked for
   * @param lanes among how many what remains is shared out
   */
  take(rest: boolean, lanes: number): PieceRun | null {
    const asked = this.#nextAsked();
    const first = asked ?? (rest ? this.#nextOfRest() : null);
    if (first === null) return null;
    let count = 1;
    if (asked === null) {
      // Towards the end runs get shorter, so that all lanes end at about the same time.
      const fair = Math.ceil((this.#checkpoint.pieceCount - first) / (lanes * 2));
      while (count < Math.min(longestRun, fair) && this.#isOpen(first + count)) count++;
    }
    for (let piece = first; piece < first + count; piece++) {
      this.#taken.add(piece);
      this.#asked.delete(piece);
    }
    return { first, count };
  }

  /** A run has ended. What of it is not finished can be taken again. */
  giveBack({ first, count }: PieceRun): void {
    for (let piece = first; piece < first + count; piece++) this.#taken.delete(piece);
    this.#from = Math.min(this.#from, first);
  }

  #nextAsked(): number | null {
    for (const piece of this.#asked) {
      if (this.#isOpen(piece)) return piece;
      if (this.#checkpoint.isFinished(piece)) this.#asked.delete(piece);
    }
    return null;
  }

  #nextOfRest(): number | null {
    while (this.#from < this.#checkpoint.pieceCount && !this.#isOpen(this.#from)) this.#from++;
    return this.#from < this.#checkpoint.pieceCount ? this.#from : null;
  }

  #isOpen(piece: number): boolean {
    return piece < this.#checkpoint.pieceCount && !this.#taken.has(piece) && !this.#checkpoint.isFinished(piece);
  }
}
