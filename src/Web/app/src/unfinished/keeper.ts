import { mayRead } from '../intake/file-system.ts';
import type { Picked } from '../intake/picked.ts';
import { heldLocks, isTabAmong, type HeldLocks } from '../transfers/holders.ts';
import { isUnderWay, type Transfer } from '../transfers/transfer.ts';
import type { KeptFile, KeptFiles } from './kept-files.ts';

/** What the page before this one left. */
export interface Left {
  /** Files that can be gone on with at once. */
  readonly ready: readonly { readonly picked: Picked; readonly id: string }[];
  /** Handles that the browser wants the person asked about, by the tags of their uploads. */
  readonly asking: ReadonlyMap<string, KeptFile & { readonly handle: FileSystemFileHandle }>;
}

/** Has the browser keep the files that are on their way, for as long as they are, and finds those that an earlier page left. */
export class Keeper {
  readonly #kept: KeptFiles;
  readonly #clientId: () => Promise<string>;
  readonly #locks: HeldLocks;
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #picked = new Map<string, { readonly picked: Picked; readonly id: string; readonly user: string }>();
  /** What earlier pages left and this one has no use for as it is, by the upload's tag. */
  readonly #leftOver = new Map<string, string>();
  /** Names that tabs of this browser had which are closed by now. */
  readonly #gone = new Set<string>();

  constructor(kept: KeptFiles, clientId: () => Promise<string>, now: () => number, newId: () => string, locks: HeldLocks = heldLocks) {
    this.#kept = kept;
    this.#clientId = clientId;
    this.#now = now;
    this.#newId = newId;
    this.#locks = locks;
  }

  /**
   * Files were given to the uploader.
   * @param taken their ids among the transfers
   * @param known their ids here, of those that were kept already
   */
  async took(taken: ReadonlyMap<Picked, string>, user: string, known: ReadonlyMap<Picked, string> = new Map()): Promise<void> {
    for (const [picked, transferId] of taken) this.#picked.set(transferId, { picked, id: known.get(picked) ?? this.#newId(), user });
    const clientId = await this.#clientId();
    const fresh = [...taken].filter(([picked, transferId]) => !known.has(picked) && this.#picked.has(transferId));
    await this.#kept.keep(fresh.map(([{ tag }, transferId]) => this.#recordOf(transferId, clientId, tag)));
  }

  /** A transfer changed: kept while bytes of it are wanted, dropped when they are not. */
  async changed(now: Transfer | null, before: Transfer | null): Promise<void> {
    const id = (now ?? before)?.id ?? '';
    if (!this.#picked.has(id)) return;
    if (now?.state === 'uploading' && (now.tag !== before?.tag || before?.state !== 'uploading')) {
      await this.#kept.begun(this.#recordOf(id, await this.#clientId(), now.tag));
      const leftOver = this.#leftOver.get(now.tag ?? '');
      if (leftOver !== undefined) await this.#kept.drop([leftOver]);
      this.#leftOver.delete(now.tag ?? '');
    } else if (now === null || (before && isUnderWay(before) && !isUnderWay(now) && now.state !== 'failed')) {
      const kept = this.#picked.get(id);
      if (now === null) this.#picked.delete(id);
      if (kept) await this.#kept.drop([kept.id]);
    }
  }

  /**
   * Finds what earlier pages of this browser left, and drops what is no longer wanted.
   * @param active the tags of the user's uploads that the server waits for
   */
  async left(user: string, active: ReadonlySet<string>): Promise<Left> {
    const [clientId, locks] = await Promise.all([this.#clientId(), this.#locks()]);
    const isGone = (client: string) => client !== clientId && !isTabAmong(locks, client);
    const claimed = await this.#kept.claim(user, clientId, isGone, this.#now());
    const ready: { picked: Picked; id: string }[] = [];
    const asking = new Map<string, KeptFile & { handle: FileSystemFileHandle }>();
    const over: string[] = [];
    for (const one of claimed) {
      this.#gone.add(one.clientId);
      if ([...this.#picked.values()].some(({ id }) => id === one.id)) continue;
      if (one.tag !== null && !active.has(one.tag)) {
        over.push(one.id);
        continue;
      }
      const { handle, tag } = one;
      const file = one.file ?? (handle && (await mayRead(handle)) ? await handle.getFile().catch(() => null) : null);
      if (tag !== null) this.#leftOver.set(tag, one.id);
      if (file !== null && file.size === one.size) {
        ready.push({ picked: { file, folder: one.folder, handle, tag }, id: one.id });
        this.#leftOver.delete(tag ?? '');
      } else if (file === null && handle !== null && tag !== null) asking.set(tag, { ...one, handle });
      // A file that is not what it was is asked for, as one that is not kept at all.
      else if (tag === null) over.push(one.id);
    }
    await this.#kept.drop(over);
    return { ready, asking };
  }

  /** Whether a client is a tab of this browser that was closed, or this one before it was loaded anew: nobody is in the way. */
  isGoneTab(client: string): boolean {
    return this.#gone.has(client);
  }

  /** Drops everything of a user's that other tabs are not working on. */
  async forget(user: string): Promise<void> {
    const [clientId, locks] = await Promise.all([this.#clientId(), this.#locks()]);
    this.#picked.clear();
    await this.#kept.dropAll(user, (client) => client !== clientId && isTabAmong(locks, client));
  }

  #recordOf(transferId: string, clientId: string, tag: string | null): KeptFile {
    const known = this.#picked.get(transferId);
    if (!known) throw new Error(`Nothing is known of ${transferId}`);
    const { file, folder, handle } = known.picked;
    const { name, size } = file;
    return { id: known.id, user: known.user, clientId, tag, name, folder, size, handle, file, keptAt: this.#now() };
  }
}
