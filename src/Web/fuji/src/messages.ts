import type { FujiErrorCode } from './errors.ts';
import type { Layout, PieceRun } from './piece-reading.ts';

/** What a worker is told: first the file, then one run after the other. */
export type ToWorker = ({ readonly kind: 'open'; readonly blob: Blob } & Layout) | ({ readonly kind: 'hash' } & PieceRun);

/** What a worker answers to a run: its digests, and at last how it ended. */
export type FromWorker =
  | { readonly kind: 'digest'; readonly piece: number; readonly digest: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: FujiErrorCode | null; readonly message: string };
