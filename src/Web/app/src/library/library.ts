import { ApiProblem, ServerUnreachable, type Api, type Permission, type Upload } from '../api.ts';
import { byId, setText } from '../elements.ts';
import { explain } from '../messages.ts';
import { filedTime, type Catalogue, type CatalogueFile } from './catalogue.ts';
import { createDeleteDialog } from './delete-dialog.ts';
import { Dismissed } from './dismissed.ts';
import './library.css';
import { getsThumbnails } from './kinds.ts';
import { createLinkDialog } from './link-dialog.ts';
import { Links, type Sign } from './links.ts';
import { isBeingVerified, Listing } from './listing.ts';
import { Looks } from './looks.ts';
import { createSearch } from './search.ts';
import { Tiles } from './tiles.ts';
import { createViewer } from './viewer.ts';

/** How far ahead of its end the list goes on by itself. */
const ahead = '600px';

/** Thumbnails of a file that is older than this are late, or there will be none. Milliseconds. */
const thumbnailsTake = 60_000;

/** How long the page may have been out of sight before the list is read again. Milliseconds. */
const outOfSight = 30_000;

/** What was uploaded, and what can be done with it. */
export interface Library {
  /** Reads it again from the server. Never throws: a failure is said on the page. */
  refresh(): Promise<void>;
  /** Says that an upload is finished: it is looked for until it is verified. */
  uploaded(): void;
  /** Closes what is open over the page: the permission ended. What is loaded stays, for the same user to go on with. */
  suspend(): void;
  /** Empties it, for the next user of this page. */
  clear(): void;
}

/** What the library needs of the page it is on. */
export interface LibraryContext {
  readonly api: Pick<Api, 'listUploads'>;
  readonly catalogue: Catalogue;
  readonly permission: () => Permission | null;
  readonly permissionRefused: () => void;
  /** Says something to those who hear the page. */
  readonly announce: (text: string) => void;
}

