// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Looks } from '../../src/library/looks.ts';

describe('looking again', () => {
  const look = vi.fn<() => Promise<'soon' | 'perhaps' | 'no'>>();

  beforeEach(() => {
    vi.useFakeTimers();
    look.mockReset().mockResolvedValue('no');
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('goes on while something is to come, ever more rarely', async () => {
    look.mockResolvedValue('soon');
    await new Looks(look).now();
    await vi.advanceTimersByTimeAsync(1_300);
    expect(look).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(look.mock.calls.length).toBeGreaterThan(10);
    expect(look.mock.calls.length).toBeLessThan(20);
  });

  test('loses patience with what may never come', async () => {
    look.mockResolvedValue('perhaps');
    await new Looks(look).now();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(look).toHaveBeenCalledTimes(11);
  });

  test('many news at once make one look, and going on they do not put it off', async () => {
    const looks = new Looks(look);
    for (let news = 0; news < 20; news++) {
      looks.soon();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(look.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(look.mock.calls.length).toBeLessThanOrEqual(5);
  });

  test('news during a look make another after it', async () => {
    let answer!: (word: 'no') => void;
    look.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const looks = new Looks(look);
    const first = looks.now();
    looks.soon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(look).toHaveBeenCalledOnce();
    answer('no');
    await first;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(look).toHaveBeenCalledTimes(2);
  });

  test('stops when it is told to', async () => {
    look.mockResolvedValue('soon');
    const looks = new Looks(look);
    await looks.now();
    looks.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(look).toHaveBeenCalledOnce();
  });
});
