import { FujiError } from './errors.ts';
import { hashPieces } from './lane.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { byStream, bySlices, type PieceRun, type ReadPieces } from './piece-reading.ts';

/** The part of a dedicated worker's global scope that is used here; the types of pages and of workers exclude each other. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
}

const page = globalThis as unknown as WorkerScope;
let read: ReadPieces | null = null;

page.addEventListener('message', ({ data }) => {
  if (data.kind === 'open') read = byStream(data.blob, data) ?? bySlices(data.blob, data);
  else void answer(data);
});

async function answer(run: PieceRun): Promise<void> {
  try {
    if (read === null) throw new Error('There is no file to hash yet.');
    await hashPieces(read(run), (piece, digest) => page.postMessage({ kind: 'digest', piece, digest }));
    page.postMessage({ kind: 'done' });
  } catch (error) {
    page.postMessage({ kind: 'failed', code: error instanceof FujiError ? error.code : null, message: String(error instanceof Error ? error.message : error) });
  }
}
