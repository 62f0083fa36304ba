import { pieceHash } from '/fuji/index.js';

const MiB = 1024 * 1024;
const file = () => document.querySelector('#file').files[0];

/** MiB a second. */
async function rate(bytes, work) {
  const start = performance.now();
  await work();
  return bytes / MiB / ((performance.now() - start) / 1_000);
}

// At most so many bytes are in memory at a time.
const chunk = 256 * MiB;
/** The file's bytes, read beforehand where what is measured is hashing alone. */
let held = null;

window.measure = {
  /** Fuji's piece hash of the file. */
  fuji: (workers) => rate(file().size, () => pieceHash(file(), { workers })),

  /** Reads the bytes for the one call. */
  async hold() {
    held ??= await file().slice(0, chunk).arrayBuffer();
  },

  /** SubtleCrypto in one call over bytes that are in memory already. */
  async oneShot() {
    await window.measure.hold();
    return rate(held.byteLength, () => crypto.subtle.digest('SHA-256', held));
  },

  /** What a page does without this package: reads and digests in as few calls as memory allows. */
  async readAndDigest() {
    held = null;
    return rate(file().size, async () => {
      for (let at = 0; at < file().size; at += chunk) await crypto.subtle.digest('SHA-256', await file().slice(at, at + chunk).arrayBuffer());
    });
  },

  /** SubtleCrypto in so many workers, each over bytes of its own that are in memory already: what digesting alone can reach. */
  async digestOnly(workers) {
    const code = `const bytes = new Uint8Array(${4 * MiB}).fill(7);
      onmessage = async ({ data }) => { for (let i = 0; i < data; i++) await crypto.subtle.digest('SHA-256', bytes); postMessage(0); };`;
    const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    const pool = Array.from({ length: workers }, () => new Worker(address));
    const all = (pieces) => Promise.all(pool.map((worker) => new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage(pieces);
    })));
    await all(1);
    const pieces = Math.ceil(64 / workers);
    const result = await rate(pieces * workers * 4 * MiB, () => all(pieces));
    for (const worker of pool) worker.terminate();
    URL.revokeObjectURL(address);
    return result;
  },

  /** Reads the file as Chromium reads fastest, and hashes nothing. */
  readOnly: () => rate(file().size, async () => {
    const reader = file().stream().getReader({ mode: 'byob' });
    let buffer = new ArrayBuffer(4 * MiB);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) return;
      ({ buffer } = value);
    }
  }),
};
