import { sha256 } from './digest.ts';
import { bySlices, type Layout, type PieceRun, type ReadPieces } from './piece-reading.ts';
import type { FujiSource } from './source.ts';

/** Is told of each piece of a run as soon as it is hashed. */
export type Record = (piece: number, digest: Uint8Array<ArrayBuffer>) => void;

/** Somewhere that hashes one run of pieces at a time. */
export interface Lane {
  /** @throws FujiError `changed`; LaneBroken */
  hash(run: PieceRun, record: Record): Promise<void>;
  /** Stops at once. A run that is under way may never settle. */
  close(): void;
}

/** A lane cannot hash here, whatever the file: the work goes to the calling thread. */
export class LaneBroken extends Error {
  override readonly name = 'LaneBroken';
}

/** Hashes pieces as they are read, as long as that is wanted: while one is hashed, the next is read. */
export async function hashPieces(pieces: ReturnType<ReadPieces>, record: Record, isWanted: () => boolean = () => true): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const { piece, bytes } of pieces) {
      const digest = sha256(bytes);
      await last;
      last = digest.then((value) => record(piece, value));
      // It is awaited with the next piece; until then its failure is not an unhandled one.
      last.catch(() => {});
      if (!isWanted()) break;
    }
  } finally {
    await last;
  }
}

/** Hashes on the calling thread. Browsers and Node.js read and digest elsewhere, so that it waits rather than works. */
export function callingThreadLane(source: FujiSource, layout: Layout): Lane {
  const read = bySlices(source, layout);
  let isClosed = false;
  return {
    hash: (run, record) => hashPieces(read(run), record, () => !isClosed),
    close() {
      isClosed = true;
    },
  };
}
