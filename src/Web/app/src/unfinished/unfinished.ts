import { ApiProblem, type Api, type Permission, type Upload } from '../api.ts';
import { byId, removeRow, setText } from '../elements.ts';
import { askToRead, pickWithHandles } from '../intake/file-system.ts';
import { single, type Picked } from '../intake/picked.ts';
import { explain } from '../messages.ts';
import { heldLocks } from '../transfers/holders.ts';
import type { KeptFile } from './kept-files.ts';
import { strangerness } from './recognise.ts';
import { UnfinishedRow } from './unfinished-row.ts';

/** Most uploads that are read at once. */
const pageSize = 100;

/** Events come in swarms; the list is read once for all of them: milliseconds. */
const gathering = 400;

/** What is in the list ends elsewhere, too, and an abort takes the server a moment: while there is something, the list is read again: milliseconds. */
const lookAgain = 3_000;

/** What the list works with. */
export interface UnfinishedContext {
  readonly api: Api;
  readonly permission: () => Permission | null;
  readonly permissionRefused: () => void;
  /** Whether the page shows an upload elsewhere, as its own. */
  readonly isOwn: (upload: Upload) => boolean;
  /** Whether a client is a tab of this browser that was closed. */
  readonly isGoneTab: (clientId: string) => boolean;
  /** Goes on with an upload by its file. */
  readonly goOn: (picked: Picked) => void;
  readonly announce: (text: string) => void;
}

/** The uploads that the server waits for and this page is not working on. */
export interface Unfinished {
  /** Reads the list again, soon. */
  refresh(): void;
  /** The tags of all of the user's uploads that the server waits for, as it says now. */
  active(): Promise<ReadonlySet<string>>;
  /** Files of these uploads can be read again when the person allows it. */
  offer(asking: ReadonlyMap<string, KeptFile & { readonly handle: FileSystemFileHandle }>): void;
  /** Empties the list, for the next user of this page. */
  clear(): void;
}

export function createUnfinished(context: UnfinishedContext): Unfinished {
  const { api } = context;
  const section = byId('unfinished', HTMLElement);
  const list = byId('unfinished-list', HTMLUListElement);
  const more = byId('unfinished-more', HTMLButtonElement);
  const error = byId('unfinished-error', HTMLElement);
  const field = byId('resume-field', HTMLInputElement);
  const rows = new Map<string, UnfinishedRow>();
  let asking: ReadonlyMap<string, KeptFile & { readonly handle: FileSystemFileHandle }> = new Map();
  let uploads: readonly Upload[] = [];
  let next: string | null = null;
  let wanted = pageSize;
  let generation = 0;
  let timer = 0;
  let frame = 0;
  let choosing: Upload | null = null;

  more.addEventListener('click', () => {
    wanted += pageSize;
    void read();
  });
  field.addEventListener('change', () => {
    const [file] = field.files ?? [];
    const upload = choosing;
    field.value = '';
    if (file && upload) void chosen(upload, { ...single(file), tag: upload.tag });
  });

  async function read(): Promise<void> {
    const mine = ++generation;
    const permission = context.permission();
    if (permission === null) return;
    try {
      const page = await api.listUploads(permission.permission, { state: 'active', limit: Math.min(1000, wanted) });
      // A later reading has been started: its answer is the newer one.
      if (mine !== generation) return;
      ({ uploads, next } = page);
      setText(error, '');
    } catch (problem) {
      if (mine === generation) failed(problem);
    }
    await show();
    if (mine === generation && !section.hidden) later(lookAgain);
  }

  function later(milliseconds: number): void {
    window.clearTimeout(timer);
    // Nobody sees the list of a tab in the background.
    timer = window.setTimeout(() => (document.hidden ? later(lookAgain) : void read()), milliseconds);
  }

  async function show(): Promise<void> {
    const locks = await heldLocks();
    const shown = uploads.filter((upload) => !context.isOwn(upload));
    const keep = new Set(shown.map(({ tag }) => tag));
    for (const [tag, row] of rows) {
      if (keep.has(tag)) continue;
      rows.delete(tag);
      removeRow(row.root, byId('upload-title', HTMLElement));
    }
    for (const upload of shown) {
      const row = rows.get(upload.tag) ?? new UnfinishedRow(upload, { choose: (one) => void choose(one), abort: (one) => void abort(one) });
      rows.set(upload.tag, row);
      row.show(upload, { locks, isAsking: asking.has(upload.tag), isGoneTab: context.isGoneTab });
      list.append(...(row.root.isConnected ? [] : [row.root]));
    }
    more.hidden = next === null || wanted >= 1000;
    section.hidden = rows.size === 0 && error.textContent === '';
  }

  async function choose(upload: Upload): Promise<void> {
    const known = asking.get(upload.tag);
    if (known && (await askToRead(known.handle))) {
      const file = await known.handle.getFile().catch(() => null);
      if (file) return chosen(upload, { file, folder: known.folder, handle: known.handle, tag: upload.tag });
    }
    const handles = await pickWithHandles();
    if (handles === null) {
      choosing = upload;
      field.click();
      return;
    }
    const [handle] = handles;
    const file = await handle?.getFile().catch(() => null);
    if (handle && file) await chosen(upload, { ...single(file, handle), tag: upload.tag });
  }

  async function chosen(upload: Upload, picked: Picked): Promise<void> {
    const stranger = await strangerness(picked.file, upload);
    rows.get(upload.tag)?.say(stranger ?? '');
    if (stranger === null) context.goOn(picked);
  }

  async function abort(upload: Upload): Promise<void> {
    const permission = context.permission();
    if (permission === null) return;
    try {
      await api.abortUpload(permission.permission, upload.tag);
      context.announce(`The upload of ${upload.fileName} is aborted.`);
      await read();
    } catch (problem) {
      failed(problem);
      await show();
    }
  }

  function failed(problem: unknown): void {
    if (problem instanceof ApiProblem && problem.isAboutPermission) context.permissionRefused();
    else setText(error, explain(problem));
  }

  return {
    refresh() {
      later(gathering);
      // What the page knows itself shows at once.
      if (frame === 0) frame = requestAnimationFrame(() => void show().finally(() => (frame = 0)));
    },
    async active() {
      const permission = context.permission();
      if (permission === null) return new Set();
      const page = await api.listUploads(permission.permission, { state: 'active', limit: 1000 });
      return new Set(page.uploads.map(({ tag }) => tag));
    },
    offer(found) {
      asking = found;
      void read();
    },
    clear() {
      window.clearTimeout(timer);
      generation++;
      [asking, uploads, next, wanted] = [new Map(), [], null, pageSize];
      setText(error, '');
      void show();
    },
  };
}
