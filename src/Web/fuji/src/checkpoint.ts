import { base32 } from './base32.ts';
import { digestLength, sha256, titleOf } from './digest.ts';
import { FujiError } from './errors.ts';
import { fujiProtocol, pieceCount, type FujiProtocol } from './protocol.ts';

const mark = new TextEncoder().encode('FJP1');
const headerLength = mark.length + 8 + 4;

/**
 * The pieces of one file that are hashed so far. Written out with {@link toBytes} now and then, it lets interrupted hashing go on later or elsewhere.
 * 32 bytes are held for each piece: 16 KB for 2 GiB, 42 MB for 5 TiB.
 *
 * Written form, the same as in Media's .NET library: `FJP1`, size and unit as little-endian 64- and 32-bit numbers, a bitmap of the finished pieces
 * (lowest bit first), the digests of those in order, and the SHA-256 of all that.
 */
export class PieceCheckpoint {
  /** The file's size in bytes. */
  readonly size: number;
  /** How many pieces the file has. */
  readonly pieceCount: number;
  readonly protocol: FujiProtocol;
  // The title, then the digests: just what the piece hash is made of, so that a large file's digests are not copied for it.
  readonly #titled: Uint8Array<ArrayBuffer>;
  readonly #digests: Uint8Array<ArrayBuffer>;
  readonly #finished: Uint8Array;
  #finishedCount = 0;

  /**
   * A checkpoint of a file of `size` bytes, nothing of which is hashed yet.
   * @throws FujiError `empty`
   */
  constructor(size: number, protocol: FujiProtocol = fujiProtocol) {
    this.size = size;
    this.protocol = protocol;
    this.pieceCount = pieceCount(size, protocol);
    const title = titleOf(protocol.pieceTitle, size);
    this.#titled = new Uint8Array(title.length + this.pieceCount * digestLength);
    this.#titled.set(title);
    this.#digests = this.#titled.subarray(title.length);
    this.#finished = new Uint8Array(Math.ceil(this.pieceCount / 8));
  }

  /** How many pieces are hashed. */
  get finishedCount(): number {
    return this.#finishedCount;
  }

  /** Whether every piece is hashed. */
  get isComplete(): boolean {
    return this.#finishedCount === this.pieceCount;
  }

  /** How many bytes the finished pieces have. */
  get finishedBytes(): number {
    const { pieceUnit } = this.protocol;
    const bytes = this.#finishedCount * pieceUnit;
    return this.#has(this.pieceCount - 1) ? bytes - (this.pieceCount * pieceUnit - this.size) : bytes;
  }

  /** Whether the piece is hashed. Pieces count from 0. */
  isFinished(piece: number): boolean {
    this.#checkIndex(piece);
    return this.#has(piece);
  }

  /** A copy of the piece's digest; null where it is not hashed yet. */
  digest(piece: number): Uint8Array<ArrayBuffer> | null {
    return this.isFinished(piece) ? this.#at(piece).slice() : null;
  }

  /**
   * Records a piece's digest. One that is there already is replaced.
   * @param digest the SHA-256 of the piece's bytes, 32 bytes
   */
  record(piece: number, digest: Uint8Array): void {
    this.#checkIndex(piece);
    if (digest.length !== digestLength) throw new RangeError(`A piece's digest has ${digestLength} bytes, not ${digest.length}.`);
    this.#at(piece).set(digest);
    if (this.#has(piece)) return;
    this.#finished[piece >> 3]! |= 1 << (piece & 7);
    this.#finishedCount++;
  }

  /**
   * The file's piece hash, 52 characters of base32.
   * @throws FujiError `incomplete` where pieces are missing
   */
  async pieceHash(): Promise<string> {
    if (!this.isComplete) throw new FujiError('incomplete', 'There is no piece hash before every piece is hashed.');
    return base32(await sha256(this.#titled));
  }

  /** Writes the checkpoint out as it is at this moment; {@link fromBytes} reads it. */
  async toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(headerLength + this.#finished.length + (this.#finishedCount + 1) * digestLength);
    bytes.set(mark);
    const header = new DataView(bytes.buffer);
    header.setBigUint64(mark.length, BigInt(this.size), true);
    header.setUint32(mark.length + 8, this.protocol.pieceUnit, true);
    bytes.set(this.#finished, headerLength);
    let at = headerLength + this.#finished.length;
    for (let piece = 0; piece < this.pieceCount; piece++) {
      if (!this.#has(piece)) continue;
      bytes.set(this.#at(piece), at);
      at += digestLength;
    }
    bytes.set(await sha256(bytes.subarray(0, at)), at);
    return bytes;
  }

  /**
   * Reads a checkpoint.
   * @param bytes what {@link toBytes} wrote
   * @param size the size of the file that it is to go on with
   * @throws FujiError `bad_checkpoint` where it is damaged, or of another size or unit; `empty`
   */
  static async fromBytes(bytes: Uint8Array<ArrayBuffer>, size: number, protocol: FujiProtocol = fujiProtocol): Promise<PieceCheckpoint> {
    const checkpoint = new PieceCheckpoint(size, protocol);
    const digests = headerLength + checkpoint.#finished.length;
    const end = bytes.length - digestLength;
    if (end < digests || !startsWith(bytes, mark)) throw bad('These bytes are not a checkpoint of this file.');
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    if (header.getBigUint64(mark.length, true) !== BigInt(size) || header.getUint32(mark.length + 8, true) !== protocol.pieceUnit) {
      throw bad('The checkpoint belongs to a file of another size, or to another unit.');
    }
    if (!startsWith(bytes.subarray(end), await sha256(bytes.subarray(0, end)))) throw bad('The checkpoint is damaged.');

    const finished = bytes.subarray(headerLength, digests);
    let at = digests;
    for (let piece = 0; piece < finished.length * 8; piece++) {
      if ((finished[piece >> 3]! & (1 << (piece & 7))) === 0) continue;
      if (piece >= checkpoint.pieceCount || at + digestLength > end) throw bad("The checkpoint's bitmap does not fit its digests.");
      checkpoint.record(piece, bytes.subarray(at, (at += digestLength)));
    }
    if (at !== end) throw bad("The checkpoint's bitmap does not fit its digests.");
    return checkpoint;
  }

  #has(piece: number): boolean {
    return (this.#finished[piece >> 3]! & (1 << (piece & 7))) !== 0;
  }

  #at(piece: number): Uint8Array<ArrayBuffer> {
    return this.#digests.subarray(piece * digestLength, (piece + 1) * digestLength);
  }

  #checkIndex(piece: number): void {
    if (!Number.isInteger(piece) || piece < 0 || piece >= this.pieceCount) {
      throw new RangeError(`There is no piece ${piece}: the file has ${this.pieceCount}.`);
    }
  }
}

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean => start.every((byte, index) => bytes[index] === byte);

const bad = (message: string): FujiError => new FujiError('bad_checkpoint', message);
