import { describe, expect, test } from 'vitest';
import { Retries, verdictOf } from '../src/retries.ts';

describe('Retries', () => {
  test('gives up after a few tries while the server answers', () => {
    const retries = new Retries();
    const waits = Array.from({ length: 5 }, () => retries.next('a', 'answering'));
    expect(waits.filter((wait) => wait !== null)).toHaveLength(3);
    expect(waits.slice(3)).toEqual([null, null]);
  });

  test('waits longer and longer for a server that is away, for some minutes but not for ever', () => {
    const retries = new Retries();
    let total = 0;
    let previous = 0;
    let wait = retries.next('a', 'unreachable');
    while (wait !== null) {
      expect(wait).toBeGreaterThanOrEqual(previous);
      previous = wait;
      total += wait;
      wait = retries.next('a', 'unreachable');
    }
    expect(previous).toBe(30_000);
    expect(total).toBeGreaterThan(10 * 60_000);
    expect(total).toBeLessThan(60 * 60_000);
  });

  test('begins afresh after progress', () => {
    const retries = new Retries();
    for (let i = 0; i < 3; i++) retries.next('a', 'answering');
    retries.progressed('a');
    expect(retries.next('a', 'answering')).toBe(1_000);
  });

  test('counts each file for itself', () => {
    const retries = new Retries();
    for (let i = 0; i < 4; i++) retries.next('a', 'answering');
    expect(retries.next('b', 'answering')).toBe(1_000);
  });

  test.each(['refused', 'gone', 'permission'] as const)('does not try again by itself when %s', (verdict) => {
    expect(new Retries().next('a', verdict)).toBeNull();
  });
});

test.each([
  ['Companion request failed: Not Found', 'gone'],
  ['Companion request failed: Conflict', 'gone'],
  ['Companion request failed: Forbidden', 'refused'],
  ['Companion request failed: Payload Too Large', 'refused'],
  ['Companion request failed: Unauthorized', null],
  ['Companion request failed: Service Unavailable', null],
  ['Companion request failed: ', null],
  ['Failed to fetch', null],
])('%s: %s', (message, verdict) => expect(verdictOf(message)).toBe(verdict));
