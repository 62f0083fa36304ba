import { createPieceHasher, FujiError, hash, tipHash, type PieceHasher } from '@media/fuji';
import { MediaProblem } from './errors.ts';
import type { Gate } from './gate.ts';
import type { Room } from './room.ts';

/** Is told how many bytes are hashed. */
export type HashListener = (hashed: number, size: number) => void;

/** Files of one piece are read whole for their piece hash before anything is asked of the server: that costs less than asking twice. */
const mostAtOnce = 4 * 1024 * 1024;

/** Files so small are read once for both hashes: in browsers each read of a slice costs more than hashing it. */
const mostInMemory = 256 * 1024;

/** The two content hashes of one file. What is hashed is never hashed again, through pauses, retries and new sessions. */
export class FileHashes {
  readonly #file: Blob;
  readonly #room: Room;
  #tip: Promise<string | null> | null = null;
  #hasher: PieceHasher | null = null;
  #piece: string | null = null;
  #bytes: ArrayBuffer | null = null;

  /** @param room how many files are hashed at once */
  constructor(file: Blob, room: Room) {
    this.#file = file;
    this.#room = room;
  }

  /** The piece hash, where it is known already. */
  get knownPiece(): string | null {
    return this.#piece;
  }

  /** The file itself, where it was read whole and is not stored yet: no browser has to read it again, and what is sent is what was hashed. */
  get bytes(): ArrayBuffer | null {
    return this.#bytes;
  }

  /** Whether the piece hash takes no longer than a request. */
  get isQuick(): boolean {
    return this.#file.size > 0 && this.#file.size <= mostAtOnce;
  }

  /** The tip hash; null for an empty file, and where the platform hashes nothing. */
  tip(): Promise<string | null> {
    this.#tip ??= this.#file.size === 0 ? Promise.resolve(null) : this.#readTip().catch(noneWhereInsecure);
    return this.#tip;
  }

  async #readTip(): Promise<string> {
    const { size } = this.#file;
    if (size > mostInMemory) return tipHash(this.#file);
    const bytes = await this.#file.arrayBuffer().catch((cause: unknown) => {
      throw new FujiError('changed', 'The file changed, or can no longer be read, since it was chosen.', { cause });
    });
    const hashes = await hash({ size, slice: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)) });
    this.#piece = hashes.pieceHash;
    this.#bytes = bytes;
    return hashes.tipHash;
  }

  /**
   * The piece hash; null as for the tip hash. A pause halts it.
   * @throws MediaProblem `file_changed`
   */
  async piece(gate: Gate, signal: AbortSignal, onProgress?: HashListener): Promise<string | null> {
    if (this.#file.size === 0 || (await this.tip()) === null) return null;
    if (this.#piece !== null) {
      onProgress?.(this.#file.size, this.#file.size);
      return this.#piece;
    }
    this.#piece = await gate.through(signal, async (run) => {
      const leave = await this.#room.enter(run);
      try {
        this.#hasher ??= createPieceHasher(this.#file);
        return await this.#hasher.finish({ signal: run, ...(onProgress && { onProgress }) }).catch(changedWhereChanged);
      } finally {
        leave();
      }
    });
    return this.#piece;
  }

  /** Lets go of the bytes. */
  release(): void {
    this.#bytes = null;
  }

  /** Ends the workers; what is hashed stays. */
  close(): void {
    this.release();
    // A closed hasher refuses everything; its checkpoint lives on in the next.
    const checkpoint = this.#hasher?.checkpoint;
    this.#hasher?.close();
    this.#hasher = checkpoint ? createPieceHasher(this.#file, { checkpoint }) : null;
  }
}

function noneWhereInsecure(error: unknown): null {
  if (error instanceof FujiError && error.code === 'insecure') return null;
  return changedWhereChanged(error);
}

function changedWhereChanged(error: unknown): never {
  if (error instanceof FujiError && error.code === 'changed') throw new MediaProblem(0, 'file_changed', error.message, null, {}, { cause: error });
  throw error;
}
