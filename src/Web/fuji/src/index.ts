export { base32 } from './base32.ts';
export { PieceCheckpoint } from './checkpoint.ts';
export { FujiError, type FujiErrorCode } from './errors.ts';
export { hash, pieceHash, type FujiHashes, type HashOptions } from './hash.ts';
export { createPieceHasher, type FinishOptions, type PieceHasher, type PieceHasherOptions } from './piece-hasher.ts';
export { fujiProtocol, pieceCount, pieceRange, tipStripes, type ByteRange, type FujiProtocol } from './protocol.ts';
export type { FujiSource, RangeSource } from './source.ts';
export { tipHash, type TipHashOptions } from './tip.ts';
