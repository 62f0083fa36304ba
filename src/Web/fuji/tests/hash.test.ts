import { openAsBlob } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { hash, pieceHash, tipHash, tipStripes } from '../src/index.ts';
import { fourBytes, generate, numbers, reference, sourceOf, unitsOf, vectors } from './sources.ts';

describe('known answers', () => {
  test.each(vectors)('the file of seed $seed and $size bytes', async ({ seed, size, tipHash: tip, pieceHash: piece }) => {
    const bytes = generate(seed, size);
    expect(await hash(new Blob([bytes]))).toEqual({ size, tipHash: tip, pieceHash: piece });
    expect(await hash(sourceOf(bytes))).toEqual({ size, tipHash: tip, pieceHash: piece });
  });

  test.each([
    ['FFFF....MMMMppppL', 'A6RAKFDY2XTFTXIXY443GJPPQOE7IEDWXCAKQ2DCYEIRRFQK3PBQ', 'HWRHKCB5OSVGTA365HAK22CMPTURM3DJY6553YQCJE7YCW5YQFEA'],
    ['FFFF!!!!MMMMppppL', 'A6RAKFDY2XTFTXIXY443GJPPQOE7IEDWXCAKQ2DCYEIRRFQK3PBQ', 'Z3SVWY6BAOECTYAS7UXMNH7RIXL63ZD6KYHG73HKBOSZUWOAKCJQ'],
  ])('%s with a unit of four bytes', async (text, tip, piece) => {
    expect(await hash(new Blob([text]), { protocol: fourBytes })).toEqual({ size: 17, tipHash: tip, pieceHash: piece });
  });

  test('a file on disk, opened as a Blob', async () => {
    const { seed, size, ...hashes } = vectors.at(-1)!;
    const path = await temporaryFile(generate(seed, size));
    expect(await hash(await openAsBlob(path))).toEqual({ size, ...hashes });
  });
});

test('any size, unit and number of lanes gives what the definitions say', async () => {
  const random = numbers(20_260_101);
  for (let round = 0; round < 400; round++) {
    const protocol = unitsOf(1 + random(9), 1 + random(9));
    const bytes = generate(round, 1 + random(150));
    const source = random(2) === 0 ? new Blob([bytes]) : sourceOf(bytes);
    const hashes = await hash(source, { protocol, workers: 1 + random(6) });
    expect(hashes, `round ${round}: ${bytes.length} bytes, ${JSON.stringify(protocol)}`).toEqual({
      size: bytes.length,
      tipHash: reference.tip(bytes, protocol),
      pieceHash: reference.piece(bytes, protocol),
    });
  }
});

test('the stripes of the tip hash are in order, apart, and within the file', () => {
  for (let size = 1; size < 300; size++) {
    let end = 0;
    for (const stripe of tipStripes(size, unitsOf(4, 4))) {
      expect(stripe.start).toBeGreaterThanOrEqual(end);
      expect(stripe.end).toBeGreaterThan(stripe.start);
      ({ end } = stripe);
    }
    expect(end).toBe(size);
  }
});

test('the tip hash of a huge file reads its four stripes and nothing else', async () => {
  const size = 5 * 1024 ** 4;
  const reads: number[] = [];
  const source = {
    size,
    async slice(start: number, end: number) {
      reads.push(start, end);
      return new ArrayBuffer(end - start);
    },
  };
  expect(await tipHash(source)).toMatch(/^[A-Z2-7]{52}$/);
  expect(reads).toEqual([0, 4096, size / 2, size / 2 + 4096, size - 8192, size - 4096, size - 4096, size]);
});

describe('progress', () => {
  test.each([1, 2, 4])('rises with every piece and ends at the size, %i lanes', async (workers) => {
    const seen: number[] = [];
    const bytes = generate(7, 401);
    await pieceHash(sourceOf(bytes), { protocol: fourBytes, workers, onProgress: (hashed, size) => seen.push(hashed, size) });
    const hashed = seen.filter((_, index) => index % 2 === 0);
    expect(hashed).toHaveLength(101);
    expect(hashed).toEqual([...new Set(hashed)].sort((a, b) => a - b));
    expect(hashed.at(-1)).toBe(401);
    expect(new Set(seen.filter((_, index) => index % 2 === 1))).toEqual(new Set([401]));
  });

  test('what a callback throws ends the hashing', async () => {
    const mistake = new Error('a mistake of the page');
    const onProgress = () => {
      throw mistake;
    };
    await expect(pieceHash(sourceOf(generate(1, 400)), { protocol: fourBytes, onProgress })).rejects.toBe(mistake);
  });
});

