import { expect, test } from 'vitest';
import type { StoredPart, Upload } from '../src/answers.ts';
import { PartQueue } from '../src/part-queue.ts';

const queueOf = (size: number, plan: Upload['plan'], parts: StoredPart[] = []) => new PartQueue({ plan, parts } as unknown as Upload, size);
const tenEach = (partCount: number): Upload['plan'] => ({ strategy: 'multipart', partSize: 10, partCount });

test('parts are taken in order, and the last is shorter', () => {
  const queue = queueOf(25, tenEach(3));
  expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([1, 2, 3, null]);
  expect(queue.rangeOf(3)).toEqual({ start: 20, end: 25 });
});

test('what is there is not sent; a wrong size, a wrong number and a repetition are not there', () => {
  const there = (part: number, size: number) => ({ part, size, etag: `"${part}"` });
  const queue = queueOf(45, tenEach(5), [there(1, 10), there(2, 9), there(5, 5), there(9, 10), there(1, 10)]);
  expect(queue.bytesThere).toBe(15);
  expect(queue.peek(9)).toEqual([2, 3, 4]);
});

test('what has to be sent again is missing once more, and counted once', () => {
  const queue = queueOf(30, tenEach(3));
  for (let part = queue.take(); part !== null; part = queue.take()) queue.done(part, `"${part}"`);
  expect(queue.isComplete).toBe(true);
  expect(queue.tags()).toHaveLength(3);
  queue.putBack([2, 2, 1]);
  expect(queue.bytesThere).toBe(10);
  expect(queue.peek(9)).toEqual([1, 2]);
  expect(queue.tags()).toBeNull();
});

test.each([
  ['of too few parts', 25, tenEach(2)],
  ['of too many', 25, tenEach(4)],
  ['without a part size', 25, { strategy: 'multipart', partSize: 0, partCount: 1 }],
  ['of a way that is not known', 25, { strategy: 'form', partSize: 0, partCount: 0 }],
])('a plan %s is refused', (_what, size, plan) => {
  expect(() => queueOf(size, plan)).toThrow('does not fit');
});

test('a part that the plan does not have is refused', () => {
  expect(() => queueOf(25, tenEach(3)).putBack([4])).toThrow('does not have');
});
