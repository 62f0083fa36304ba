import { base32 } from './base32.ts';
import { sha256, titleOf } from './digest.ts';
import { fujiProtocol, tipStripes, type FujiProtocol } from './protocol.ts';
import { readRange, type FujiSource } from './source.ts';

/** How the tip hash is made. */
export interface TipHashOptions {
  /** Stops the hashing, which then rejects with the signal's reason: an `AbortError` unless told otherwise. */
  readonly signal?: AbortSignal;
  /** Titles and units; {@link fujiProtocol} unless told. */
  readonly protocol?: FujiProtocol;
}

/**
 * The quick, partial hash: four stripes of 4 KiB at most are read, whatever the size.
 * @returns 52 characters of base32
 * @throws FujiError `empty`, `changed`, `insecure`
 */
export async function tipHash(source: FujiSource, { signal, protocol = fujiProtocol }: TipHashOptions = {}): Promise<string> {
  signal?.throwIfAborted();
  const stripes = await Promise.all(tipStripes(source.size, protocol).map((stripe) => readRange(source, stripe)));
  signal?.throwIfAborted();
  const titled = new Blob([titleOf(protocol.tipTitle, source.size), ...stripes]);
  return base32(await sha256(await titled.arrayBuffer()));
}
