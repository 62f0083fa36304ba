import { base32 } from '@media/fuji';
import type { Challenge } from './answers.ts';
import { unexpected } from './errors.ts';
import { readBytes } from './file-bytes.ts';

/** A challenge is about a few short slices; a server that wants more is not answered. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Answers a challenge from the file: base32 of the SHA-256 of the nonce's ASCII characters and then the bytes of the ranges, in order.
 * @throws MediaProblem `unexpected_answer`, `file_changed`
 */
export async function challengeDigest(file: Blob, { nonce, ranges }: Challenge): Promise<string> {
  let bytes = 0;
  for (const { start, end } of ranges) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end > file.size || (bytes += end - start) > mostBytes) {
      throw unexpected('The server’s challenge is about bytes that the file does not have.');
    }
  }
  const read = await readBytes(new Blob([nonce, ...ranges.map(({ start, end }) => file.slice(start, end))]));
  return base32(new Uint8Array(await crypto.subtle.digest('SHA-256', read)));
}
