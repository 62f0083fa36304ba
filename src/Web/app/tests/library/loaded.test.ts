import { describe, expect, test } from 'vitest';
import { nothingLoaded, withNewest, without, withOlder, type Loaded } from '../../src/library/loaded.ts';
import { aFile, aPage } from './a-file.ts';

const ids = ({ files }: Loaded) => files.map(({ id }) => id).join('');

describe('what is loaded of the library', () => {
  test('new files come first, and older pages stay with their cursor', () => {
    const before = withOlder(aPage('fedc', 'c'), aPage('ba', 'a'));
    const after = withNewest(before, aPage('hgfe', 'e'));
    expect([ids(after), after.next]).toEqual(['hgfedcba', 'a']);
  });

  test('a file that was deleted is gone, also where the last of the page was', () => {
    const before = withOlder(aPage('fedc', 'c'), aPage('ba', 'a'));
    expect(ids(withNewest(before, aPage('fdcb', 'b')))).toBe('fdcba');
    expect(ids(withNewest(before, aPage('feda', 'a')))).toBe('feda');
  });

  test('a page of nothing but new files begins the list anew, so that none between is left out', () => {
    const after = withNewest(aPage('cba', 'a'), aPage('zyx', 'x'));
    expect([ids(after), after.next]).toEqual(['zyx', 'x']);
  });

  test('a first page that is also the last is all there is', () => {
    expect(withNewest(aPage('cba', 'a'), aPage('cb'))).toEqual(aPage('cb'));
    expect(withNewest(nothingLoaded, aPage('ba', 'a'))).toEqual(aPage('ba', 'a'));
    expect(withNewest(aPage('ba', 'a'), aPage(''))).toEqual(aPage(''));
  });

  test('files of one millisecond are kept, whatever their order', () => {
    const at = { filedAt: '2026-01-01T00:00:00.000Z' };
    const same = ['p', 'a', 'z'].map((id) => aFile(id, at));
    const before = { files: same, next: null };
    const after = withNewest(before, { files: [aFile('q'), same[0]!], next: 'p' });
    expect(ids(after)).toBe('qpaz');
  });

  test('times are compared as times, however many digits they have', () => {
    const before = { files: [aFile('c', { filedAt: '2026-01-01T00:00:38.919Z' }), aFile('b', { filedAt: '2026-01-01T00:00:38.9Z' })], next: null };
    const after = withNewest(before, { files: [aFile('d', { filedAt: '2026-01-01T00:00:39Z' }), before.files[0]!], next: 'c' });
    expect(ids(after)).toBe('dcb');
  });

  test('an older page shows nothing twice', () => {
    const after = withOlder(aPage('dcb', 'b'), aPage('ba'));
    expect([ids(after), after.next]).toEqual(['dcba', null]);
  });

  test('a file can be taken out', () => {
    expect(ids(without(aPage('cba', 'a'), 'b'))).toBe('ca');
  });
});
