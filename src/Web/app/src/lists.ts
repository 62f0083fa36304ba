import { ApiProblem, type Api, type Permission, type Upload } from './api.ts';
import { createDelivery } from './delivery.ts';
import { explain } from './messages.ts';
import type { Uploader } from './uploader.ts';
import { nothingLoaded, showUploads, withNewest, withOlder, type Loaded, type RowActions } from './uploads-list.ts';

const pageSize = 50;

/** Verification of a small file takes less than the first of these, of a large one far more than the last: milliseconds. */
const looks = [400, 800, 1_500, 3_000, 5_000];

/** The two lists under the uploader. */
export interface Lists {
  /** Reads both lists again from the server. Never throws: a failure is said on the page. */
  refresh(): Promise<void>;
  /** Empties both, for the next user of this page. */
  clear(): void;
}

export interface ListsContext {
  readonly api: Api;
  readonly permission: () => Permission | null;
  readonly uploader: () => Uploader | null;
  readonly permissionRefused: () => void;
  /** Says something to those who hear the page. */
  readonly announce: (text: string) => void;
}

export function createLists(context: ListsContext): Lists {
  const { api } = context;
  const error = byId('uploaded-error', HTMLElement);
  const delivery = createDelivery({
    link: async (fileId, seconds) => {
      const permission = context.permission();
      if (permission === null) throw new Error('Nobody is signed in.');
      return api.signLink(permission.permission, fileId, seconds);
    },
    failed,
  });
  const done = createList('done', 'uploaded-list', 'uploaded-more', { deliver: delivery.controls });
  const active = createList('active', 'unfinished-list', 'unfinished-more', { abort });
  let looked = 0;
  let nextLook = 0;

  byId('refresh', HTMLButtonElement).addEventListener('click', () => {
    void refresh().then(() => error.textContent === '' && context.announce('The list is up to date.'));
  });

  function createList(state: 'done' | 'active', listId: string, moreId: string, actions: RowActions) {
    const list = byId(listId, HTMLUListElement);
    const more = byId(moreId, HTMLButtonElement);
    let loaded: Loaded = nothingLoaded;
    let generation = 0;

    more.addEventListener('click', () => void guarded(older));

    function show(): void {
      // What this page itself is uploading is seen in the uploader already.
      const own = state === 'active' ? context.uploader()?.activeKeys : undefined;
      const shown = own ? loaded.uploads.filter(({ key }) => !own.has(key)) : loaded.uploads;
      showUploads(list, shown, actions);
      more.hidden = loaded.next === null;
      list.removeAttribute('aria-busy');
    }

    async function newest(permission: string): Promise<void> {
      const mine = ++generation;
      const page = await api.listUploads(permission, { state, limit: pageSize });
      // A later reading has been started: its answer is the newer one.
      if (mine !== generation) return;
      if (state === 'done') delivery.notice(page.uploads);
      loaded = withNewest(loaded, page);
      show();
    }

    async function older(permission: string): Promise<void> {
      if (loaded.next === null) return;
      const from = loaded.next;
      const page = await api.listUploads(permission, { state, limit: pageSize, after: from });
      if (loaded.next !== from) return;
      const first = list.children.length;
      loaded = withOlder(loaded, page);
      show();
      context.announce(`${page.uploads.length} more loaded.`);
      // The button may be gone now: go on where reading goes on.
      if (more.hidden) focusRow(list.children[first]);
    }

    return {
      newest,
      clear() {
        generation++;
        loaded = nothingLoaded;
        show();
      },
      get unverified() {
        return loaded.uploads.some((upload) => upload.state === 'Stored' || upload.state === 'Verifying');
      },
      get count() {
        return list.children.length;
      },
    };
  }

  /** Runs something that needs the permission, and says on the page what came of it. */
  async function guarded(work: (permission: string) => Promise<void>): Promise<void> {
    const permission = context.permission();
    if (permission === null) return;
    try {
      await work(permission.permission);
      error.textContent = '';
    } catch (problem) {
      failed(problem);
    }
    byId('uploaded-empty', HTMLElement).hidden = done.count > 0 || error.textContent !== '';
    byId('unfinished', HTMLElement).hidden = active.count === 0;
  }

  function failed(problem: unknown): void {
    if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
    else error.textContent = explain(problem);
  }

  async function refresh(): Promise<void> {
    looked = 0;
    await look();
  }

  /** Reads both lists, and again after a while as long as something is being verified. */
  async function look(): Promise<void> {
    window.clearTimeout(nextLook);
    await guarded(async (permission) => {
      await Promise.all([done.newest(permission), active.newest(permission)]);
    });
    window.clearTimeout(nextLook);
    if (done.unverified && context.permission() !== null) nextLook = window.setTimeout(() => void look(), looks[Math.min(looked++, looks.length - 1)]);
  }

  async function abort(upload: Upload, button: HTMLButtonElement): Promise<void> {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    const row = button.closest('li');
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling ?? null;
    await guarded(async (permission) => {
      await api.abortUpload(permission, upload.tag);
      context.announce(`The upload of ${upload.fileName} is aborted.`);
      await Promise.all([done.newest(permission), active.newest(permission)]);
      const next = neighbour?.querySelector('button');
      if (next?.isConnected) next.focus();
      else byId('uploaded-title', HTMLElement).focus();
    });
    button.removeAttribute('aria-disabled');
  }

  return {
    refresh,
    clear() {
      window.clearTimeout(nextLook);
      delivery.forget();
      done.clear();
      active.clear();
      error.textContent = '';
    },
  };
}

function focusRow(row: Element | undefined): void {
  if (!(row instanceof HTMLElement)) return;
  row.tabIndex = -1;
  row.focus();
}

/** An element that index.html promises. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page lacks #${id}`);
  return found;
}
