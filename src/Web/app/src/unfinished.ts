import { ApiProblem, type Api, type Permission, type Upload } from './api.ts';
import { byId, focusRow } from './elements.ts';
import { explain } from './messages.ts';
import type { Uploader } from './uploader.ts';
import { nothingLoaded, showUploads, withNewest, withOlder, type Loaded } from './uploads-list.ts';

const pageSize = 50;

/** Uploads that were begun and are not whole, but for those of this page. */
export interface Unfinished {
  /** Reads the list again from the server. Never throws. */
  refresh(): Promise<void>;
  /** Empties it, for the next user of this page. */
  clear(): void;
}

/** What the list needs of the page it is on. */
export interface UnfinishedContext {
  readonly api: Api;
  readonly permission: () => Permission | null;
  readonly uploader: () => Uploader | null;
  readonly permissionRefused: () => void;
  /** Says something to those who hear the page. */
  readonly announce: (text: string) => void;
}

/** Takes up the section "Unfinished" of index.html. */
export function createUnfinished(context: UnfinishedContext): Unfinished {
  const { api } = context;
  const section = byId('unfinished', HTMLElement);
  const list = byId('unfinished-list', HTMLUListElement);
  const more = byId('unfinished-more', HTMLButtonElement);
  const error = byId('unfinished-error', HTMLElement);
  let loaded: Loaded = nothingLoaded;
  let generation = 0;

  more.addEventListener('click', () => void guarded(older));

  function show(): void {
    // What this page itself is uploading is seen in the uploader already.
    const own = context.uploader()?.activeKeys;
    showUploads(list, own ? loaded.uploads.filter(({ key }) => !own.has(key)) : loaded.uploads, { abort });
    more.hidden = loaded.next === null;
    section.hidden = list.children.length === 0;
  }

  async function newest(permission: string): Promise<void> {
    const mine = ++generation;
    const page = await api.listUploads(permission, { state: 'active', limit: pageSize });
    // A later reading has been started: its answer is the newer one.
    if (mine !== generation) return;
    loaded = withNewest(loaded, page);
    show();
  }

  async function older(permission: string): Promise<void> {
    if (loaded.next === null) return;
    const from = loaded.next;
    const page = await api.listUploads(permission, { state: 'active', limit: pageSize, after: from });
    if (loaded.next !== from) return;
    const first = list.children.length;
    loaded = withOlder(loaded, page);
    show();
    context.announce(`${page.uploads.length} more loaded.`);
    // The button may be gone now: go on where reading goes on.
    if (more.hidden) focusRow(list.children[first]);
  }

  /** Runs something that needs the permission, and says on the page what came of it. */
  async function guarded(work: (permission: string) => Promise<void>): Promise<void> {
    const permission = context.permission();
    if (permission === null) return;
    try {
      await work(permission.permission);
      error.textContent = '';
    } catch (problem) {
      if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
      else error.textContent = explain(problem);
    }
  }

  async function abort(upload: Upload, button: HTMLButtonElement): Promise<void> {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    const row = button.closest('li');
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling ?? null;
    await guarded(async (permission) => {
      await api.abortUpload(permission, upload.tag);
      context.announce(`The upload of ${upload.fileName} is aborted.`);
      await newest(permission);
      const next = neighbour?.querySelector('button');
      if (next?.isConnected) next.focus();
      else byId('library-title', HTMLElement).focus();
    });
    button.removeAttribute('aria-disabled');
  }

  return {
    refresh: () => guarded(newest),
    clear() {
      generation++;
      loaded = nothingLoaded;
      show();
      error.textContent = '';
    },
  };
}
