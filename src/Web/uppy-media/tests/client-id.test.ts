import { expect, test } from 'vitest';
import { claimClientId, type TabLocks } from '../src/client-id.ts';

/** What the tabs of one browser share. */
function locks(): TabLocks {
  const held = new Set<string>();
  return {
    request: async (name: string, _options: unknown, granted: (lock: unknown) => unknown) => {
      const isFree = !held.has(name);
      held.add(name);
      await granted(isFree ? { name } : null);
    },
  } as unknown as TabLocks;
}

function storage(entries: Record<string, string> = {}) {
  const kept = new Map(Object.entries(entries));
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), copy: () => storage(Object.fromEntries(kept)) };
}

let next = 0;
const random = () => `fresh-${++next}`;

test('a reload keeps the name', async () => {
  const tab = storage();
  const first = await claimClientId(tab, locks(), random);
  // The lock went with the page that held it.
  expect(await claimClientId(tab, locks(), random)).toBe(first);
});

test('a duplicated tab gets a name of its own', async () => {
  const shared = locks();
  const tab = storage();
  const first = await claimClientId(tab, shared, random);
  const copy = tab.copy();
  const second = await claimClientId(copy, shared, random);
  expect(second).not.toBe(first);
  expect(copy.getItem('media:client')).toBe(second);
});

test('what the server would refuse as a name is not used', async () => {
  expect(await claimClientId(storage({ 'media:client': 'not a name' }), null, random)).toMatch(/^fresh-/);
});

test('forbidden storage is no reason to fail', async () => {
  const forbidden = () => {
    throw new DOMException('no', 'SecurityError');
  };
  expect(await claimClientId({ getItem: forbidden, setItem: forbidden }, null, random)).toMatch(/^fresh-/);
});
