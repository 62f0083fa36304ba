import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Links } from '../../src/library/links.ts';
import { aFile } from './a-file.ts';

const minutes = 60_000;
const hours = 60 * minutes;

describe('links', () => {
  let now = 0;
  const sign = vi.fn(async (id: string, _seconds: number, width?: number) => ({
    url: width === undefined ? `https://m.example/media/hash/${id}/a.png?path=%2F&hash=1%2F2` : `https://m.example/media/thumb/${id}/${width}.webp?path=%2F&hash=1%2F2`,
    query: 'path=%2F&hash=1%2F2',
    expiresAt: '',
  }));
  let links: Links;

  beforeEach(() => {
    sign.mockClear();
    now = 0;
    links = new Links(sign, () => now);
  });

  test('a link is signed once, and anew when half of its life is over', async () => {
    await Promise.all([links.file(aFile('a')), links.file(aFile('a'))]);
    now = 1.9 * hours;
    await links.file(aFile('a'));
    expect(sign).toHaveBeenCalledOnce();
    now = 2.1 * hours;
    await links.file(aFile('a'));
    expect(sign).toHaveBeenCalledTimes(2);
  });

  test('one to thumbnails is good until shortly before its end', async () => {
    const picture = aFile('a', { thumbnails: [128] });
    await links.thumbnails(picture);
    now = 3 * hours + 54 * minutes;
    await links.thumbnails(picture);
    expect(sign).toHaveBeenCalledOnce();
    now = 3 * hours + 56 * minutes;
    await links.thumbnails(picture);
    expect(sign).toHaveBeenCalledTimes(2);
  });

  test('one signature is good for all widths, and for all files of the same content', async () => {
    const thumbnails = [128, 512];
    const byWidth = await links.thumbnails(aFile('a', { pieceHash: 'P', thumbnails }));
    await links.thumbnails(aFile('b', { pieceHash: 'P', thumbnails }));
    expect(sign).toHaveBeenCalledOnce();
    expect([...byWidth]).toEqual([
      [128, 'https://m.example/media/thumb/a/128.webp?path=%2F&hash=1%2F2'],
      [512, 'https://m.example/media/thumb/a/512.webp?path=%2F&hash=1%2F2'],
    ]);
  });

  test('one that could not be signed, or was refused, is asked for again', async () => {
    sign.mockRejectedValueOnce(new Error('no'));
    await expect(links.file(aFile('a'))).rejects.toThrow('no');
    await links.file(aFile('a'));
    links.forget(aFile('a'));
    await links.file(aFile('a'));
    expect(sign).toHaveBeenCalledTimes(3);
  });
});
