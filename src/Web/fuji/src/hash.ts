import { createPieceHasher, type FinishOptions, type PieceHasherOptions } from './piece-hasher.ts';
import type { FujiSource } from './source.ts';
import { tipHash } from './tip.ts';

/** How a file is hashed as a whole. */
export type HashOptions = PieceHasherOptions & FinishOptions;

/** Both Fuji hashes of one file. */
export interface FujiHashes {
  /** Bytes. */
  readonly size: number;
  /** The quick, partial hash: 52 characters of base32. */
  readonly tipHash: string;
  /** The hash of every byte: 52 characters of base32. */
  readonly pieceHash: string;
}

/**
 * The hash of every byte. Pieces of 4 MiB are hashed in a few workers, which read the file themselves.
 * @returns 52 characters of base32
 * @throws FujiError `empty`, `changed`, `insecure`
 */
export async function pieceHash(source: FujiSource, options: HashOptions = {}): Promise<string> {
  const hasher = createPieceHasher(source, options);
  try {
    return await hasher.finish(options);
  } finally {
    hasher.close();
  }
}

/**
 * Both hashes of a file.
 * @throws FujiError `empty`, `changed`, `insecure`
 */
export async function hash(source: FujiSource, options: HashOptions = {}): Promise<FujiHashes> {
  const tip = await tipHash(source, options);
  return { size: source.size, tipHash: tip, pieceHash: await pieceHash(source, options) };
}
