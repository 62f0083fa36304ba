import type { Api, Permission, Upload } from '../api.ts';
import { filedTime, type Catalogue, type CatalogueFile } from './catalogue.ts';
import type { Dismissed } from './dismissed.ts';
import { nothingLoaded, withNewest, without, withOlder, type Loaded } from './loaded.ts';

const pageSize = 50;

/** Uploads that ended badly are told of this long, counted by the newest thing that the server has told of. Milliseconds. */
const badNewsFor = 24 * 60 * 60_000;

/** What is looked for. What is empty lets all through. */
export interface Filter {
  readonly name: string;
  readonly type: string;
}

const everything: Filter = { name: '', type: '' };

/** What the library shows: a list of the catalog, and what is about to come into it. */
export class Listing {
  readonly #catalogue: Catalogue;
  readonly #api: Pick<Api, 'listUploads'>;
  readonly #dismissed: Dismissed;
  #filter = everything;
  #loaded: Loaded = nothingLoaded;
  #arrivals: readonly Upload[] = [];
  /** Whether what is loaded is an answer to the filter as it is. */
  #current = false;
  /** When the newest file was filed that was there before anything was uploaded, 0 where there was none; null before the first reading. */
  #before: number | null = null;
  #reading: AbortController | null = null;

  constructor(catalogue: Catalogue, api: Pick<Api, 'listUploads'>, dismissed: Dismissed) {
    this.#catalogue = catalogue;
    this.#api = api;
    this.#dismissed = dismissed;
  }

  get isFiltered(): boolean {
    return this.#filter.name !== '' || this.#filter.type !== '';
  }

  get files(): readonly CatalogueFile[] {
    return this.#loaded.files;
  }

  /** Uploads that are whole, and not files yet; and those that will be none. Not while something is looked for. */
  get arrivals(): readonly Upload[] {
    return this.isFiltered ? [] : this.#arrivals;
  }

  get hasMore(): boolean {
    return this.#loaded.next !== null;
  }

  /** Whether the files are those of the filter as it is now. */
  get isCurrent(): boolean {
    return this.#current;
  }

  /** Whether a file came while the page was looked at. */
  isFresh(file: CatalogueFile): boolean {
    return this.#before !== null && filedTime(file) > this.#before;
  }

  /** Looks for something else. What is loaded stays until the first answer. */
  look(filter: Filter): void {
    this.#filter = filter;
    this.#current = false;
    this.#reading?.abort();
  }

  /**
   * Reads the beginning of the list again.
   * @returns false where a later reading has been started, whose answer is the newer one
   */
  async newest({ permission, user }: Permission): Promise<boolean> {
    return this.#read(async (signal) => {
      // In this order: what is a file by the second answer was whole by the first.
      const uploads = this.isFiltered ? null : await this.#api.listUploads(permission, { state: 'done', limit: pageSize });
      const page = await this.#catalogue.list(permission, { user, ...this.#filter, limit: pageSize }, signal);
      return () => {
        this.#loaded = this.#current ? withNewest(this.#loaded, page) : page;
        this.#current = true;
        this.#before ??= page.files[0] === undefined ? 0 : filedTime(page.files[0]);
        if (uploads === null) return;
        const isDismissed = this.#dismissed.among(user, uploads);
        this.#arrivals = arrivalsAmong(uploads.uploads, page.files).filter((upload) => !isBad(upload) || !isDismissed(upload.tag));
      };
    });
  }

  /** Reads the page after the last one. Nothing happens where there is none, or where another reading is under way. */
  async older({ permission, user }: Permission): Promise<boolean> {
    const after = this.#loaded.next;
    if (after === null || !this.#current || this.#reading !== null) return false;
    return this.#read(async (signal) => {
      const page = await this.#catalogue.list(permission, { user, ...this.#filter, limit: pageSize, after }, signal);
      return () => {
        this.#loaded = withOlder(this.#loaded, page);
      };
    });
  }

  /** Leaves out a file that was deleted. */
  remove(id: string): void {
    this.#loaded = without(this.#loaded, id);
  }

  /** Leaves out an upload that came to nothing, for good. */
  dismiss(upload: Upload, { user }: Permission): void {
    this.#dismissed.add(user, upload);
    this.#arrivals = this.#arrivals.filter(({ tag }) => tag !== upload.tag);
  }

  /** Forgets everything, for the next user of the page. */
  clear(): void {
    this.look(everything);
    this.#loaded = nothingLoaded;
    this.#arrivals = [];
    this.#before = null;
  }

  async #read(read: (signal: AbortSignal) => Promise<() => void>): Promise<boolean> {
    this.#reading?.abort();
    const mine = new AbortController();
    this.#reading = mine;
    try {
      const take = await read(mine.signal);
      if (mine.signal.aborted) return false;
      take();
      return true;
    } catch (problem) {
      if (mine.signal.aborted) return false;
      throw problem;
    } finally {
      if (this.#reading === mine) this.#reading = null;
    }
  }
}

/** Uploads whose files are to come, and those that ended badly of late. */
function arrivalsAmong(uploads: readonly Upload[], files: readonly CatalogueFile[]): readonly Upload[] {
  const filed = new Set(files.map(({ id }) => id));
  const [newest] = uploads;
  const since = newest === undefined ? 0 : Date.parse(newest.completedAt ?? newest.createdAt) - badNewsFor;
  return uploads.filter((upload) => {
    if (filed.has(upload.tag)) return false;
    if (isBeingVerified(upload)) return true;
    return isBad(upload) && Date.parse(upload.completedAt ?? upload.createdAt) >= since;
  });
}

export const isBeingVerified = ({ state }: Upload): boolean => state === 'Stored' || state === 'Verifying';

export const isBad = ({ state }: Upload): boolean => state === 'Mismatched' || state === 'Failed';
