import { FujiError } from './errors.ts';

/**
 * What a Fuji hash's title begins with, and how long its unit is. Files are known by {@link fujiProtocol} alone; other protocols exist so that the
 * arithmetic can be checked with small units.
 */
export interface FujiProtocol {
  /** What the tip hash's title begins with, ASCII; the size and a full stop follow. */
  readonly tipTitle: string;
  /** Length of a tip stripe in bytes. */
  readonly tipUnit: number;
  /** What the piece hash's title begins with, ASCII; the size and a full stop follow. */
  readonly pieceTitle: string;
  /** Length of a piece in bytes; the last piece of a file is what remains. */
  readonly pieceUnit: number;
}

/** The protocol of every stored file: tip stripes of 4 KiB and pieces of 4 MiB. */
export const fujiProtocol: FujiProtocol = Object.freeze({
  tipTitle: 'Fuji.Tips.SHA256.4KiB.',
  tipUnit: 4 * 1024,
  pieceTitle: 'Fuji.Pieces.SHA256.4MiB.',
  pieceUnit: 4 * 1024 * 1024,
});

/** A half-open range of a file, `[start, end)`, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * How many pieces a file of `size` bytes has.
 * @throws FujiError `empty` where the size is 0
 */
export function pieceCount(size: number, { pieceUnit }: FujiProtocol = fujiProtocol): number {
  checkSize(size);
  return Math.ceil(size / pieceUnit);
}

/** Where a piece is in a file of `size` bytes. Pieces count from 0. */
export function pieceRange(piece: number, size: number, { pieceUnit }: Pick<FujiProtocol, 'pieceUnit'> = fujiProtocol): ByteRange {
  return { start: piece * pieceUnit, end: Math.min(size, (piece + 1) * pieceUnit) };
}

/**
 * The ranges whose bytes make up the tip hash of a file of `size` bytes, in file order; none overlaps another.
 * @throws FujiError `empty` where the size is 0
 */
export function tipStripes(size: number, { tipUnit: unit }: FujiProtocol = fujiProtocol): readonly ByteRange[] {
  checkSize(size);
  if (size <= 4 * unit) return [{ start: 0, end: size }];
  const middle = Math.floor(size / (2 * unit)) * unit;
  const last = (Math.ceil(size / unit) - 1) * unit;
  return [
    { start: 0, end: unit },
    { start: middle, end: middle + unit },
    { start: last - unit, end: last },
    { start: last, end: size },
  ];
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`A size is a whole number of bytes, not ${size}.`);
  if (size === 0) throw new FujiError('empty', 'An empty file has no Fuji hash.');
}
