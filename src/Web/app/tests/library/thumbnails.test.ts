// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Link } from '../../src/library/catalogue.ts';
import { Links } from '../../src/library/links.ts';
import { Thumbnails } from '../../src/library/thumbnails.ts';
import { aFile } from './a-file.ts';

/** A window of which the test says what is near it. */
class Sight {
  static tell: (entries: { readonly target: Element; readonly isIntersecting: boolean }[]) => void;
  readonly observed = new Set<Element>();

  constructor(tell: (entries: IntersectionObserverEntry[]) => void) {
    Sight.tell = (entries) => tell(entries.filter(({ target }) => this.observed.has(target)) as IntersectionObserverEntry[]);
  }

  observe = (target: Element) => void this.observed.add(target);
  unobserve = (target: Element) => void this.observed.delete(target);
}

describe('thumbnails', () => {
  const answers = new Map<string, (link: Link) => void>();
  const asked: string[] = [];
  let thumbnails: Thumbnails;
  let frames: Map<string, HTMLElement>;

  beforeEach(() => {
    vi.stubGlobal('IntersectionObserver', Sight);
    answers.clear();
    asked.length = 0;
    const sign = (id: string) => {
      asked.push(id);
      return new Promise<Link>((resolve) => answers.set(id, resolve));
    };
    thumbnails = new Thumbnails(new Links(sign, () => 0));
    frames = new Map([...'abcdefgh'].map((id) => [id, document.createElement('div')]));
    for (const [id, frame] of frames) {
      document.body.append(frame);
      thumbnails.show(frame, aFile(id, { thumbnails: [128, 512] }));
    }
  });

  const near = (ids: string, isIntersecting = true) => Sight.tell([...ids].map((id) => ({ target: frames.get(id)!, isIntersecting })));
  const answer = async (id: string) => {
    answers.get(id)?.({ url: `https://m.example/media/thumb/${id}/512.webp?s`, query: 's', expiresAt: '' });
    await vi.waitFor(() => expect(frames.get(id)?.querySelector('img')).not.toBeNull(), { timeout: 30_000 });
  };

  test('are asked for when they are about to be seen, three at once', async () => {
    near('abcde');
    expect(asked.join('')).toBe('abc');
    await answer('b');
    expect(asked.join('')).toBe('abcd');
    expect(frames.get('b')?.querySelector('img')?.srcset).toBe('https://m.example/media/thumb/b/128.webp?s 128w, https://m.example/media/thumb/b/512.webp?s 512w');
    await answer('a');
    await answer('c');
    await answer('d');
    await answer('e');
    expect(asked.join('')).toBe('abcde');
  });

  test('are not asked for where they were scrolled past before their turn, until they come near again', async () => {
    near('abcdef');
    near('abcde', false);
    near('gh');
    await answer('a');
    await answer('b');
    await answer('c');
    expect(asked.join('')).toBe('abcfgh');
    near('d');
    await answer('f');
    await answer('g');
    await answer('h');
    expect(asked.join('')).toBe('abcfghd');
  });

  test('are not asked for where the file is gone from the list', async () => {
    near('abcde');
    thumbnails.drop(frames.get('d')!);
    await answer('a');
    expect(asked.join('')).toBe('abce');
  });

  test('are asked for once each, however often they come near', async () => {
    near('a');
    near('a', false);
    near('a');
    await answer('a');
    near('a');
    expect(asked.join('')).toBe('a');
  });
});
