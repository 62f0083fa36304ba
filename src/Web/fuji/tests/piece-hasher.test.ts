import { describe, expect, test } from 'vitest';
import { createPieceHasher, PieceCheckpoint } from '../src/index.ts';
import { fourBytes, generate, numbers, pieceDigest, reference, sourceOf, unitsOf } from './sources.ts';

const bytes = generate(3, 401);
const answer = reference.piece(bytes, fourBytes);

describe('pieces', () => {
  test('can be asked for in any order, again, and while the rest is hashed', async () => {
    const random = numbers(77);
    for (let round = 0; round < 60; round++) {
      const protocol = unitsOf(4, 1 + random(9));
      const content = generate(round, 1 + random(200));
      const hasher = createPieceHasher(sourceOf(content), { protocol, workers: 1 + random(4) });
      const count = hasher.checkpoint.pieceCount;
      const asked = Array.from({ length: random(12) }, () => random(count));
      const digests = Promise.all(asked.map((piece) => hasher.piece(piece)));
      const both = random(2) === 0 ? [await digests, await hasher.finish()] : await Promise.all([digests, hasher.finish()]);
      expect(both).toEqual([asked.map((piece) => pieceDigest(content, piece, protocol.pieceUnit)), reference.piece(content, protocol)]);
      hasher.close();
    }
  });

  test('one that is asked for goes ahead of the rest', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 1 });
    const finished = hasher.finish();
    await hasher.piece(90);
    expect(hasher.checkpoint.finishedCount).toBeLessThan(12);
    expect(await finished).toBe(answer);
  });

  test('each is read once, however often it is asked for', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 3 });
    await Promise.all([hasher.piece(5), hasher.piece(5), hasher.finish(), hasher.finish(), hasher.piece(5)]);
    await hasher.finish();
    expect(source.reads.map(([start]) => start).sort((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, piece) => piece * 4));
  });

  test('nothing is read before something is asked for, nor what is not', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes });
    expect(source.reads).toEqual([]);
    await hasher.piece(40);
    expect(source.reads).toEqual([[160, 164]]);
    hasher.close();
  });

  test('digests from elsewhere count, and their pieces are not read', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 2 });
    const seen: number[] = [];
    for (let piece = 0; piece < 100; piece++) hasher.record(piece, pieceDigest(bytes, piece, 4));
    expect(await hasher.finish({ onProgress: (hashed) => seen.push(hashed) })).toBe(answer);
    expect(source.reads).toEqual([[400, 401]]);
    expect(seen).toEqual([401]);
  });

  test('a digest from elsewhere answers who waits, even when it is the last', async () => {
    const source = sourceOf(bytes, () => new Promise(() => {}));
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 1 });
    const waiting = Promise.all([hasher.piece(7), hasher.finish()]);
    for (let piece = 0; piece <= 100; piece++) hasher.record(piece, pieceDigest(bytes, piece, 4));
    expect(await waiting).toEqual([pieceDigest(bytes, 7, 4), answer]);
  });

  test('there is none beyond the last, and no digest of another length', async () => {
    const hasher = createPieceHasher(sourceOf(bytes), { protocol: fourBytes });
    for (const piece of [-1, 101, 0.5, Number.NaN]) await expect(hasher.piece(piece)).rejects.toThrow(RangeError);
    expect(() => hasher.record(0, new Uint8Array(31))).toThrow(RangeError);
    expect(() => hasher.record(101, new Uint8Array(32))).toThrow(RangeError);
  });
});

