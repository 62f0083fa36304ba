import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * Opens a TCP relay on this machine that is as far away as told: every connection has its own rate each way, bytes come half a round trip later, and the
 * first ones a whole one later still, which is the handshake's. It runs in a thread of its own.
 * @param {{port: number, roundTrip: number, rate: number}} options the port that it leads to; milliseconds; bytes a second
 * @returns {Promise<{port: number, connections(): Promise<number>, close(): Promise<void>}>}
 */
export async function openShapedLine(options) {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const [port] = await once(worker, 'message');
  return {
    port,
    async connections() {
      worker.postMessage('connections');
      return (await once(worker, 'message'))[0];
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** What may wait in one direction of a connection beside what is on its way, in bytes: a sender's buffer. */
const buffered = 512 * 1024;

/** Passes bytes on as a line of that rate and delay does. */
function shape(from, to, delay, handshake, rate) {
  const queue = [];
  let free = performance.now() + handshake;
  let held = 0;
  let timer = null;
  const most = buffered + (rate * delay) / 1_000;

  const deliver = () => {
    timer = null;
    const now = performance.now();
    while (queue.length > 0 && queue[0].at <= now) {
      const { bytes } = queue.shift();
      held -= bytes.length;
      if (to.writable) to.write(bytes);
    }
    if (held < most) from.resume();
    if (queue.length > 0) timer = setTimeout(deliver, queue[0].at - now);
    else if (from.readableEnded) to.end();
  };
  from.on('data', (bytes) => {
    free = Math.max(free, performance.now()) + (bytes.length / rate) * 1_000;
    queue.push({ bytes, at: free + delay });
    held += bytes.length;
    if (held >= most) from.pause();
    timer ??= setTimeout(deliver, queue[0].at - performance.now());
  });
  from.on('end', () => (timer ??= setTimeout(deliver, delay)));
  from.on('close', () => from.readableEnded || to.destroy());
  from.on('error', () => to.destroy());
}

function serve({ port, roundTrip, rate }) {
  let count = 0;
  const server = createServer({ noDelay: true }, (near) => {
    count++;
    const far = createConnection({ port, host: '127.0.0.1', noDelay: true });
    shape(near, far, roundTrip / 2, roundTrip, rate);
    shape(far, near, roundTrip / 2, 0, rate);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  parentPort.on('message', () => parentPort.postMessage(count));
}

if (!isMainThread) serve(workerData);
