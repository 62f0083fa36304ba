import { fileChanged, readBytes } from './file-bytes.ts';

/**
 * Reads parts into one buffer, one part at a time. Browsers that make a buffer for every part give its memory back long after it is done with, which
 * for a file of gigabytes is too late.
 */
export class PartReader {
  #buffer = new ArrayBuffer(0);

  /**
   * @returns the part's bytes, good until the next one is read
   * @throws MediaProblem `file_changed`
   */
  async read(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
    const reader = readerInto(part);
    if (reader === null) return new Uint8Array(await readBytes(part));
    const { size } = part;
    let buffer = this.#buffer.byteLength < size ? new ArrayBuffer(size) : this.#buffer;
    // A stream's buffer goes with it when it fails.
    this.#buffer = new ArrayBuffer(0);
    try {
      for (let at = 0; at < size; ) {
        const { value } = await reader.read(new Uint8Array(buffer, at, size - at), { min: size - at });
        if (value === undefined || value.length === 0) throw fileChanged();
        at += value.length;
        buffer = value.buffer;
      }
    } catch (cause) {
      throw fileChanged(cause);
    } finally {
      reader.cancel().catch(() => {});
    }
    this.#buffer = buffer;
    return new Uint8Array(buffer, 0, size);
  }
}

/** Null where the browser cannot read into a given buffer. */
function readerInto(part: Blob): ReadableStreamBYOBReader | null {
  try {
    return part.stream().getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
