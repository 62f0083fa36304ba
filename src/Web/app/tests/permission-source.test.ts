import { describe, expect, test } from 'vitest';
import type { Grant } from '../src/api.ts';
import { PermissionSource } from '../src/permission-source.ts';
import { Session } from '../src/session.ts';

const kept = new Map<string, string>();
const around = {
  storage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  },
  now: () => 0,
  setTimeout: () => 0,
  clearTimeout: () => {},
};

const grant = (permission: string, user = 'ada'): Grant => ({
  beganAt: 0,
  endsAt: 1_000,
  renewableUntil: null,
  permission: { permission, expiresAt: '', user, limits: { contentTypes: ['*/*'], maxSize: 1, maxFiles: 1, maxBytes: 1 } },
});

function begin() {
  const session = new Session(around, { expired: () => {}, renew: () => Promise.reject(new Error('Nobody answers')) });
  const refused: string[] = [];
  const source = new PermissionSource(session, 'ada', async (permission) => {
    refused.push(permission);
    session.end();
  });
  session.begin(grant('first'));
  return { session, source, refused };
}

/** Whether a promise is still open after everything that was due has happened. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  return (await Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve(open), 0))])) === open;
}

describe('the permission of an uploader', () => {
  test('is the one that is held', async () => expect(await begin().source.give()).toBe('first'));

  test('after a refusal, is the one of the next signing in; until then it is waited for', async () => {
    const { session, source, refused } = begin();
    const next = source.give('first');
    expect(await isOpen(next)).toBe(true);
    expect(refused).toEqual(['first']);
    session.begin(grant('second'));
    expect(await next).toBe('second');
    expect(await source.give('first')).toBe('second');
    expect(refused).toEqual(['first']);
  });

  test('is never another user’s', async () => {
    const { session, source } = begin();
    session.end();
    const next = source.give();
    session.begin(grant('of-bob', 'bob'));
    expect(await isOpen(next)).toBe(true);
  });

  test('is the last one when the user leaves, so that the uploads can be aborted', async () => {
    const { session, source } = begin();
    source.end();
    session.end();
    expect(await source.give()).toBe('first');
  });
});
