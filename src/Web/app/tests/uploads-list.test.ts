// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest';
import type { Upload } from '../src/api.ts';
import { nothingLoaded, showUploads, withNewest, withOlder } from '../src/uploads-list.ts';

const upload = (tag: string, change: Partial<Upload> = {}): Upload => ({
  tag,
  state: 'Stored',
  fileName: `${tag}.bin`,
  size: 64 * 1024 * 1024,
  key: `upload/${tag}`,
  pieceHash: null,
  tipHash: null,
  lease: null,
  contentType: 'video/mp4',
  actual: null,
  fileId: null,
  reason: null,
  createdAt: '2026-01-01T10:00:00Z',
  completedAt: '2026-01-01T10:05:00Z',
  ...change,
});

const page = (tags: string, next: string | null = null) => ({ uploads: [...tags].map((tag) => upload(tag)), next });
const tags = (loaded: { uploads: readonly Upload[] }) => loaded.uploads.map(({ tag }) => tag).join('');

describe('what is loaded', () => {
  test('a refresh puts new ones first and keeps older pages with their cursor', () => {
    const before = withOlder(page('fedc', 'c1'), page('ba', 'a1'));
    const after = withNewest(before, page('gfed', 'd1'));
    expect([tags(after), after.next]).toEqual(['gfedcba', 'a1']);
  });

  test('a refresh takes away what is gone from the first page', () => {
    const after = withNewest(page('edcba', 'a1'), page('ecb', 'b1'));
    expect([tags(after), after.next]).toEqual(['ecba', 'a1']);
  });

  test('a refresh that no longer joins on begins anew, so that nothing between is left out', () => {
    const after = withNewest(page('cba', 'a1'), page('zyx', 'x1'));
    expect([tags(after), after.next]).toEqual(['zyx', 'x1']);
  });

  test('a first page that is also the last is all there is', () => {
    const after = withNewest(page('cba'), page('cb'));
    expect([tags(after), after.next]).toEqual(['cb', null]);
  });

  test('the cursor is the page’s own where nothing older was loaded', () => {
    expect(withNewest(page('cba', 'old'), page('dcba', 'new')).next).toBe('new');
    expect(withNewest(nothingLoaded, page('ba', 'a1')).next).toBe('a1');
  });

  test('an older page shows nothing twice', () => {
    const after = withOlder(page('dcb', 'b1'), page('ba'));
    expect([tags(after), after.next]).toEqual(['dcba', null]);
  });
});

describe('the list', () => {
  let list: HTMLUListElement;

  beforeEach(() => {
    document.body.innerHTML = '<ul></ul>';
    list = document.querySelector('ul') as HTMLUListElement;
  });

  const text = (selector: string) => [...list.querySelectorAll(selector)].map((element) => element.textContent);

  test('shows name, size, time, state and key', () => {
    showUploads(list, [upload('a', { fileName: 'holiday 東京 📷.mp4', state: 'Mismatched' })]);
    expect(text('.name')).toEqual(['holiday 東京 📷.mp4']);
    expect(text('.size')).toEqual(['64 MiB']);
    expect(text('.key')).toEqual(['upload/a']);
    expect(text('.state')).toEqual(['Does not match']);
    expect(list.querySelector('time')?.dateTime).toBe('2026-01-01T10:05:00Z');
  });

  test('an upload that is not complete has the time of its creation', () => {
    showUploads(list, [upload('a', { completedAt: null })]);
    expect(list.querySelector('time')?.dateTime).toBe('2026-01-01T10:00:00Z');
  });

  test('a name is text, whatever is in it', () => {
    showUploads(list, [upload('a', { fileName: '<img src=x onerror=alert(1)>' })]);
    expect(list.querySelector('img')).toBeNull();
    expect(text('.name')).toEqual(['<img src=x onerror=alert(1)>']);
  });

  test('a state of a later server is shown by its own name', () => {
    showUploads(list, [upload('a', { state: 'Archived' })]);
    expect(text('.state')).toEqual(['Archived']);
  });

  test('a refresh keeps rows that did not change, in the server’s order', () => {
    showUploads(list, [upload('b'), upload('a', { state: 'Stored' })]);
    const [rowB] = list.children;
    showUploads(list, [upload('c'), upload('b'), upload('a', { state: 'Verified' })]);
    expect(text('.name')).toEqual(['c.bin', 'b.bin', 'a.bin']);
    expect(list.children[1]).toBe(rowB);
    expect(text('.state')).toEqual(['Waiting to be verified', 'Waiting to be verified', 'Verified']);
    showUploads(list, [upload('b')]);
    expect(text('.name')).toEqual(['b.bin']);
  });
});
