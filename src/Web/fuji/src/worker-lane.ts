import { FujiError } from './errors.ts';
import { LaneBroken, type Lane, type Record } from './lane.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import type { Layout } from './piece-reading.ts';

/** Whether there may be workers here. A policy can forbid them all the same, which shows when one is started. */
export const mayHaveWorkers = (): boolean => typeof Worker === 'function';

/**
 * Hashes in a worker of its own, which reads the file itself: no bytes pass through the calling thread.
 * @throws LaneBroken where a worker cannot be started
 */
export function workerLane(blob: Blob, { size, pieceUnit }: Layout): Lane {
  let run: { record: Record; resolve(): void; reject(reason: unknown): void } | null = null;
  let broken: LaneBroken | null = null;

  const worker = start();
  // A worker whose script is forbidden or not there says so by an event, later.
  for (const type of ['error', 'messageerror']) {
    worker.addEventListener(type, (event) => {
      broken = new LaneBroken(event instanceof ErrorEvent && event.message ? event.message : 'The worker could not be started.');
      run?.reject(broken);
    });
  }
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    switch (data.kind) {
      case 'digest':
        run?.record(data.piece, data.digest);
        break;
      case 'done':
        run?.resolve();
        break;
      case 'failed':
        run?.reject(data.code === null ? new LaneBroken(data.message) : new FujiError(data.code, data.message));
        break;
    }
  });
  const post = (message: ToWorker) => worker.postMessage(message);
  post({ kind: 'open', blob, size, pieceUnit });

  return {
    async hash({ first, count }, record) {
      if (broken) throw broken;
      const done = new Promise<void>((resolve, reject) => (run = { record, resolve, reject }));
      post({ kind: 'hash', first, count });
      await done;
    },
    close() {
      worker.terminate();
    },
  };
}

function start(): Worker {
  try {
    // Spelt out like this for bundlers, which look for just this expression.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'fuji' });
  } catch (cause) {
    throw new LaneBroken('The worker could not be started.', { cause });
  }
}
