import { expect, test } from 'vitest';
import { AdaptiveLimit } from '../src/adaptive-limit.ts';
import { systemClock } from '../src/clock.ts';
import { Lanes, type Lane } from '../src/lanes.ts';

const never = new AbortController().signal;
const lanesOf = (most: number) => new Lanes(new AdaptiveLimit({ first: most, most }), systemClock);

test('no more parts are on their way than may be, over all files', async () => {
  const lanes = lanesOf(2);
  const [first] = [await lanes.acquire(1, never), await lanes.acquire(1, never)];
  let third: Lane | null = null;
  void lanes.acquire(1, never).then((lane) => (third = lane));
  await Promise.resolve();
  expect(third).toBeNull();
  first.release();
  first.release();
  await Promise.resolve();
  expect(third).not.toBeNull();
  expect(lanes.taken).toBe(2);
});

test('a file of one part goes ahead of those of many, and earlier ones of later ones', async () => {
  const lanes = lanesOf(1);
  const running = await lanes.acquire(1, never);
  const served: string[] = [];
  const wait = (name: string, rank: number) =>
    lanes.acquire(rank, never).then((lane) => {
      served.push(name);
      lane.release();
    });
  const all = [wait('film 1', 1), wait('film 2', 1), wait('photo', 0)];
  running.release();
  await Promise.all(all);
  expect(served).toEqual(['photo', 'film 1', 'film 2']);
});

test('who gives up waiting takes no lane', async () => {
  const lanes = lanesOf(1);
  const running = await lanes.acquire(1, never);
  const end = new AbortController();
  const waiting = lanes.acquire(0, end.signal);
  end.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  running.release();
  expect(lanes.taken).toBe(0);
});
