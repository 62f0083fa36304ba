import { PieceCheckpoint } from './checkpoint.ts';
import { requireSubtle } from './digest.ts';
import { callingThreadLane, LaneBroken, type Lane } from './lane.ts';
import { PieceQueue } from './piece-queue.ts';
import type { PieceRun } from './piece-reading.ts';
import type { FujiProtocol } from './protocol.ts';
import type { FujiSource } from './source.ts';
import { mayHaveWorkers, workerLane } from './worker-lane.ts';

/** How pieces are hashed; none of it changes a hash made with the same protocol. */
export interface PieceHasherOptions {
  /**
   * How many workers hash at once, at least 1: the number of processors, at most 4, unless told. Each holds about 12 MiB while it works. Where there
   * are none, or they are forbidden, as many pieces are hashed at once by the calling thread.
   */
  readonly workers?: number;
  /** The pieces that are hashed already, of the same file. It is filled further; an empty one unless told. */
  readonly checkpoint?: PieceCheckpoint;
  /** Titles and units; those of the checkpoint, or `fujiProtocol`, unless told. */
  readonly protocol?: FujiProtocol;
}

/** What to know of while the rest of a file is hashed. */
export interface FinishOptions {
  /** Stops the hashing, which then rejects with the signal's reason: an `AbortError` unless told otherwise. What is hashed stays in the checkpoint. */
  readonly signal?: AbortSignal;
  /** Is told after each piece how many bytes of the file are hashed. It never falls, and ends at `size`. What it throws ends the hashing. */
  readonly onProgress?: (hashed: number, size: number) => void;
}

/**
 * The pieces of one file, hashed in the order that they are asked for: for an uploader, which hashes while it uploads.
 * An error of the file, such as a FujiError of code `changed`, is final: everything that is asked for, then and later, rejects with it.
 */
export interface PieceHasher {
  /** The pieces that are hashed so far, to be looked at, or written out and stored. */
  readonly checkpoint: PieceCheckpoint;
  /** The digest of one piece, which is hashed ahead of others unless it is there. Pieces count from 0. The copy is the caller's. */
  piece(piece: number, options?: Pick<FinishOptions, 'signal'>): Promise<Uint8Array<ArrayBuffer>>;
  /** Takes a piece's digest that was made elsewhere: 32 bytes. The piece is not read again. */
  record(piece: number, digest: Uint8Array): void;
  /** Hashes what is missing, in order, and gives the piece hash: 52 characters of base32. */
  finish(options?: FinishOptions): Promise<string>;
  /** Ends the workers. What is still asked for rejects with an `AbortError`; the checkpoint stays good. */
  close(): void;
}

/**
 * Makes a hasher of the file. Nothing is read and no worker started before something is asked for; call `close` when it is no longer needed.
 * @throws FujiError `empty`, `insecure`; RangeError where the checkpoint belongs to another size
 */
export function createPieceHasher(source: FujiSource, options: PieceHasherOptions = {}): PieceHasher {
  return new LanePieceHasher(source, options);
}

const mostWorkers = 4;

/** Files of fewer pieces are hashed by the calling thread: that takes less time than starting a worker. */
const fewestForWorkers = 5;

function defaultWorkers(): number {
  // Node.js 20 has no navigator.
  const processors: number | undefined = globalThis.navigator?.hardwareConcurrency;
  return Math.min(mostWorkers, processors || mostWorkers);
}

/** Somebody who waits: for a piece, or for all. */
interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

interface Finisher extends Waiter<void> {
  readonly onProgress: FinishOptions['onProgress'];
}

class LanePieceHasher implements PieceHasher {
  readonly checkpoint: PieceCheckpoint;
  readonly #source: FujiSource;
  readonly #workers: number;
  readonly #queue: PieceQueue;
  readonly #lanes = new Map<Lane, PieceRun | null>();
  readonly #waiters = new Map<number, Set<Waiter<Uint8Array<ArrayBuffer>>>>();
  readonly #finishers = new Set<Finisher>();
  #useWorkers: boolean;
  #end: { readonly reason: unknown } | null = null;