describe('memory', () => {
  test.each([1, 3])('at most two pieces a lane are held, %i lanes', async (workers) => {
    let held = 0;
    let most = 0;
    const source = sourceOf(generate(1, 4_000), async () => {
      most = Math.max(most, ++held);
    });
    await pieceHash(source, { protocol: fourBytes, workers, onProgress: () => held-- });
    expect(most).toBeLessThanOrEqual(workers * 2);
  });
});

describe('refusals', () => {
  test('an empty file', async () => {
    for (const make of [hash, pieceHash, tipHash]) {
      await expect(make(new Blob([]))).rejects.toMatchObject({ name: 'FujiError', code: 'empty' });
      await expect(make(sourceOf(new Uint8Array()))).rejects.toMatchObject({ name: 'FujiError', code: 'empty' });
    }
  });

  test('a context that is not secure', async () => {
    vi.stubGlobal('crypto', { getRandomValues: () => {} });
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    for (const make of [hash, pieceHash, tipHash]) {
      await expect(make(new Blob(['hello']))).rejects.toMatchObject({ name: 'FujiError', code: 'insecure' });
    }
  });

  test('a file that grew or shrank on disk', async () => {
    for (const change of [(path: string) => appendFile(path, 'more'), (path: string) => writeFile(path, 'less')]) {
      const path = await temporaryFile(generate(1, 100_000));
      const blob = await openAsBlob(path);
      await change(path);
      await expect(tipHash(blob)).rejects.toMatchObject({ name: 'FujiError', code: 'changed' });
      await expect(pieceHash(blob)).rejects.toMatchObject({ name: 'FujiError', code: 'changed' });
    }
  });

  test('a file that becomes unreadable half-way', async () => {
    const cause = new DOMException('gone', 'NotReadableError');
    const source = sourceOf(generate(1, 400), (start) => {
      if (start >= 200) throw cause;
    });
    await expect(pieceHash(source, { protocol: fourBytes })).rejects.toMatchObject({ name: 'FujiError', code: 'changed', cause });
  });

  test.each([-1, 1])('a source that gives %i bytes too many', async (more) => {
    const source = { size: 400, slice: async (start: number, end: number) => new ArrayBuffer(end - start + (start >= 200 ? more : 0)) };
    await expect(pieceHash(source, { protocol: fourBytes })).rejects.toMatchObject({ name: 'FujiError', code: 'changed' });
  });

  test('an error of the source itself comes through', async () => {
    const mistake = new Error('no route to host');
    const source = sourceOf(generate(1, 400), () => {
      throw mistake;
    });
    await expect(pieceHash(source, { protocol: fourBytes })).rejects.toBe(mistake);
    await expect(tipHash(source, { protocol: fourBytes })).rejects.toBe(mistake);
  });

  test.each([0, -1, 1.5])('%d workers', async (workers) => {
    await expect(pieceHash(new Blob(['hello']), { workers })).rejects.toThrow(RangeError);
  });
});

describe('aborting', () => {
  test('before the start reads nothing', async () => {
    for (const make of [hash, pieceHash, tipHash]) {
      const source = sourceOf(generate(1, 400));
      await expect(make(source, { protocol: fourBytes, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
      expect(source.reads).toEqual([]);
    }
  });

  test('half-way stops reading, and tells nothing more', async () => {
    const abort = new AbortController();
    let told = 0;
    const source = sourceOf(generate(1, 4_000));
    const onProgress = (hashed: number) => {
      told = hashed;
      if (hashed >= 2_000) abort.abort();
    };
    await expect(pieceHash(source, { protocol: fourBytes, signal: abort.signal, workers: 2, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
    const reads = source.reads.length;
    // Long enough for every read there could still be.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(source.reads.length - reads).toBeLessThanOrEqual(2);
    expect(told).toBe(2_000);
  });

  test('gives the reason that the signal was given', async () => {
    const reason = new Error('the person changed their mind');
    await expect(pieceHash(new Blob(['hello']), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

async function temporaryFile(bytes: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fuji-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'content');
  await writeFile(path, bytes);
  return path;
}
