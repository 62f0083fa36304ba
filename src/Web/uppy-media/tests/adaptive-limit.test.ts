import { expect, test } from 'vitest';
import { AdaptiveLimit } from '../src/adaptive-limit.ts';

/** Runs a line on which so many parts at once reach so many bytes a millisecond. */
function run(limit: AdaptiveLimit, rateOf: (parts: number) => number, milliseconds: number, from = 0): number[] {
  const seen: number[] = [];
  for (let now = from; now <= from + milliseconds; now += 10) {
    limit.moved(rateOf(limit.current) * 10, now, true);
    seen.push(limit.current);
  }
  return seen;
}

test('it grows while each more makes the whole faster', () => {
  const limit = new AdaptiveLimit({ first: 2, most: 8 });
  run(limit, (parts) => parts * 100, 5_000);
  expect(limit.current).toBe(8);
});

test('it never goes above the most, not even to begin with', () => {
  expect(new AdaptiveLimit({ first: 4, most: 2 }).current).toBe(2);
});

test('it stays where one more brings nothing, and tries again only now and then', () => {
  const limit = new AdaptiveLimit({ first: 2, most: 8 });
  const seen = run(limit, (parts) => Math.min(parts, 4) * 100, 20_000);
  expect(limit.current).toBeGreaterThanOrEqual(4);
  expect(Math.max(...seen)).toBe(5);
  expect(seen.filter((parts) => parts === 4).length).toBeGreaterThan(seen.length * 0.8);
});

test('it measures nothing while fewer parts are on their way than may be', () => {
  const limit = new AdaptiveLimit({ first: 2, most: 8 });
  for (let now = 0; now < 5_000; now += 10) limit.moved(1000, now, false);
  expect(limit.current).toBe(2);
});

test('failures of one window cost one part, a stall half of them, and one is always left', () => {
  const limit = new AdaptiveLimit({ first: 6, most: 6 });
  limit.failed(0);
  limit.failed(1);
  limit.failed(2);
  expect(limit.current).toBe(5);
  limit.stalled(3);
  expect(limit.current).toBe(2);
  limit.stalled(4);
  limit.stalled(5);
  expect(limit.current).toBe(1);
});

test('it recovers after failures', () => {
  const limit = new AdaptiveLimit({ first: 6, most: 6 });
  limit.stalled(0);
  run(limit, (parts) => parts * 100, 6_000, 1);
  expect(limit.current).toBe(6);
});
