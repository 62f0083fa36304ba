// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Upload } from '../../src/api.ts';
import { createDelivery, kindOf, type Delivery } from '../../src/library/delivery.ts';
import { showUploads } from '../../src/uploads-list.ts';

const upload = (tag: string, detectedType: string | null, fileId: string | null = tag): Upload => ({
  tag,
  state: fileId === null ? 'Verifying' : 'Verified',
  fileName: `${tag}.bin`,
  size: 1,
  key: `upload/${tag}`,
  tipHash: null,
  lease: null,
  pieceHash: null,
  contentType: 'application/octet-stream',
  actual: fileId === null ? null : { detectedType },
  fileId,
  reason: null,
  createdAt: '2026-01-01T10:00:00Z',
  completedAt: '2026-01-01T10:05:00Z',
});

describe('delivery', () => {
  const link = vi.fn(async (fileId: string) => ({ url: `https://m.example/media/hash/${fileId}`, expiresAt: '' }));
  const failed = vi.fn();
  let list: HTMLUListElement;
  let delivery: Delivery;

  beforeEach(() => {
    link.mockClear();
    failed.mockClear();
    document.body.innerHTML = '<ul></ul>';
    list = document.querySelector('ul') as HTMLUListElement;
    delivery = createDelivery({ link, failed });
  });

  const look = (...uploads: Upload[]) => {
    delivery.notice(uploads);
    showUploads(list, uploads, { deliver: delivery.controls });
  };
  const words = () => [...list.querySelectorAll('button')].map((button) => button.textContent);
  const press = (word: string) => [...list.querySelectorAll('button')].find((button) => button.textContent?.startsWith(word))?.click();

  test('what was there before is shown when asked for, and put away again', async () => {
    look(upload('a', 'image/png'));
    expect(words()).toEqual(['Show a.bin', 'Download a.bin']);
    expect(link).not.toHaveBeenCalled();
    press('Show');
    await vi.waitFor(() => expect(list.querySelector('img')?.src).toBe('https://m.example/media/hash/a'));
    expect(list.querySelector('img')?.alt).toBe('a.bin');
    expect(words()[0]).toBe('Hide a.bin');
    press('Hide');
    expect(list.querySelector('img')).toBeNull();
  });

  test('what is verified while one looks on is shown by itself, a few at most', async () => {
    look(upload('old', 'image/png'), upload('new', null, null));
    look(upload('old', 'image/png'), ...'abcde'.split('').map((tag) => upload(tag, 'image/png')), upload('new', 'image/png'));
    await vi.waitFor(() => expect(list.querySelectorAll('img')).toHaveLength(3));
    expect(list.querySelector('[data-tag="old"] img')).toBeNull();
  });

  test('what no browser shows is offered for download only', () => {
    look(upload('a', null), upload('b', 'image/svg+xml'), upload('c', 'text/html'), upload('d', 'application/pdf'));
    expect(words()).toEqual(['Download a.bin', 'Download b.bin', 'Download c.bin', 'Download d.bin']);
  });

  test('what is not verified cannot be had', () => {
    look(upload('a', null, null));
    expect(words()).toEqual([]);
  });

  test('a link that cannot be had is told', async () => {
    link.mockRejectedValueOnce(new Error('no'));
    look(upload('a', 'image/png'));
    press('Show');
    await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce());
    expect(list.querySelector('img')).toBeNull();
  });

  test('a type counts without its parameters', () => {
    expect(kindOf('Image/PNG; q=1')).toBe('image');
    expect(kindOf('')).toBeNull();
  });
});
