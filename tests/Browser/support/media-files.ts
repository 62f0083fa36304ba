import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** A picture of stripes, other ones for another seed (https://www.w3.org/TR/png-3/). */
export function png(width: number, height: number, seed: number): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width * 3; x++) rows[y * (width * 3 + 1) + 1 + x] = (x * seed + y * 3 + (seed >> 3)) & 255;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const text = Buffer.from(`Comment\0${seed}`, 'latin1');
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('tEXt', text),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const made = Buffer.alloc(8 + body.length);
  made.writeUInt32BE(data.length, 0);
  made.set(body, 4);
  made.writeUInt32BE(crc32(body), 4 + body.length);
  return made;
}

/** A tone, 8 000 samples of 16 bits a second. */
export function wav(seconds: number, hertz = 440): Buffer {
  const [rate, count] = [8_000, 8_000 * seconds];
  const made = Buffer.alloc(44 + count * 2);
  made.write('RIFF', 0);
  made.writeUInt32LE(made.length - 8, 4);
  made.write('WAVEfmt ', 8);
  made.writeUInt32LE(16, 16);
  made.writeUInt16LE(1, 20);
  made.writeUInt16LE(1, 22);
  made.writeUInt32LE(rate, 24);
  made.writeUInt32LE(rate * 2, 28);
  made.writeUInt16LE(2, 32);
  made.writeUInt16LE(16, 34);
  made.write('data', 36);
  made.writeUInt32LE(count * 2, 40);
  for (let i = 0; i < count; i++) made.writeInt16LE(Math.round(8_000 * Math.sin((i * hertz * 2 * Math.PI) / rate)), 44 + i * 2);
  return made;
}

/** A film of a test picture, in VP8, which every Chromium plays. Null where there is no ffmpeg to make it. */
export function webm(seconds: number, word: string): Buffer | null {
  const folder = mkdtempSync(join(tmpdir(), 'media-film-'));
  try {
    const path = join(folder, 'film.webm');
    const options = ['-v', 'error', '-f', 'lavfi', '-i', `testsrc=size=320x180:rate=12:duration=${seconds}`, '-c:v', 'libvpx', '-b:v', '200k', '-metadata', `title=${word}`];
    execFileSync('ffmpeg', [...options, path], { stdio: 'ignore' });
    return readFileSync(path);
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
