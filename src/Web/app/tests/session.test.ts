import { describe, expect, test } from 'vitest';
import { ApiProblem, ServerUnreachable, type Grant } from '../src/api.ts';
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

const grantUntil = (endsAt: number, name = 'sealed', times: Partial<Grant> = {}): Grant => ({
  beganAt: 0,
  endsAt,
  renewableUntil: null,
  ...times,
  permission: { permission: name, expiresAt: '2026-01-01T00:00:00Z', user: 'local', limits: { contentTypes: ['*/*'], maxSize: 1, maxFiles: 1, maxBytes: 1 } },
});

function open(tab: Tab) {
  const seen = { expired: 0 };
  const asked: string[] = [];
  let answer: () => Promise<Grant> = () => Promise.reject(new Error('Nobody answers'));
  const session = new Session(tab, {
    expired: () => seen.expired++,
    renew: (permission) => {
      asked.push(permission);
      return answer();
    },
  });
  return { session, seen, asked, answers: (next: () => Promise<Grant>) => (answer = next) };
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

describe('renewal', () => {
  const hour = 3_600_000;
  /** Settles what was promised. */
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

  function signedIn(times: Partial<Grant> = {}) {
    const tab = new Tab();
    const opened = open(tab);
    const start = tab.time;
    opened.session.begin(grantUntil(start + hour, 'first', { beganAt: start, renewableUntil: start + 10 * hour, ...times }));
    return { tab, start, ...opened };
  }

  test('comes when three quarters of the life are over, and the new permission takes the place', async () => {
    const { tab, start, session, seen, asked, answers } = signedIn();
    answers(async () => grantUntil(start + 2 * hour, 'second', { beganAt: tab.time, renewableUntil: start + 10 * hour }));
    let changes = 0;
    session.onChange(() => changes++);
    tab.advance(0.75 * hour - 1);
    expect(asked).toEqual([]);
    tab.advance(1);
    await settled();
    expect([asked, changes, session.permission?.permission]).toEqual([['first'], 1, 'second']);
    tab.advance(hour);
    expect([session.permission?.permission, seen.expired]).toEqual(['second', 0]);
  });

  test('is tried again while nobody answers, and the permission holds to its end', async () => {
    const { tab, session, seen, asked, answers } = signedIn();
    answers(() => Promise.reject(new ServerUnreachable('No answer')));
    for (let step = 0; step < 59; step++) {
      tab.advance(hour / 60);
      await settled();
    }
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(session.permission?.permission).toBe('first');
    tab.advance(hour / 60);
    expect([session.permission, seen.expired]).toEqual([null, 1]);
  });

  test('is not tried again after a refusal', async () => {
    const { tab, asked, answers } = signedIn();
    answers(() => Promise.reject(new ApiProblem(401, 'permission_expired', '', null)));
    for (let step = 0; step < 59; step++) {
      tab.advance(hour / 60);
      await settled();
    }
    expect(asked).toHaveLength(1);
  });

  test('does not come where there is none to be had', async () => {
    const { tab, asked, session } = signedIn({ renewableUntil: null });
    tab.advance(0.9 * hour);
    await settled();
    expect(asked).toEqual([]);
    expect(await session.renew()).toBe(false);
  });

  test('comes at once on coming back from a sleep that went past its time', async () => {
    const { tab, session, asked } = signedIn();
    tab.time += 0.8 * hour;
    session.check();
    await settled();
    expect(asked).toEqual(['first']);
  });

  test('that is answered after signing out changes nothing', async () => {
    const { tab, session, answers } = signedIn();
    let give = (_grant: Grant) => {};
    answers(() => new Promise((resolve) => (give = resolve)));
    tab.advance(0.75 * hour);
    session.end();
    give(grantUntil(tab.time + hour, 'late'));
    await settled();
    expect([session.permission, tab.kept.size]).toEqual([null, 0]);
  });
});