describe('an end', () => {
  test('an aborted rest goes on where it stopped', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 2 });
    const abort = new AbortController();
    const first = hasher.finish({ signal: abort.signal, onProgress: (hashed) => hashed >= 200 && abort.abort() });
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(hasher.checkpoint.finishedCount).toBe(50);
    expect(await hasher.finish()).toBe(answer);
    // What was under way when it stopped is read again, and no more.
    expect(source.reads.length).toBeLessThanOrEqual(101 + 4);
  });

  test('aborting one that waits leaves the others', async () => {
    const hasher = createPieceHasher(sourceOf(bytes), { protocol: fourBytes, workers: 1 });
    const abort = new AbortController();
    const piece = hasher.piece(60, { signal: abort.signal });
    const other = hasher.piece(61);
    abort.abort();
    await expect(piece).rejects.toMatchObject({ name: 'AbortError' });
    expect(await other).toEqual(pieceDigest(bytes, 61, 4));
  });

  test('closing rejects what is asked for, and the checkpoint stays good', async () => {
    const source = sourceOf(bytes);
    const hasher = createPieceHasher(source, { protocol: fourBytes, workers: 1 });
    await hasher.piece(0);
    const waiting = [hasher.finish(), hasher.piece(50)];
    hasher.close();
    for (const one of [...waiting, hasher.piece(51), hasher.finish()]) await expect(one).rejects.toMatchObject({ name: 'AbortError' });
    expect(await hasher.piece(0)).toEqual(pieceDigest(bytes, 0, 4));
    expect(await createPieceHasher(source, { checkpoint: hasher.checkpoint }).finish()).toBe(answer);
  });

  test('a changed file is final', async () => {
    let isChanged = true;
    const source = sourceOf(bytes, (start) => {
      if (isChanged && start === 200) throw new DOMException('gone', 'NotReadableError');
    });
    const hasher = createPieceHasher(source, { protocol: fourBytes });
    await expect(Promise.all([hasher.piece(50), hasher.finish()])).rejects.toMatchObject({ code: 'changed' });
    isChanged = false;
    await expect(hasher.finish()).rejects.toMatchObject({ code: 'changed' });
  });
});

describe('a checkpoint', () => {
  test('written out and read back saves the pieces it has', async () => {
    const random = numbers(5);
    for (let round = 0; round < 60; round++) {
      const protocol = unitsOf(4, 1 + random(9));
      const content = generate(round, 1 + random(300));
      const checkpoint = new PieceCheckpoint(content.length, protocol);
      for (let piece = 0; piece < checkpoint.pieceCount; piece++) {
        if (random(2) === 0) checkpoint.record(piece, pieceDigest(content, piece, protocol.pieceUnit));
      }
      const restored = await PieceCheckpoint.fromBytes(await checkpoint.toBytes(), content.length, protocol);
      expect([restored.finishedCount, restored.finishedBytes]).toEqual([checkpoint.finishedCount, checkpoint.finishedBytes]);
      const source = sourceOf(content);
      const hasher = createPieceHasher(source, { checkpoint: restored });
      expect(await hasher.finish()).toBe(reference.piece(content, protocol));
      expect(source.reads).toHaveLength(checkpoint.pieceCount - checkpoint.finishedCount);
    }
  });

  test('is written as it was at that moment', async () => {
    const checkpoint = new PieceCheckpoint(401, fourBytes);
    checkpoint.record(0, pieceDigest(bytes, 0, 4));
    const written = checkpoint.toBytes();
    checkpoint.record(1, pieceDigest(bytes, 1, 4));
    expect((await PieceCheckpoint.fromBytes(await written, 401, fourBytes)).finishedCount).toBe(1);
  });

  test('counts the bytes of the shorter last piece', () => {
    const checkpoint = new PieceCheckpoint(41, fourBytes);
    checkpoint.record(0, new Uint8Array(32));
    expect(checkpoint.finishedBytes).toBe(4);
    checkpoint.record(10, new Uint8Array(32));
    checkpoint.record(10, new Uint8Array(32));
    expect([checkpoint.finishedBytes, checkpoint.finishedCount, checkpoint.isComplete]).toEqual([5, 2, false]);
  });

  test('that is damaged, cut, or of another file is refused', async () => {
    const checkpoint = new PieceCheckpoint(41, fourBytes);
    checkpoint.record(0, pieceDigest(bytes, 0, 4));
    checkpoint.record(10, pieceDigest(bytes, 1, 4));
    const written = await checkpoint.toBytes();
    const refused = (read: Uint8Array<ArrayBuffer>, size = 41, protocol = fourBytes) =>
      expect(PieceCheckpoint.fromBytes(read, size, protocol)).rejects.toMatchObject({ name: 'FujiError', code: 'bad_checkpoint' });
    for (let bit = 0; bit < written.length * 8; bit++) {
      const damaged = written.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await refused(damaged);
    }
    for (let length = 0; length < written.length; length++) await refused(written.slice(0, length));
    await refused(written, 42);
    await refused(written, 41, unitsOf(4, 5));
  });

  test('that lacks pieces has no hash, and one of another size is no use', async () => {
    const checkpoint = new PieceCheckpoint(401, fourBytes);
    await expect(checkpoint.pieceHash()).rejects.toMatchObject({ name: 'FujiError', code: 'incomplete' });
    expect(() => createPieceHasher(sourceOf(bytes.subarray(1)), { checkpoint })).toThrow(RangeError);
    expect(() => createPieceHasher(sourceOf(bytes), { checkpoint, protocol: unitsOf(4, 5) })).toThrow(RangeError);
  });
});
