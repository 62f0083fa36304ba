/** How a key is made of a password, as the server tells. */
export interface Derivation {
  readonly scheme: string;
  readonly iterations: number;
  /** Base64. */
  readonly salt: string;
}

/** There is no key: the browser lacks what makes one, or the server wants another kind. The message is for people. */
export class NoPasswordKey extends Error {
  override readonly name = 'NoPasswordKey';
}

/** What keys are made with; browsers have it on pages that came by HTTPS, or from this very machine. */
export type KeyMaker = Pick<SubtleCrypto, 'importKey' | 'deriveBits'>;

/** Password keys have so many bits. */
const keyBits = 256;

/** The derivation that this page can do (RFC 8018, 5.2, with HMAC-SHA-256). */
const known = 'pbkdf2-sha256';

/**
 * Derives the keys that stand for a password, so that the password itself never leaves the page.
 * @returns base64, one for each derivation and in their order
 * @throws NoPasswordKey
 */
export async function passwordKeys(password: string, derivations: readonly Derivation[], crypto: KeyMaker | undefined): Promise<readonly string[]> {
  if (crypto === undefined) throw new NoPasswordKey('The browser signs in only on pages that are loaded by HTTPS. Open this one by https://.');
  // The same letters can be typed in two ways (Unicode Standard Annex 15).
  const material = await crypto.importKey('raw', new TextEncoder().encode(password.normalize('NFC')), 'PBKDF2', false, ['deriveBits']);
  return Promise.all(
    derivations.map(async ({ scheme, iterations, salt }) => {
      if (scheme !== known) throw new NoPasswordKey('The server wants the password in a form that this page does not know. Load the page anew.');
      const bits = await crypto.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: bytesOf(salt), iterations }, material, keyBits);
      return base64Of(new Uint8Array(bits));
    }),
  );
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
