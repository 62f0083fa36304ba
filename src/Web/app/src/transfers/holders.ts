import { tabLockName } from '@media/uppy-media';

/** Who another client is, as far as this browser can tell. */
export type Holder = 'tab' | 'browser' | 'program';

/** The names of locks that are held in this browser. */
export type HeldLocks = () => Promise<ReadonlySet<string>>;

/** What this browser's tabs hold; empty where it does not tell. */
export const heldLocks: HeldLocks = async () => {
  const { held = [] } = (await globalThis.navigator?.locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => (name === undefined ? [] : [name])));
};

/** Whether a client is a tab that is open in this browser, by the locks that are held in it. */
export const isTabAmong = (locks: ReadonlySet<string>, clientId: string): boolean => locks.has(tabLockName(clientId));

/** The same, as it is now. */
export const isLiveTab = async (clientId: string, locks: HeldLocks = heldLocks): Promise<boolean> => isTabAmong(await locks(), clientId);

/** Tells tabs of this browser from other browsers, and those from programs, by the client's name. */
export async function whoIs(clientId: string, locks: HeldLocks = heldLocks): Promise<Holder> {
  if (await isLiveTab(clientId, locks)) return 'tab';
  return clientId.startsWith('web-') ? 'browser' : 'program';
}

const names: Readonly<Record<Holder, string>> = {
  tab: 'another tab of this browser',
  browser: 'another browser, or a tab that was closed',
  program: 'another program',
};

/**
 * Says who has an upload.
 * @param since an instant, RFC 3339
 * @param lost whether it was taken from this tab; else it was another's when this tab came
 */
export function describeHolder(holder: Holder | null, since: string | null, lost: boolean): string {
  const who = holder === null ? 'another client' : names[holder];
  const at = since === null || Number.isNaN(Date.parse(since)) ? '' : new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(new Date(since));
  if (lost) return `Taken over by ${who}${at && ` at ${at}`}. It goes on there; nothing is lost.`;
  return `${who[0]?.toUpperCase()}${who.slice(1)} has had this upload${at && ` since ${at}`}. Take it over to go on with it here.`;
}
