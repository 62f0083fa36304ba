import { changed } from './errors.ts';
import { pieceRange } from './protocol.ts';
import { readRange, type FujiSource } from './source.ts';

/** How a file is cut into pieces. */
export interface Layout {
  readonly size: number;
  readonly pieceUnit: number;
}

/** Neighbouring pieces. */
export interface PieceRun {
  readonly first: number;
  readonly count: number;
}

/** A piece as it was read. Its bytes are good until the next one is asked for. */
export interface ReadPiece {
  readonly piece: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the pieces of runs, one run at a time. */
export type ReadPieces = (run: PieceRun) => AsyncIterable<ReadPiece>;

/** Reads each piece by a slice of its own. */
export const bySlices = (source: FujiSource, layout: Layout): ReadPieces =>
  async function* read({ first, count }) {
    for (let piece = first; piece < first + count; piece++) {
      const buffer = await readRange(source, pieceRange(piece, layout.size, layout));
      yield { piece, bytes: new Uint8Array(buffer) };
      free(buffer);
    }
  };

/**
 * Reads a run by one stream into one buffer that is used again: about a quarter less processor time in Chromium than a slice and a buffer for each piece, and
 * no garbage. Null where the browser cannot read into a given buffer.
 */
export function byStream(blob: Blob, layout: Layout): ReadPieces | null {
  if (!fillsBuffers(blob)) return null;
  let buffer: ArrayBuffer | null = null;
  return async function* read({ first, count }) {
    const { start } = pieceRange(first, layout.size, layout);
    const { end } = pieceRange(first + count - 1, layout.size, layout);
    const reader = blob.slice(start, end).stream().getReader({ mode: 'byob' });
    try {
      for (let piece = first; piece < first + count; piece++) {
        const range = pieceRange(piece, layout.size, layout);
        const bytes: Uint8Array<ArrayBuffer> = await fill(reader, buffer ?? new ArrayBuffer(layout.pieceUnit), range.end - range.start);
        buffer = bytes.buffer;
        yield { piece, bytes };
      }
    } catch (cause) {
      // A stream's buffer goes with it when it fails.
      buffer = null;
      throw cause;
    } finally {
      reader.cancel().catch(() => {});
    }
  };
}

async function fill(reader: ReadableStreamBYOBReader, into: ArrayBuffer, length: number): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = into;
  for (let at = 0; at < length; ) {
    let read: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
    try {
      read = await reader.read(new Uint8Array(buffer, at, length - at), { min: length - at });
    } catch (cause) {
      // Whatever a browser calls it: the bytes of a blob are there, or the file behind it is not what it was.
      throw changed(cause);
    }
    if (read.value === undefined || read.value.length === 0) throw changed();
    at += read.value.length;
    buffer = read.value.buffer;
  }
  return new Uint8Array(buffer, 0, length);
}

function fillsBuffers(blob: Blob): boolean {
  try {
    blob.slice(0, 0).stream().getReader({ mode: 'byob' }).cancel().catch(() => {});
    return true;
  } catch {
    return false;
  }
}

/** Gives a buffer's memory back at once rather than at the next collection, which a few megabytes a time do not hurry. */
function free(buffer: ArrayBuffer): void {
  const { transfer } = buffer as { transfer?: (length: number) => ArrayBuffer };
  transfer?.call(buffer, 0);
}
