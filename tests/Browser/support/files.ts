import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;

/** A file on disk, for the browser to upload. */
export interface TestFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

const folder = mkdtempSync(join(tmpdir(), 'media-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of random bytes, so that no two parts are alike. The name gets a unique word, so that a test finds its own. */
export async function randomFile(size: number, stem = 'random', extension = 'bin'): Promise<TestFile> {
  return namedFile(size, `${stem}-${randomBytes(4).toString('hex')}.${extension}`);
}

/** A file of random bytes with just this name. */
export async function namedFile(size: number, name: string): Promise<TestFile> {
  const path = join(folder, name);
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { name, path, size, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A file that takes little room on disk: random at some places, nothing elsewhere. */
export async function sparseFile(size: number, stem: string): Promise<TestFile> {
  const name = `${stem}-${randomBytes(4).toString('hex')}.bin`;
  const path = join(folder, name);
  const file = await open(path, 'w');
  await file.truncate(size);
  for (let at = 0; at < size; at += Math.ceil(size / 23)) await file.write(randomBytes(Math.min(64 * 1024, size - at)), null, null, at);
  await file.close();
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: MiB })) hash.update(chunk as Buffer);
  return { name, path, size, sha256: hash.digest('hex') };
}
