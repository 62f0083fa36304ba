/** What the browser keeps of a file between two loads of the page, until its upload has ended. */
export interface KeptFile {
  readonly id: string;
  readonly user: string;
  /** The tab that is uploading it, or was. */
  readonly clientId: string;
  /** The upload's name; null while it is not begun. */
  readonly tag: string | null;
  readonly name: string;
  readonly folder: string;
  /** Bytes. */
  readonly size: number;
  /** By which the file can be read again, where the browser gave one. */
  readonly handle: FileSystemFileHandle | null;
  /** The file itself, where it is small. */
  readonly file: File | null;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
}

/** Files of up to so many bytes are kept whole. */
const mostEach = 8 * 1024 * 1024;

/** All that are kept whole have so many bytes at most. */
const mostInAll = 64 * 1024 * 1024;

/** What nobody came back for is dropped after so long: milliseconds. The server has given its upload up by then. */
const longest = 7 * 24 * 60 * 60 * 1000;

const store = 'files';

/** The files that this browser keeps for uploads that are not at their end, in IndexedDB. */
export class KeptFiles {
  readonly #factory: IDBFactory | null;
  #database: Promise<IDBDatabase> | null = null;

  /** @param factory null where the browser keeps nothing: then nothing is ever there */
  constructor(factory: IDBFactory | null) {
    this.#factory = factory;
  }

  /** Keeps files, without the bytes of those that are too many. */
  async keep(files: readonly KeptFile[]): Promise<void> {
    if (files.length === 0) return;
    await this.#write(async (kept) => {
      const there = await answer(kept.getAll() as IDBRequest<KeptFile[]>);
      const ids = new Set(files.map(({ id }) => id));
      let bytes = there.reduce((sum, one) => sum + (one.file && !ids.has(one.id) ? one.size : 0), 0);
      for (const one of files) {
        const isKept = one.file !== null && one.handle === null && one.size <= mostEach && bytes + one.size <= mostInAll;
        if (isKept) bytes += one.size;
        kept.put({ ...one, file: isKept ? one.file : null });
      }
    });
  }

  /** Its upload is begun: what is kept of the file already is kept on. */
  async begun(file: KeptFile): Promise<void> {
    let isKept = false;
    await this.#write(async (kept) => {
      const there = await answer(kept.get(file.id) as IDBRequest<KeptFile | undefined>);
      if (!there || (there.file === null && there.handle === null)) return;
      kept.put({ ...file, file: there.file });
      isKept = true;
    });
    if (!isKept) await this.keep([file]);
  }

  /** Drops files. Those that are not there are none the less. */
  async drop(ids: Iterable<string>): Promise<void> {
    await this.#write(async (kept) => {
      for (const id of ids) kept.delete(id);
    });
  }

  /** Takes over what tabs that are gone have left of a user's, for one of the tabs that ask for it. Drops what is too old. */
  async claim(user: string, clientId: string, isGone: (clientId: string) => boolean, now: number): Promise<readonly KeptFile[]> {
    const claimed: KeptFile[] = [];
    await this.#write(async (kept) => {
      for (const one of await answer(kept.getAll() as IDBRequest<KeptFile[]>)) {
        if (now - one.keptAt > longest) kept.delete(one.id);
        else if (one.user === user && (one.clientId === clientId || isGone(one.clientId))) {
          kept.put({ ...one, clientId });
          claimed.push(one);
        }
      }
    });
    return claimed;
  }

  /** Drops a user's files, but for those that other tabs are working on. */
  async dropAll(user: string, isElsewhere: (clientId: string) => boolean): Promise<void> {
    await this.#write(async (kept) => {
      for (const one of await answer(kept.getAll() as IDBRequest<KeptFile[]>)) {
        if (one.user === user && !isElsewhere(one.clientId)) kept.delete(one.id);
      }
    });
  }

  /** To keep a file is a service, not a duty: where the browser refuses, the person chooses it again. */
  async #write(work: (kept: IDBObjectStore) => Promise<void>): Promise<void> {
    if (this.#factory === null) return;
    try {
      const database = await (this.#database ??= open(this.#factory));
      const transaction = database.transaction(store, 'readwrite');
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      done.catch(() => undefined);
      await work(transaction.objectStore(store));
      await done;
    } catch {
      this.#database = null;
    }
  }
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open('media', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'id' });
  return answer(request);
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
