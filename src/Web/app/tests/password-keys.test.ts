import { describe, expect, test } from 'vitest';
import { explain } from '../src/messages.ts';
import { NoPasswordKey, passwordKeys } from '../src/password-keys.ts';

const base64 = (text: string) => btoa(text);
const hexOf = (key = '') => [...atob(key)].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('');

describe('the keys that stand for a password', () => {
  // RFC 7914, 11: PBKDF2-HMAC-SHA-256, the first 32 of 64 bytes.
  test.each([
    ['passwd', 'salt', 1, '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'],
    ['Password', 'NaCl', 80_000, '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56'],
  ])('of %s with %s and %i iterations', async (password, salt, iterations, key) => {
    const [made] = await passwordKeys(password, [{ scheme: 'pbkdf2-sha256', iterations, salt: base64(salt) }], crypto.subtle);
    expect(hexOf(made)).toBe(key);
  });

  test('are one for each derivation, in their order', async () => {
    const derivation = (salt: string) => ({ scheme: 'pbkdf2-sha256', iterations: 1, salt: base64(salt) });
    const keys = await passwordKeys('p', [derivation('a'), derivation('b')], crypto.subtle);
    const [second] = await passwordKeys('p', [derivation('b')], crypto.subtle);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(second);
    expect(keys[0]).not.toBe(second);
  });

  test('are the same however an umlaut was typed', async () => {
    const derivations = [{ scheme: 'pbkdf2-sha256', iterations: 1, salt: base64('salt') }];
    expect(await passwordKeys('sch\u00f6n', derivations, crypto.subtle)).toEqual(await passwordKeys('scho\u0308n', derivations, crypto.subtle));
  });

  test('there are none on a page that is not secure, nor by a scheme that is not known, and it is said', async () => {
    const insecure = await passwordKeys('p', [], undefined).catch((error: unknown) => error);
    expect(insecure).toBeInstanceOf(NoPasswordKey);
    expect(explain(insecure)).toContain('https://');
    const unknown = await passwordKeys('p', [{ scheme: 'scrypt', iterations: 1, salt: '' }], crypto.subtle).catch((error: unknown) => error);
    expect(unknown).toBeInstanceOf(NoPasswordKey);
  });
});
