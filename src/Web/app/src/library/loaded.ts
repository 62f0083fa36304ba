import { filedTime, type CatalogueFile, type FilePage } from './catalogue.ts';

/** What is loaded of a list: files, newest first, and where the part that is not loaded begins. */
export interface Loaded {
  readonly files: readonly CatalogueFile[];
  readonly next: string | null;
}

export const nothingLoaded: Loaded = { files: [], next: null };

/** Puts a newly read first page in place, and keeps the older files that were loaded already where they join on. */
export function withNewest(loaded: Loaded, page: FilePage): Loaded {
  const last = page.files.at(-1);
  const [newestBefore] = loaded.files;
  if (last === undefined || page.next === null || newestBefore === undefined) return page;
  const read = new Set(page.files.map(({ id }) => id));
  // A page of nothing but new files may leave some between it and what was loaded.
  const joins = loaded.files.some(({ id }) => read.has(id)) || filedTime(last) < filedTime(newestBefore);
  if (!joins) return page;
  // Times are cut to milliseconds here: of files of the same one, only the server knows which comes first.
  const older = loaded.files.filter((file) => filedTime(file) <= filedTime(last) && !read.has(file.id));
  return older.length === 0 ? page : { files: [...page.files, ...older], next: loaded.next };
}

/** Adds the page that `loaded.next` asked for. */
export function withOlder(loaded: Loaded, page: FilePage): Loaded {
  const known = new Set(loaded.files.map(({ id }) => id));
  return { files: [...loaded.files, ...page.files.filter(({ id }) => !known.has(id))], next: page.next };
}

export function without(loaded: Loaded, id: string): Loaded {
  return { files: loaded.files.filter((file) => file.id !== id), next: loaded.next };
}
