import type { Upload, UploadPage } from './api.ts';
import { element } from './elements.ts';
import { formatInstant, formatSize } from './format.ts';

/** What a list holds: uploads, newest first, and where the part that is not loaded begins. */
export interface Loaded {
  readonly uploads: readonly Upload[];
  readonly next: string | null;
}

export const nothingLoaded: Loaded = { uploads: [], next: null };

/** Puts a newly read first page in place, and keeps the older ones that were loaded already where they join on. */
export function withNewest(loaded: Loaded, page: UploadPage): Loaded {
  const last = page.uploads.at(-1);
  const joint = last === undefined || page.next === null ? -1 : loaded.uploads.findIndex(({ tag }) => tag === last.tag);
  if (joint < 0) return { uploads: page.uploads, next: page.next };
  const older = loaded.uploads.slice(joint + 1);
  return older.length === 0 ? { uploads: page.uploads, next: page.next } : { uploads: [...page.uploads, ...older], next: loaded.next };
}

/** Adds the page that `loaded.next` asked for. */
export function withOlder(loaded: Loaded, page: UploadPage): Loaded {
  const known = new Set(loaded.uploads.map(({ tag }) => tag));
  return { uploads: [...loaded.uploads, ...page.uploads.filter(({ tag }) => !known.has(tag))], next: page.next };
}

const stateWords: Readonly<Record<string, string>> = {
  Created: 'Not started',
  Uploading: 'Uploading',
  Completing: 'Completing',
  Stored: 'Waiting to be verified',
  Verifying: 'Verifying',
  Verified: 'Verified',
  Duplicate: 'Verified, stored before',
  Mismatched: 'Does not match',
  Aborted: 'Aborted',
  Expired: 'Expired',
  Failed: 'Failed',
};

const stateTones: Readonly<Record<string, string>> = {
  Verified: 'good',
  Duplicate: 'good',
  Mismatched: 'bad',
  Failed: 'bad',
};

/** What a row can do. */
export interface RowActions {
  /** Makes what shows or downloads the file; asked for uploads that are files by now. */
  readonly deliver?: (upload: Upload, fileId: string) => readonly HTMLElement[];
}

/**
 * Shows uploads in a list. Rows that are there already keep their place in the document, so focus and selection survive a refresh.
 */
export function showUploads(list: HTMLUListElement, uploads: readonly Upload[], actions: RowActions = {}): void {
  const rows = new Map([...list.children].map((row) => [(row as HTMLElement).dataset['tag'], row as HTMLElement]));
  const wanted = uploads.map((upload) => {
    const row = rows.get(upload.tag);
    const version = `${upload.state} ${upload.size} ${upload.completedAt}`;
    if (row?.dataset['version'] === version) return row;
    const fresh = rowOf(upload, actions);
    fresh.dataset['version'] = version;
    return fresh;
  });
  const keep = new Set(wanted);
  for (const row of [...list.children]) if (!keep.has(row as HTMLElement)) row.remove();
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

/** Where the object is: a content has one place, however many files have it. */
function keyOf({ fileId, pieceHash, key }: Upload): string {
  return fileId !== null && pieceHash !== null ? `hash/${pieceHash}` : key;
}

function rowOf(upload: Upload, { deliver }: RowActions): HTMLLIElement {
  const row = element('li', 'upload');
  row.dataset['tag'] = upload.tag;

  const name = element('span', 'name', upload.fileName || 'Unnamed file');
  // A name may be in any script; it must not turn its neighbours around.
  name.dir = 'auto';

  const state = element('span', 'state', stateWords[upload.state] ?? upload.state);
  state.dataset['tone'] = stateTones[upload.state] ?? 'plain';

  const when = element('time', 'when', formatInstant(upload.completedAt ?? upload.createdAt));
  when.dateTime = upload.completedAt ?? upload.createdAt;

  const facts = element('span', 'facts');
  facts.append(element('span', 'size', formatSize(upload.size)), when);

  const key = element('code', 'key', keyOf(upload));
  key.title = 'Key in the bucket';

  row.append(name, state, facts, key);
  if (upload.reason !== null) row.append(element('p', 'reason', upload.reason));
  if (deliver && upload.fileId !== null) row.append(...deliver(upload, upload.fileId));
  return row;
}
