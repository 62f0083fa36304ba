import { describe, expect, test } from 'vitest';
import type { Grant } from '../src/api.ts';
import { Session, type Surroundings } from '../src/session.ts';

/** A tab: its storage outlives a page, its clock moves when told. */
class Tab implements Surroundings {
  readonly kept = new Map<string, string>();
  time = 1_000_000;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #lastTimer = 0;

  readonly storage = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
    removeItem: (key: string) => void this.kept.delete(key),
  };

  now = () => this.time;

  setTimeout = (callback: () => void, milliseconds: number) => {
    // Browsers take a longer one for zero.
    const delay = milliseconds > 2 ** 31 - 1 ? 0 : milliseconds;
    this.#timers.set(++this.#lastTimer, { at: this.time + delay, callback });
    return this.#lastTimer;
  };

  clearTimeout = (id: number) => void this.#timers.delete(id);

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].callback();
    }
    this.time = end;
  }
}

const grantUntil = (endsAt: number, name = 'sealed'): Grant => ({
  endsAt,
  permission: { permission: name, expiresAt: '2026-01-01T00:00:00Z', user: 'local', limits: { contentTypes: ['*/*'], maxSize: 1, maxFiles: 1, maxBytes: 1 } },
});

function open(tab: Tab) {
  const seen = { expired: 0 };
  const session = new Session(tab, () => seen.expired++);
  return { session, seen };
}

describe('Session', () => {
  test('is empty at first', () => {
    const { session } = open(new Tab());
    expect(session.restore()).toBe('none');
    expect(session.permission).toBeNull();
  });

  test('is taken up again by the next page of the tab', () => {
    const tab = new Tab();
    open(tab).session.begin(grantUntil(tab.time + 1000));
    const { session } = open(tab);
    expect(session.restore()).toBe('signed-in');
    expect(session.permission?.permission).toBe('sealed');
  });

  test('is not taken up when it ran out in between, and is no longer kept', () => {
    const tab = new Tab();
    open(tab).session.begin(grantUntil(tab.time + 1000));
    const next = new Tab();
    for (const [key, value] of tab.kept) next.kept.set(key, value);
    next.time = tab.time + 1000;
    const { session, seen } = open(next);
    expect(session.restore()).toBe('expired');
    expect(session.permission).toBeNull();
    expect(next.kept.size).toBe(0);
    expect(seen.expired).toBe(0);
  });

  test('runs out at its instant, says so once, and is no longer kept', () => {
    const tab = new Tab();
    const { session, seen } = open(tab);
    session.begin(grantUntil(tab.time + 1000));
    tab.advance(999);
    expect(session.permission).not.toBeNull();
    expect(seen.expired).toBe(0);
    tab.advance(1);
    expect(session.permission).toBeNull();
    expect(seen.expired).toBe(1);
    expect(tab.kept.size).toBe(0);
    tab.advance(10_000);
    expect(seen.expired).toBe(1);
  });

  test('holds for months, longer than one timer can wait', () => {
    const tab = new Tab();
    const { session, seen } = open(tab);
    const months = 100 * 24 * 3600 * 1000;
    session.begin(grantUntil(tab.time + months));
    tab.advance(months - 1);
    expect([session.permission !== null, seen.expired]).toEqual([true, 0]);
    tab.advance(1);
    expect([session.permission, seen.expired]).toEqual([null, 1]);
  });

  test('a permission is over at its end even where the timer is late, as after a machine’s sleep', () => {
    const tab = new Tab();
    const { session } = open(tab);
    session.begin(grantUntil(tab.time + 1000));
    tab.time += 5000;
    expect(session.permission).toBeNull();
  });

  test('signing out forgets it without calling it expired', () => {
    const tab = new Tab();
    const { session, seen } = open(tab);
    session.begin(grantUntil(tab.time + 1000));
    session.end();
    expect(session.permission).toBeNull();
    expect(tab.kept.size).toBe(0);
    tab.advance(2000);
    expect(seen.expired).toBe(0);
  });

  test('a renewed permission is measured by its own end', () => {
    const tab = new Tab();
    const { session, seen } = open(tab);
    session.begin(grantUntil(tab.time + 1000, 'first'));
    session.begin(grantUntil(tab.time + 5000, 'second'));
    tab.advance(4999);
    expect(session.permission?.permission).toBe('second');
    expect(seen.expired).toBe(0);
  });

  test.each(['', '{', 'null', '7', '{"endsAt":9e15}', '{"endsAt":"x","permission":{}}'])('what is kept may be damaged: %s', (text) => {
    const tab = new Tab();
    open(tab).session.begin(grantUntil(tab.time + 1000));
    for (const key of tab.kept.keys()) tab.kept.set(key, text);
    const { session } = open(tab);
    expect(session.restore()).toBe('none');
    expect(tab.kept.size).toBe(0);
  });

  test('a browser that refuses to keep anything still has a session', () => {
    const tab = new Tab();
    const refuse = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.assign(tab.storage, { getItem: refuse, setItem: refuse, removeItem: refuse });
    const { session } = open(tab);
    expect(session.restore()).toBe('none');
    session.begin(grantUntil(tab.time + 1000));
    expect(session.permission).not.toBeNull();
  });
});
