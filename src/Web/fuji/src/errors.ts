/** Why there is no hash. */
export type FujiErrorCode =
  /** The file has no bytes: an empty file has no Fuji hash. */
  | 'empty'
  /** The file changed or became unreadable since it was chosen, or its source gave another number of bytes than it was asked for. */
  | 'changed'
  /** There is no `crypto.subtle`: browsers have it in secure contexts alone, which are https and localhost. */
  | 'insecure'
  /** The bytes of a checkpoint are damaged, or belong to another size or unit. */
  | 'bad_checkpoint'
  /** The piece hash was asked for before every piece was hashed. */
  | 'incomplete';

/** A hash was refused; `code` says why and stays the same from version to version, `message` is for people. */
export class FujiError extends Error {
  override readonly name = 'FujiError';

  constructor(
    readonly code: FujiErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error of a file that is no longer what it was. */
export const changed = (cause?: unknown): FujiError =>
  new FujiError('changed', 'The file changed, or can no longer be read, since it was chosen.', { cause });
