import { FujiError, pieceHash, tipHash } from '@media/fuji';
import { ApiProblem, type Api, type Permission } from '../api.ts';
import { byId } from '../elements.ts';
import { formatSize } from '../format.ts';
import { droppedFiles } from '../intake/dropped.ts';
import { explain } from '../messages.ts';
import { HashRow } from './hash-row.ts';

/** What the hashes are shown with. */
export interface HashOnlyContext {
  readonly api: Api;
  readonly permission: () => Permission | null;
  readonly permissionRefused: () => void;
  readonly announce: (text: string) => void;
}

/** Shows the hashes of files, and whether they are stored already, without sending any of their bytes. */
export function createHashOnly({ api, permission, permissionRefused, announce }: HashOnlyContext): { clear(): void } {
  const section = byId('hash-only', HTMLElement);
  const list = byId('hash-list', HTMLUListElement);
  const field = byId('hash-field', HTMLInputElement);
  /** Those under way, each with what stops it. */
  const working = new Map<HashRow, AbortController>();
  /** One file at a time has all processors. */
  let turn: Promise<void> = Promise.resolve();

  byId('hash-choose', HTMLButtonElement).addEventListener('click', () => field.click());
  field.addEventListener('change', () => {
    for (const file of field.files ?? []) begin(file);
    field.value = '';
  });
  section.addEventListener('drop', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    // What is dropped here is not to be uploaded.
    event.preventDefault();
    void droppedFiles(event.dataTransfer, (name) => announce(`${name} can’t be read.`)).then((picked) => picked.forEach(({ file }) => begin(file)));
  });

  function begin(file: File): void {
    const stop = new AbortController();
    const row = new HashRow(file, () => end(row), announce);
    working.set(row, stop);
    list.append(row.root);
    turn = turn.then(() => work(file, row, stop.signal));
  }

  function end(row: HashRow): void {
    const hadFocus = row.root.contains(document.activeElement);
    working.get(row)?.abort();
    working.delete(row);
    row.root.remove();
    if (hadFocus) byId('hash-choose', HTMLButtonElement).focus();
  }

  async function work(file: File, row: HashRow, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      row.hashed(0);
      const tip = await tipHash(file, { signal });
      row.add('Tip hash', tip);
      const piece = await pieceHash(file, { signal, onProgress: (hashed) => row.hashed(hashed / file.size) });
      row.add('Piece hash', piece);
      await ask(file, tip, piece, row);
    } catch (error) {
      if (!signal.aborted) row.ended('No hash', 'bad', explainHash(error));
    }
  }

  async function ask(file: File, tip: string, piece: string, row: HashRow): Promise<void> {
    const size = formatSize(file.size);
    const held = permission();
    try {
      if (held === null) throw new Error('Nobody is signed in.');
      const isStored = (await api.askContent(held.permission, { size: file.size, tipHash: tip, pieceHash: piece })) === 'stored';
      if (isStored) row.ended('Stored already', 'good', `${size} · the server has this very content`);
      else row.ended('Not stored', 'plain', `${size} · the server does not have this content`);
    } catch (problem) {
      if (problem instanceof ApiProblem && problem.isAboutPermission) permissionRefused();
      row.ended('Hashed', 'plain', `${size} · whether it is stored is not known: ${explain(problem)}`);
    }
  }

  return {
    clear() {
      for (const row of [...working.keys()]) end(row);
    },
  };
}

function explainHash(error: unknown): string {
  if (error instanceof FujiError && error.code === 'empty') return 'The file is empty, and an empty file has no hash.';
  if (error instanceof FujiError && error.code === 'insecure') return 'The browser hashes only on pages that are loaded by HTTPS.';
  return 'The file changed, or can no longer be read, since it was chosen. Choose it again.';
}
