import { beforeEach, describe, expect, test } from 'vitest';
import { KeptFiles, type KeptFile } from '../../src/unfinished/kept-files.ts';
import { MemoryDatabase } from './memory-database.ts';

const MiB = 1024 * 1024;
const [mostEach, mostInAll] = [8 * MiB, 64 * MiB];

/** A file to keep. Its bytes are not looked at, so that it has none. */
const aFile = (id: string, size: number, change: Partial<KeptFile> = {}): KeptFile => ({
  id, size, user: 'ada', clientId: 'tab', tag: null, name: `${id}.bin`, folder: '', handle: null, file: new File([], `${id}.bin`), keptAt: 0, ...change,
});

const filesOf = (count: number, size: number, stem = 'full'): KeptFile[] => Array.from({ length: count }, (_, index) => aFile(`${stem}-${index}`, size));

describe('the files that a browser keeps', () => {
  let kept: KeptFiles;

  beforeEach(() => {
    kept = new KeptFiles(new MemoryDatabase().factory);
  });

  const claimed = async () => new Map((await kept.claim('ada', 'next', () => true, 0)).map((one) => [one.id, one]));
  /** Those that are kept whole. All others are known by their names alone. */
  const whole = async () => [...(await claimed()).values()].filter(({ file }) => file !== null).map(({ id }) => id);

  test.each([
    { size: 0, isWhole: true },
    { size: mostEach - 1, isWhole: true },
    { size: mostEach, isWhole: true },
    { size: mostEach + 1, isWhole: false },
  ])('one of $size bytes is kept whole: $isWhole', async ({ size, isWhole }) => {
    await kept.keep([aFile('one', size)]);
    const one = (await claimed()).get('one');
    expect([one?.size, one !== undefined && one.file !== null]).toEqual([size, isWhole]);
  });

  test.each([
    { over: -1, isWhole: true },
    { over: 0, isWhole: true },
    { over: 1, isWhole: false },
  ])('one that makes it 64 MiB in all and $over bytes more is kept whole: $isWhole', async ({ over, isWhole }) => {
    const before = filesOf(7, mostEach);
    const last = [aFile('half', mostEach / 2), aFile('last', mostEach / 2 + over)];
    expect([...before, ...last].reduce((sum, { size }) => sum + size, 0)).toBe(mostInAll + over);
    // Those that came at once, and those that were there before.
    await kept.keep([...before, last[0]!]);
    await kept.keep([last[1]!]);
    expect((await claimed()).size).toBe(9);
    expect(await whole()).toEqual([...before.map(({ id }) => id), 'half', ...(isWhole ? ['last'] : [])]);
  });

  test('where many come at once, those are kept whole for which there is room', async () => {
    await kept.keep([...filesOf(7, mostEach), aFile('half', mostEach / 2), aFile('too much', mostEach / 2 + 1), aFile('fits', mostEach / 2), aFile('nothing', 0), aFile('one byte', 1)]);
    expect((await whole()).slice(7)).toEqual(['half', 'fits', 'nothing']);
  });

  test('what is dropped makes room', async () => {
    await kept.keep(filesOf(8, mostEach));
    await kept.keep([aFile('before', 1)]);
    await kept.drop(['full-3']);
    await kept.keep([aFile('after', mostEach), aFile('too much', 1)]);
    expect((await whole()).filter((id) => !id.startsWith('full'))).toEqual(['after']);
  });

  test('what is kept again does not count twice, nor does what is known by its name alone', async () => {
    await kept.keep([...filesOf(8, mostEach), aFile('large', mostEach + 1), aFile('by handle', mostEach, { handle: {} as FileSystemFileHandle })]);
    await kept.keep(filesOf(8, mostEach));
    expect(await whole()).toEqual(filesOf(8, mostEach).map(({ id }) => id));
    await kept.drop(['full-0']);
    await kept.keep([aFile('new', mostEach)]);
    expect(await whole()).toContain('new');
  });

  test('a file with a handle is kept by it, whatever its size', async () => {
    const handle = {} as FileSystemFileHandle;
    await kept.keep([aFile('small', 1, { handle }), aFile('large', 100 * MiB, { handle })]);
    expect([...(await claimed()).values()].map(({ file, handle }) => [file, handle !== null])).toEqual([[null, true], [null, true]]);
  });

  test('one that had no room is kept whole when its upload begins and there is some by then', async () => {
    await kept.keep(filesOf(8, mostEach));
    await kept.keep([aFile('late', mostEach)]);
    await kept.begun(aFile('late', mostEach, { tag: 'T' }));
    expect(await whole()).not.toContain('late');
    await kept.drop(['full-0']);
    await kept.begun(aFile('late', mostEach, { tag: 'T' }));
    const late = (await claimed()).get('late');
    expect([late?.tag, late !== undefined && late.file !== null]).toEqual(['T', true]);
  });

  test('one that is kept whole already stays so when its upload begins', async () => {
    await kept.keep(filesOf(8, mostEach));
    await kept.begun(aFile('full-5', mostEach, { tag: 'T' }));
    expect([(await claimed()).get('full-5')?.tag, await whole()]).toEqual(['T', filesOf(8, mostEach).map(({ id }) => id)]);
  });

  test('two tabs that keep at once have the room once', async () => {
    await Promise.all(['first', 'second'].map((stem) => kept.keep(filesOf(5, mostEach, stem))));
    expect(await whole()).toHaveLength(8);
  });
});
