import { MediaProblem } from './errors.ts';

/** A file that somebody chose is not there any more as it was. */
export const fileChanged = (cause?: unknown): MediaProblem =>
  new MediaProblem(0, 'file_changed', 'The file changed, or can no longer be read, since it was chosen.', null, {}, { cause });

/**
 * Reads bytes of a file that somebody chose.
 * @throws MediaProblem `file_changed`
 */
export async function readBytes(bytes: Blob): Promise<ArrayBuffer> {
  try {
    return await bytes.arrayBuffer();
  } catch (cause) {
    throw fileChanged(cause);
  }
}
