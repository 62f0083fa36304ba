import { FujiError } from './errors.ts';

/** Length of a SHA-256 in bytes. */
export const digestLength = 32;

/** @throws FujiError `insecure` where there is no SubtleCrypto */
export function requireSubtle(): SubtleCrypto {
  // The types promise it everywhere; browsers leave it out of insecure contexts (https://www.w3.org/TR/WebCryptoAPI/#Crypto-interface).
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) throw new FujiError('insecure', 'Hashing needs a secure context: open the page over https, or on localhost.');
  return subtle;
}

/** The SHA-256 of the bytes. They are copied before this returns, so their buffer is free for other use at once. */
export async function sha256(bytes: BufferSource): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await requireSubtle().digest('SHA-256', bytes));
}

/** What the bytes of a hash begin with. */
export const titleOf = (title: string, size: number): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${title}${size}.`);
