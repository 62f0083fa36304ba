const MiB = 1024 * 1024;

/** Part sizes are a multiple of this, so that the pieces of the content hash nest in parts. */
const step = 4 * MiB;
const smallest = 8 * MiB;

/** S3 takes at most so many parts. */
const mostParts = 10_000;

/** The size in bytes of every part but the last, for a file of `size` bytes. */
export function partSizeFor(size: number): number {
  return Math.max(smallest, Math.ceil(size / mostParts / step) * step);
}
