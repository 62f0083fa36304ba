// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Upload } from '../../src/api.ts';
import type { CatalogueFile } from '../../src/library/catalogue.ts';
import { showableAs } from '../../src/library/kinds.ts';
import { Links } from '../../src/library/links.ts';
import { Tiles } from '../../src/library/tiles.ts';
import { aFile } from './a-file.ts';

const picture = (id: string, change: Partial<CatalogueFile> = {}) => aFile(id, { detectedType: 'image/png', contentType: 'image/png', ...change });

const arrival = (tag: string, state: string, reason: string | null = null): Upload => ({
  tag, state, reason, fileName: `${tag}.bin`, size: 1, tipHash: null, lease: null, contentType: 'image/png', actual: null,
  createdAt: '2026-01-01T10:00:00Z', completedAt: null,
});

describe('the tiles', () => {
  const sign = vi.fn(async (id: string) => ({ url: `https://m.example/media/hash/${id}?path=`, query: 'path=', expiresAt: '' }));
  const actions = { open: vi.fn(), copyLink: vi.fn(), download: vi.fn(), remove: vi.fn(), dismiss: vi.fn() };
  let list: HTMLUListElement;
  let tiles: Tiles;

  beforeEach(() => {
    sign.mockClear();
    for (const action of Object.values(actions)) action.mockClear();
    document.body.innerHTML = '<ul></ul>';
    list = document.querySelector('ul') as HTMLUListElement;
    tiles = new Tiles(list, new Links(sign, () => 0), actions);
  });

  const show = (files: CatalogueFile[], { fresh = [] as string[], arrivals = [] as Upload[] } = {}) =>
    tiles.show({ files, arrivals, isFresh: ({ id }: CatalogueFile) => fresh.includes(id) });
  const text = (selector: string) => [...list.querySelectorAll(selector)].map((element) => element.textContent);

  test('show name, size and time, and every button says of which file', () => {
    show([aFile('b'), aFile('a', { fileName: 'holiday 東京 📷.mp4', size: 64 * 1024 * 1024 })]);
    expect(text('.name')).toEqual(['b.bin', 'holiday 東京 📷.mp4']);
    expect(text('.size')).toEqual(['2 KiB', '64 MiB']);
    expect(list.querySelector('time')?.dateTime).toBe(aFile('b').filedAt);
    expect([...list.querySelectorAll('.actions button')].map((button) => button.getAttribute('aria-label')).slice(3)).toEqual([
      'Copy a link to holiday 東京 📷.mp4',
      'Download holiday 東京 📷.mp4',
      'Delete holiday 東京 📷.mp4',
    ]);
    (list.querySelectorAll('.actions button')[5] as HTMLElement).click();
    (list.querySelectorAll('button.name')[0] as HTMLElement).click();
    expect(actions.remove).toHaveBeenCalledWith(expect.objectContaining({ id: 'a' }));
    expect(actions.open).toHaveBeenCalledWith(expect.objectContaining({ id: 'b' }));
  });

  test('a name is text, whatever is in it', () => {
    show([aFile('a', { fileName: '<img src=x onerror=alert(1)>' })]);
    expect(list.querySelector('img')).toBeNull();
    expect(text('.name')).toEqual(['<img src=x onerror=alert(1)>']);
  });

  test('what is there keeps its place, in the server’s order', () => {
    show([aFile('b'), aFile('a')]);
    const [rowB, rowA] = list.children;
    show([aFile('c'), aFile('b'), aFile('a', { thumbnails: [128] })]);
    expect(text('.name')).toEqual(['c.bin', 'b.bin', 'a.bin']);
    expect([list.children[1], list.children[2]]).toEqual([rowB, rowA]);
    show([aFile('b')]);
    expect(text('.name')).toEqual(['b.bin']);
  });

  test('what is verified while one looks on is shown by itself, a few at most', async () => {
    show([picture('a')]);
    show([...'fedcb'].map((id) => picture(id)).concat(picture('a')), { fresh: [...'fedcb'] });
    await vi.waitFor(() => expect(list.querySelectorAll('img.view')).toHaveLength(3), { timeout: 30_000 });
    expect(list.querySelector('[data-id="a"] img')).toBeNull();
    expect(list.querySelector<HTMLImageElement>('[data-id="f"] img')?.alt).toBe('f.bin');
    expect(text('.state')).toEqual(['Verified', 'Verified', 'Verified']);
  });

  test('one that shows itself goes on doing so when its thumbnails come', async () => {
    show([], {});
    show([picture('b', { duplicate: true })], { fresh: ['b'] });
    await vi.waitFor(() => expect(list.querySelectorAll('img.view')).toHaveLength(1), { timeout: 30_000 });
    const view = list.querySelector('img.view');
    show([picture('b', { duplicate: true, thumbnails: [128, 512] })], { fresh: ['b'] });
    expect(list.querySelector('img.view')).toBe(view);
    expect(text('.state')).toEqual(['Verified, stored before']);
  });

  test('what no browser shows has an icon', () => {
    const types = [null, 'image/svg+xml', 'text/html', 'application/pdf'];
    show(types.map((detectedType, index) => aFile('abcd'[index]!, { detectedType })), { fresh: [...'abcd'] });
    expect(sign).not.toHaveBeenCalled();
    expect(list.querySelectorAll('.frame > .icon')).toHaveLength(4);
  });

  test('an upload on its way is told of by its state, and becomes its file', () => {
    show([], { arrivals: [arrival('n', 'Verifying'), arrival('m', 'Mismatched', 'The bytes are others.')] });
    expect(text('.state')).toEqual(['Verifying', 'Does not match']);
    expect(text('.reason')).toEqual(['The bytes are others.']);
    const buttons = [...list.querySelectorAll('button')];
    expect(buttons.map((button) => button.textContent)).toEqual(['Dismiss m.bin']);
    buttons[0]?.click();
    expect(actions.dismiss).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ tag: 'm' }));
    show([aFile('n')], { arrivals: [arrival('m', 'Mismatched', 'The bytes are others.')] });
    expect(text('.name')).toEqual(['m.bin', 'n.bin']);
    expect(text('.state')).toEqual(['Does not match']);
  });

  test('a file that is not what it claims says so', () => {
    show([aFile('a', { typeMismatch: true })]);
    expect(text('.state')).toEqual(['Not as claimed']);
  });
});

test('a type counts without its parameters', () => {
  expect(showableAs({ contentType: 'Image/PNG; q=1', detectedType: null })).toBe('image');
  expect(showableAs({ contentType: '', detectedType: null })).toBeNull();
  expect(showableAs({ contentType: 'image/png', detectedType: 'text/html' })).toBeNull();
});
