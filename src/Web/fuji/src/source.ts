import { changed } from './errors.ts';
import type { ByteRange } from './protocol.ts';

/** Anything of a known size that gives its bytes by range, from several calls at once. It is read on the calling thread. */
export interface RangeSource {
  /** Bytes, at least 1. */
  readonly size: number;
  /** The bytes `[start, end)`. Giving fewer or more is an error of code `changed`. */
  slice(start: number, end: number): Promise<ArrayBuffer>;
}

/** What can be hashed: a `File` or another `Blob` (in Node.js too, by `fs.openAsBlob`), or any {@link RangeSource}. */
export type FujiSource = Blob | RangeSource;

/** @throws FujiError `changed` */
export async function readRange(source: FujiSource, { start, end }: ByteRange): Promise<ArrayBuffer> {
  let bytes: ArrayBuffer;
  try {
    const part = source.slice(start, end);
    bytes = await (part instanceof Blob ? part.arrayBuffer() : part);
  } catch (cause) {
    throw isUnreadable(cause) ? changed(cause) : cause;
  }
  if (bytes.byteLength !== end - start) throw changed();
  return bytes;
}

/** Whether a browser says that a file is not, or no longer, what was chosen (https://www.w3.org/TR/FileAPI/#ErrorAndException). */
const isUnreadable = (cause: unknown): boolean => cause instanceof DOMException && ['NotReadableError', 'NotFoundError'].includes(cause.name);