  constructor(source: FujiSource, { workers = defaultWorkers(), checkpoint, protocol }: PieceHasherOptions) {
    requireSubtle();
    if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`A number of workers is 1 or more, not ${workers}.`);
    this.checkpoint = checkpoint ?? new PieceCheckpoint(source.size, protocol);
    if (this.checkpoint.size !== source.size || (protocol && protocol.pieceUnit !== this.checkpoint.protocol.pieceUnit)) {
      throw new RangeError('The checkpoint belongs to a file of another size, or to another unit.');
    }
    this.#source = source;
    this.#workers = workers;
    this.#queue = new PieceQueue(this.checkpoint);
    this.#useWorkers = source instanceof Blob && mayHaveWorkers() && this.checkpoint.pieceCount >= fewestForWorkers;
  }

  async piece(piece: number, { signal }: Pick<FinishOptions, 'signal'> = {}): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.checkpoint.digest(piece);
    if (known) return known;
    signal?.throwIfAborted();
    const waiters = this.#waiters.get(piece) ?? new Set();
    this.#waiters.set(piece, waiters);
    this.#queue.ask(piece);
    return this.#wait(waiters, (waiter) => waiter, signal);
  }

  record(piece: number, digest: Uint8Array): void {
    this.checkpoint.record(piece, digest);
    this.#recorded(piece);
  }

  async finish({ signal, onProgress }: FinishOptions = {}): Promise<string> {
    signal?.throwIfAborted();
    if (this.checkpoint.isComplete) onProgress?.(this.checkpoint.size, this.checkpoint.size);
    else await this.#wait<void, Finisher>(this.#finishers, (waiter) => ({ ...waiter, onProgress }), signal);
    return this.checkpoint.pieceHash();
  }

  close(): void {
    this.#fail(new DOMException('The hasher was closed.', 'AbortError'));
  }

  /** Waits among others, and leaves them when the signal is given. */
  async #wait<T, W extends Waiter<T>>(others: Set<W>, make: (waiter: Waiter<T>) => W, signal: AbortSignal | undefined): Promise<T> {
    if (this.#end) throw this.#end.reason;
    let leave = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        const waiter = make({ resolve, reject });
        others.add(waiter);
        leave = () => {
          others.delete(waiter);
          reject(signal?.reason);
          this.#forgetUnwanted();
          if (this.#finishers.size === 0 && this.#waiters.size === 0) this.#rest();
        };
        signal?.addEventListener('abort', leave);
        this.#pump();
      });
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Gives work to lanes that have none, and opens those that are missing. */
  #pump(): void {
    for (const [lane, run] of this.#lanes) if (run === null) this.#give(lane);
    while (this.#lanes.size < this.#workers && !this.#end && this.#queue.hasWork(this.#finishers.size > 0)) this.#give(this.#open());
  }

  #open(): Lane {
    const layout = { size: this.checkpoint.size, pieceUnit: this.checkpoint.protocol.pieceUnit };
    if (this.#useWorkers && this.#source instanceof Blob) {
      try {
        return workerLane(this.#source, layout);
      } catch (error) {
        if (!(error instanceof LaneBroken)) throw error;
        this.#useWorkers = false;
      }
    }
    return callingThreadLane(this.#source, layout);
  }

  #give(lane: Lane): void {
    const run = this.#queue.take(this.#finishers.size > 0, this.#workers);
    this.#lanes.set(lane, run);
    if (run) void this.#drive(lane, run);
  }

  async #drive(lane: Lane, run: PieceRun): Promise<void> {
    const isOpen = () => this.#lanes.has(lane);
    try {
      await lane.hash(run, (piece, digest) => {
        if (!isOpen() || this.checkpoint.isFinished(piece)) return;
        this.record(piece, digest);
      });
      if (!isOpen()) return;
      this.#lanes.set(lane, null);
    } catch (error) {
      if (!isOpen()) return;
      if (!(error instanceof LaneBroken)) {
        this.#fail(error);
        return;
      }
      this.#useWorkers = false;
      this.#close(lane);
    }
    this.#queue.giveBack(run);
    this.#pump();
  }

  #recorded(piece: number): void {
    const waiters = this.#waiters.get(piece);
    this.#waiters.delete(piece);
    for (const waiter of waiters ?? []) waiter.resolve(this.checkpoint.digest(piece)!);
    for (const finisher of this.#finishers) {
      try {
        finisher.onProgress?.(this.checkpoint.finishedBytes, this.checkpoint.size);
      } catch (error) {
        this.#finishers.delete(finisher);
        finisher.reject(error);
      }
    }
    if (this.checkpoint.isComplete) {
      for (const finisher of this.#finishers) finisher.resolve();
      this.#finishers.clear();
      this.#rest();
    }
  }

  #forgetUnwanted(): void {
    for (const [piece, waiters] of this.#waiters) {
      if (waiters.size > 0) continue;
      this.#waiters.delete(piece);
      this.#queue.forget(piece);
    }
  }

  /** Ends the workers; who asks for something later starts new ones. */
  #rest(): void {
    for (const [lane, run] of this.#lanes) {
      this.#close(lane);
      if (run) this.#queue.giveBack(run);
    }
  }

  #close(lane: Lane): void {
    this.#lanes.delete(lane);
    lane.close();
  }

  #fail(reason: unknown): void {
    this.#end ??= { reason };
    for (const lane of this.#lanes.keys()) this.#close(lane);
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.reject(reason);
    for (const finisher of this.#finishers) finisher.reject(reason);
    this.#waiters.clear();
    this.#finishers.clear();
  }
}
