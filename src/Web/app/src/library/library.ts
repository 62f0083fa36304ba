import { ApiProblem, type Api, type Permission } from '../api.ts';
import { byId, focusRow } from '../elements.ts';
import { explain } from '../messages.ts';
import { nothingLoaded, showUploads, withNewest, withOlder, type Loaded } from '../uploads-list.ts';
import { createDelivery } from './delivery.ts';

const pageSize = 50;

/** Verification of a small file takes less than the first of these, of a large one far more than the last: milliseconds. */
const looks = [400, 800, 1_500, 3_000, 5_000];

/** What was uploaded, and what can be done with it. */
export interface Library {
  /** Reads it again from the server. Never throws: a failure is said on the page. */
  refresh(): Promise<void>;
  /** Says that an upload is finished: it is looked for until it is verified. */
  uploaded(): void;
  /** Empties it, for the next user of this page. */
  clear(): void;
}

/** What the library needs of the page it is on. */
export interface LibraryContext {
  readonly api: Api;
  readonly permission: () => Permission | null;
  readonly permissionRefused: () => void;
  /** Says something to those who hear the page. */
  readonly announce: (text: string) => void;
}

/** Takes up the part of index.html that is the library's. */
export function createLibrary(context: LibraryContext): Library {
  const { api } = context;
  const list = byId('uploaded-list', HTMLUListElement);
  const more = byId('uploaded-more', HTMLButtonElement);
  const error = byId('uploaded-error', HTMLElement);
  const empty = byId('uploaded-empty', HTMLElement);
  const delivery = createDelivery({
    link: async (fileId, seconds) => {
      const permission = context.permission();
      if (permission === null) throw new Error('Nobody is signed in.');
      return api.signLink(permission.permission, fileId, seconds);
    },
    failed,
  });
  let loaded: Loaded = nothingLoaded;
  let generation = 0;
  let looked = 0;
  let nextLook = 0;

  more.addEventListener('click', () => void guarded(older));
  byId('refresh', HTMLButtonElement).addEventListener('click', () => {
    void refresh().then(() => error.textContent === '' && context.announce('The list is up to date.'));
  });

  function show(): void {
    showUploads(list, loaded.uploads, { deliver: delivery.controls });
    more.hidden = loaded.next === null;
    list.removeAttribute('aria-busy');
  }

  async function newest(permission: string): Promise<void> {
    const mine = ++generation;
    const page = await api.listUploads(permission, { state: 'done', limit: pageSize });
    // A later reading has been started: its answer is the newer one.
    if (mine !== generation) return;
    delivery.notice(page.uploads);
    loaded = withNewest(loaded, page);
    show();
  }

  async function older(permission: string): Promise<void> {
    if (loaded.next === null) return;
    const from = loaded.next;
    const page = await api.listUploads(permission, { state: 'done', limit: pageSize, after: from });
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
      failed(problem);
    }
    empty.hidden = list.children.length > 0 || error.textContent !== '';
  }

  function failed(problem: unknown): void {
    if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
    else error.textContent = explain(problem);
  }

  async function refresh(): Promise<void> {
    looked = 0;
    await look();
  }

  /** Reads the list, and again after a while as long as something is being verified. */
  async function look(): Promise<void> {
    window.clearTimeout(nextLook);
    await guarded(newest);
    window.clearTimeout(nextLook);
    const unverified = loaded.uploads.some(({ state }) => state === 'Stored' || state === 'Verifying');
    if (unverified && context.permission() !== null) nextLook = window.setTimeout(() => void look(), looks[Math.min(looked++, looks.length - 1)]);
  }

  return {
    refresh,
    uploaded: () => void refresh(),
    clear() {
      window.clearTimeout(nextLook);
      generation++;
      delivery.forget();
      loaded = nothingLoaded;
      show();
      error.textContent = '';
    },
  };
}
