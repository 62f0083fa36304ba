import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FujiProtocol, RangeSource } from '../src/index.ts';

export interface Vector {
  readonly seed: number;
  readonly size: number;
  readonly tipHash: string;
  readonly pieceHash: string;
}

/** The vectors that every implementation is held to. */
export const vectors = JSON.parse(
  await readFile(new URL('../../../../tests/Fuji.Tests/fuji-vectors.json', import.meta.url), 'utf8'),
) as readonly Vector[];

/** The generator that the vectors' files come from. */
export function generate(seed: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let x = seed >>> 0;
  for (let at = 0; at < size; at++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes[at] = x >>> 24;
  }
  return bytes;
}

export const unitsOf = (tipUnit: number, pieceUnit: number): FujiProtocol => ({
  tipTitle: 'Test.Both.SHA256.4B.',
  tipUnit,
  pieceTitle: 'Test.Both.SHA256.4B.',
  pieceUnit,
});

export const fourBytes = unitsOf(4, 4);

/** A source of these bytes that notes what is read of it, and does what `before` says ahead of each read. */
export function sourceOf(bytes: Uint8Array, before: (start: number, end: number) => void | Promise<void> = () => {}): RangeSource & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    size: bytes.length,
    reads,
    async slice(start, end) {
      reads.push([start, end]);
      await before(start, end);
      return bytes.slice(start, end).buffer as ArrayBuffer;
    },
  };
}

/** The definitions of the two hashes, word for word and in no hurry. */
export const reference = {
  tip(bytes: Uint8Array, { tipTitle, tipUnit: unit }: FujiProtocol): string {
    const size = bytes.length;
    const hash = createHash('sha256').update(`${tipTitle}${size}.`);
    if (size <= 4 * unit) return base32(hash.update(bytes).digest());
    const starts = [0, Math.floor(size / (2 * unit)) * unit, (Math.ceil(size / unit) - 2) * unit, (Math.ceil(size / unit) - 1) * unit];
    for (const start of starts) hash.update(bytes.subarray(start, start + unit));
    return base32(hash.digest());
  },

  piece(bytes: Uint8Array, { pieceTitle, pieceUnit }: FujiProtocol): string {
    const hash = createHash('sha256').update(`${pieceTitle}${bytes.length}.`);
    for (let start = 0; start < bytes.length; start += pieceUnit) hash.update(pieceDigest(bytes, start / pieceUnit, pieceUnit));
    return base32(hash.digest());
  },
};

export const pieceDigest = (bytes: Uint8Array, piece: number, unit: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes.subarray(piece * unit, (piece + 1) * unit)).digest());

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** Numbers that look random and are the same in every run (xorshift32). */
export function numbers(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}
