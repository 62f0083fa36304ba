/** Where a tab keeps its name from one load of the page to the next. */
export type TabStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** What tells a tab from its duplicate. */
export type TabLocks = Pick<LockManager, 'request'>;

const storageKey = 'media:client';

/** The Web Lock that a tab holds for as long as it lives: whoever sees it held knows that the client is there. */
export const tabLockName = (clientId: string): string => `media-client:${clientId}`;

/**
 * The client id of this tab: the same after a reload, so that its own leases do not stand in its way, and another in every other tab. A
 * duplicated tab comes with a copy of the first one's storage; the lock that the first one holds while it lives tells it so.
 */
export async function claimClientId(storage: TabStorage | null, locks: TabLocks | null, random: () => string): Promise<string> {
  const kept = read(storage);
  if (kept && (await claim(kept, locks))) return kept;
  const fresh = random();
  await claim(fresh, locks);
  try {
    storage?.setItem(storageKey, fresh);
  } catch {
    // Storage is full or forbidden: after a reload the old leases have to lapse, that is all.
  }
  return fresh;
}

/** The same with what the browser has. */
export const tabClientId = (): Promise<string> =>
  claimClientId(browserStorage(), globalThis.navigator?.locks ?? null, () => `web-${crypto.randomUUID()}`);

function read(storage: TabStorage | null): string | null {
  try {
    const kept = storage?.getItem(storageKey) ?? null;
    return kept && /^[!-~]{1,128}$/.test(kept) ? kept : null;
  } catch {
    return null;
  }
}

function browserStorage(): TabStorage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    // Reading the property itself throws where a person has forbidden storage.
    return null;
  }
}

async function claim(id: string, locks: TabLocks | null): Promise<boolean> {
  if (!locks) return true;
  return new Promise((resolve) => {
    locks
      .request(tabLockName(id), { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        // Held for as long as the page lives.
        return lock ? new Promise<never>(() => {}) : undefined;
      })
      .catch(() => resolve(true));
  });
}