/** Takes up the part of index.html that is the library's. */
export function createLibrary(context: LibraryContext): Library {
  const { catalogue, announce } = context;
  const title = byId('library-title', HTMLElement);
  const list = byId('library-list', HTMLUListElement);
  const more = byId('library-more', HTMLButtonElement);
  const failure = byId('library-failure', HTMLElement);
  const error = byId('library-error', HTMLElement);
  const count = byId('library-count', HTMLElement);
  const listing = new Listing(catalogue, context.api, new Dismissed(() => window.localStorage));
  const sign: Sign = async (fileId, seconds, thumbnail) => {
    const permission = context.permission();
    if (permission === null) throw new Error('Nobody is signed in.');
    return catalogue.signLink(permission.permission, fileId, seconds, thumbnail);
  };
  const links = new Links(sign, Date.now);
  const linkDialog = createLinkDialog({ sign, refused });
  const deleteDialog = createDeleteDialog({ remove, removed: (file) => leave(file, `${file.fileName} is deleted.`) });
  const viewer = createViewer({
    links,
    files: () => listing.files,
    more: async () => void (await guarded((permission) => listing.older(permission))),
    copyLink: linkDialog.open,
    download,
    remove: deleteDialog.open,
    refused,
    closed,
  });
  const tiles = new Tiles(list, links, {
    open: viewer.open,
    copyLink: linkDialog.open,
    download: (file) => void download(file).catch((problem: unknown) => tell(explain(problem))),
    remove: deleteDialog.open,
    dismiss,
  });
  const search = createSearch((filter) => {
    listing.look(filter);
    list.setAttribute('aria-busy', 'true');
    void refresh();
  });
  const looks = new Looks(look);
  let lastLook = 0;
  /** The server did not answer, or could not work, when it was last asked: it may by itself, later. */
  let isAway = false;

  function show(): void {
    tiles.show(listing);
    if (!listing.isCurrent) return;
    list.removeAttribute('aria-busy');
    const nothing = list.children.length === 0;
    byId('library-empty', HTMLElement).hidden = !nothing || listing.isFiltered;
    byId('library-none', HTMLElement).hidden = !nothing || !listing.isFiltered;
    byId('library-search', HTMLElement).hidden = nothing && !listing.isFiltered;
    more.hidden = !listing.hasMore;
    setText(count, countOf(listing));
  }

  /** Runs something that needs the permission, and says on the page what came of it. False where it failed. */
  async function guarded(work: (permission: Permission) => Promise<unknown>): Promise<boolean> {
    const permission = context.permission();
    if (permission === null) return false;
    try {
      await work(permission);
      isAway = false;
      tell('');
      show();
      return true;
    } catch (problem) {
      isAway = problem instanceof ServerUnreachable || (problem instanceof ApiProblem && problem.status >= 500);
      if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
      else tell(explain(problem));
      return false;
    }
  }

  function tell(text: string): void {
    setText(error, text);
    const wasTold = !failure.hidden;
    failure.hidden = text === '';
    if (wasTold && text === '') watchEnd();
    if (text !== '') list.removeAttribute('aria-busy');
  }

  /** Reads the beginning of the list. Answers whether something is still to come that is worth another look. */
  async function look(): Promise<'soon' | 'perhaps' | 'no'> {
    await guarded((permission) => listing.newest(permission));
    lastLook = Date.now();
    if (context.permission() === null) return 'no';
    if (isAway || listing.arrivals.some(isBeingVerified)) return 'soon';
    return listing.files.some(awaitsThumbnails) ? 'perhaps' : 'no';
  }

  function awaitsThumbnails(file: CatalogueFile): boolean {
    return file.thumbnails.length === 0 && getsThumbnails(file) && Date.now() - filedTime(file) < thumbnailsTake;
  }

  const refresh = (): Promise<void> => looks.now();

  async function older(): Promise<void> {
    const before = listing.files.length;
    const pressed = document.activeElement === more;
    if (!(await guarded((permission) => listing.older(permission)))) return;
    // The button is gone at the end: whoever pressed it goes on where reading goes on.
    const first = listing.files[before];
    if (pressed && more.hidden && first !== undefined) tiles.tileOf(first.id)?.opener.focus();
  }

  /** The browser gives the focus back to where the viewer was opened from, and says only later that it is closed: who was faster keeps it. */
  function closed({ id }: CatalogueFile): void {
    const tile = tiles.tileOf(id);
    if (tile && !tile.row.contains(document.activeElement)) tile.opener.focus();
  }

  /** Saves a file. What it throws is for whoever asked to tell. */
  async function download(file: CatalogueFile): Promise<void> {
    try {
      const url = await links.file(file);
      const anchor = document.createElement('a');
      anchor.href = url;
      anchor.download = file.fileName;
      // Of another origin it may open in place of being saved: then not in place of this page.
      if (new URL(url, location.href).origin !== location.origin) anchor.target = '_blank';
      anchor.click();
    } catch (problem) {
      if (!refused(problem, file)) throw problem;
    }
  }

  async function remove(file: CatalogueFile): Promise<void> {
    const permission = context.permission();
    if (permission === null) return context.permissionRefused();
    try {
      await catalogue.remove(permission.permission, file.id);
    } catch (problem) {
      // Deleted elsewhere: it is as was wished.
      if (isGone(problem)) return;
      if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
      throw problem;
    }
  }

  /** Tells what there is one way to tell, wherever it happened. */
  function refused(problem: unknown, file: CatalogueFile): boolean {
    if (problem instanceof ApiProblem && problem.isAboutPermission) {
      context.permissionRefused();
      return true;
    }
    if (!isGone(problem)) return false;
    leave(file, `${file.fileName} is no longer there: it was deleted elsewhere.`);
    return true;
  }

  /** Takes a file off the list; whoever was at it goes on at the file in its place. */
  function leave(file: CatalogueFile, words: string): void {
    const place = listing.files.findIndex(({ id }) => id === file.id);
    const row = tiles.tileOf(file.id)?.row;
    // Where a dialog is open, it gives the focus back when it closes.
    const wasHere = row?.contains(document.activeElement) || document.activeElement === document.body;
    listing.remove(file.id);
    links.forget(file);
    const inItsPlace = listing.files[place] ?? listing.files[place - 1];
    show();
    viewer.removed(file.id, inItsPlace);
    if (wasHere) (inItsPlace === undefined ? title : tiles.tileOf(inItsPlace.id)?.opener)?.focus();
    announce(words);
  }

  /** Takes an upload that came to nothing off the list; whoever was at it goes on at what is in its place. */
  function dismiss(upload: Upload): void {
    const permission = context.permission();
    if (permission === null) return context.permissionRefused();
    const rows = [...list.children];
    const place = rows.findIndex((row) => row === tiles.rowOf(upload.tag));
    const hadFocus = rows[place]?.contains(document.activeElement) ?? false;
    listing.dismiss(upload, permission);
    show();
    // What is still being verified has nothing to press.
    const others = [...rows.slice(place + 1), ...rows.slice(0, place).reverse()];
    if (hadFocus) (others.map((row) => row.querySelector('button')).find((found) => found !== null) ?? title).focus();
    announce(`${upload.fileName || 'The file'} is dismissed.`);
  }

  more.addEventListener('click', () => void older());
  byId('library-refresh', HTMLButtonElement).addEventListener('click', () => {
    void refresh().then(() => failure.hidden && announce('The list is up to date.'));
  });
  byId('library-retry', HTMLButtonElement).addEventListener('click', () => {
    void refresh().then(() => failure.hidden && title.focus());
  });
  byId('library-all', HTMLButtonElement).addEventListener('click', () => {
    search.clear();
    listing.look({ name: '', type: '' });
    search.field.focus();
    void refresh();
  });
  window.addEventListener('online', () => !failure.hidden && void refresh());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && Date.now() - lastLook > outOfSight) void refresh();
  });

  const end = new IntersectionObserver(
    (entries) => {
      // After a failure it waits to be asked.
      if (!entries.some(({ isIntersecting }) => isIntersecting) || !failure.hidden) return;
      void older().then(watchEnd);
    },
    { rootMargin: ahead },
  );
  watchEnd();

  /** The list goes on where its end is near; told of anew where it still is. */
  function watchEnd(): void {
    end.unobserve(more);
    end.observe(more);
  }

  function suspend(): void {
    for (const dialog of [linkDialog, deleteDialog, viewer]) dialog.close();
  }

  return {
    refresh,
    uploaded: () => looks.soon(),
    suspend,
    clear() {
      suspend();
      looks.stop();
      listing.clear();
      search.clear();
      links.clear();
      tiles.clear();
      more.hidden = true;
      count.textContent = '';
      tell('');
    },
  };
}

const isGone = (problem: unknown): boolean => problem instanceof ApiProblem && problem.code === 'file_not_found';

function countOf({ files, hasMore, isFiltered }: Listing): string {
  if (files.length === 0) return isFiltered ? 'Nothing found.' : '';
  const number = files.length === 1 ? '1 file' : `${files.length.toLocaleString()} files`;
  if (isFiltered) return hasMore ? `${number} found so far.` : `${number} found.`;
  return hasMore ? `${number} shown. There are more.` : `${number}.`;
}
