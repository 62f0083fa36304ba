import { beforeEach, describe, expect, test } from 'vitest';
import type { Upload, UploadPage } from '../../src/api.ts';
import { Dismissed } from '../../src/library/dismissed.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();

const anUpload = (tag: string, minute: number): Upload => ({
  tag, state: 'Mismatched', fileName: tag, size: 1, tipHash: null, lease: null, contentType: '', actual: null, reason: 'Others.', createdAt: at(minute), completedAt: at(minute),
});

const pageOf = (uploads: readonly Upload[], next: string | null = null): UploadPage => ({ uploads, next });

describe('what was dismissed', () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const [old, middle, young] = [anUpload('old', 1), anUpload('middle', 2), anUpload('young', 3)];
  const inStore = () => kept.get('media.dismissed') ?? '';

  beforeEach(() => kept.clear());

  test('stays so for every page of the browser, and for its user alone', () => {
    new Dismissed(() => storage).add('ada', middle);
    const next = new Dismissed(() => storage);
    const isDismissed = next.among('ada', pageOf([young, middle, old]));
    expect(['young', 'middle', 'old'].map(isDismissed)).toEqual([false, true, false]);
    expect(next.among('bob', pageOf([middle]))('middle')).toBe(false);
  });

  test('is forgotten when the server no longer lists it, and not because others are in front of it', () => {
    const dismissed = new Dismissed(() => storage);
    for (const upload of [old, middle, young]) dismissed.add('ada', upload);
    // The page ends before the oldest.
    dismissed.among('ada', pageOf([middle], 'more'));
    expect(['old', 'middle', 'young'].filter((tag) => inStore().includes(tag))).toEqual(['old', 'middle']);
    dismissed.among('ada', pageOf([old]));
    expect(['old', 'middle'].filter((tag) => inStore().includes(tag))).toEqual(['old']);
    dismissed.among('ada', pageOf([]));
    expect(inStore()).toBe('{}');
  });

  test('of another user is left alone', () => {
    const dismissed = new Dismissed(() => storage);
    dismissed.add('ada', old);
    dismissed.add('bob', young);
    dismissed.among('bob', pageOf([]));
    expect(new Dismissed(() => storage).among('ada', pageOf([old]))('old')).toBe(true);
  });

  test.each(['', 'null', '7', '[]', '{"ada":null}', '{"ada":{"old":"soon"}}', 'not JSON'])('begins anew where what is kept is %j', (text) => {
    kept.set('media.dismissed', text);
    const dismissed = new Dismissed(() => storage);
    expect(dismissed.among('ada', pageOf([old]))('old')).toBe(false);
    dismissed.add('ada', old);
    expect(new Dismissed(() => storage).among('ada', pageOf([old]))('old')).toBe(true);
  });

  test('lasts as long as the page where the browser keeps nothing', () => {
    const dismissed = new Dismissed(() => {
      throw new DOMException('closed', 'SecurityError');
    });
    dismissed.add('ada', old);
    expect(dismissed.among('ada', pageOf([old]))('old')).toBe(true);
  });
});
