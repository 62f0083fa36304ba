import { expect, test } from 'vitest';
import { FileHashes } from '../src/file-hashes.ts';
import { Room } from '../src/room.ts';
import { bytesOf } from './peer.ts';

const kibi = 1024;

test.each([
  [1, true],
  [256 * kibi, true],
  [256 * kibi + 1, false],
])('a file of %i bytes is kept in memory from its hashing until it is let go of: %s', async (size, isKept) => {
  const bytes = bytesOf(size);
  const hashes = new FileHashes(new Blob([bytes]), new Room(1));
  expect(hashes.bytes).toBeNull();
  const tip = await hashes.tip();
  expect(hashes.bytes && Buffer.from(hashes.bytes).equals(bytes)).toBe(isKept || null);
  hashes.release();
  expect(hashes.bytes).toBeNull();
  // What is hashed is not read again.
  expect(await hashes.tip()).toBe(tip);
  expect(hashes.bytes).toBeNull();
});
