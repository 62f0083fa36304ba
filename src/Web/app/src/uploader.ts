import Uppy, { type Meta, type UppyFile } from '@uppy/core';
import UppyMedia, { Unreachable, xhrPut, type MediaBody, type PermissionSource } from '@media/uppy-media';
import type { Limits } from './api.ts';
import { refusalOf, type Picked } from './intake/picked.ts';
import { describeHolder, whoIs } from './transfers/holders.ts';
import { explainFailure, explainMismatch } from './transfers/explain.ts';
import type { LineWatch } from './transfers/line-watch.ts';
import { isUnderWay } from './transfers/transfer.ts';
import type { Transfers } from './transfers/transfers.ts';

/** What the page wants of whatever uploads. Everything that knows Uppy is in this file. */
export interface Uploader {
  /**
   * Takes files and begins to upload them.
   * @returns why some were not taken, in words; and the ids of those that were
   */
  add(picked: readonly Picked[]): Added;
  pause(id: string): void;
  resume(id: string): void;
  pauseAll(): void;
  resumeAll(): void;
  /** Tries once more what failed, from where it had got. */
  retry(id: string): void;
  /** Tries once more what failed for want of an answer. */
  retryUnanswered(): void;
  /** Takes a file's upload from the client that has it. */
  takeOver(id: string): Promise<void>;
  /** Ends a file's upload, here and on the server, unless it is stored; and takes it off the list. */
  remove(id: string): void;
  /** Ends all that is on its way, here and on the server. */
  destroy(): void;
}

/** What became of files that the uploader was given. */
export interface Added {
  readonly refused: readonly string[];
  /** For each that was taken, its id among the transfers. */
  readonly taken: ReadonlyMap<Picked, string>;
}

/** What the uploader works with. */
export interface UploaderContext {
  readonly transfers: Transfers;
  readonly line: LineWatch;
  readonly limits: () => Limits;
  readonly permission: PermissionSource;
  readonly clientId: () => Promise<string>;
  /** Whether a file's upload may be taken from a client without asking the person: nobody is there any more. */
  readonly mayTakeOver: (holder: string) => Promise<boolean>;
}

/** Meta data of Uppy's that carries the page's own. */
type FileMeta = Meta & { readonly transferId: string };
type File = UppyFile<FileMeta, MediaBody>;

/** Uploads files by Media's own plugin of Uppy, and keeps the transfers true to how they fare. */
export function createUploader({ transfers, line, limits, permission, clientId, mayTakeOver }: UploaderContext): Uploader {
  const uppy = new Uppy<FileMeta, MediaBody>({
    autoProceed: true,
    // The same file may be sent again: the server says what becomes of it.
    onBeforeFileAdded: (file) => ({ ...file, id: file.meta.transferId }),
  });
  uppy.use(UppyMedia, {
    permission,
    platform: { fetch: line.fetch(window.fetch.bind(window)), put: line.put(xhrPut()), clientId },
  });
  let count = 0;
  /** Files that were given up because nobody answered for too long. */
  const unanswered = new Set<string>();

  uppy.on('media:hashing', (file, { hashed }) => {
    const state = transfers.get(file.id)?.state;
    transfers.change(file.id, { hashed, ...(state === 'waiting' && { state: 'hashing' as const }) });
  });
  uppy.on('media:uploading', (file, { tag, bytesThere }) => transfers.change(file.id, { state: 'uploading', tag, sent: bytesThere }));
  uppy.on('upload-progress', (file, { bytesUploaded }) => {
    const transfer = file && transfers.get(file.id);
    if (transfer?.state !== 'uploading' || !bytesUploaded) return;
    transfers.change(transfer.id, { sent: bytesUploaded, hasSent: transfer.hasSent || bytesUploaded > transfer.sent });
  });
  uppy.on('media:verifying', (file, { tag, verified }) => transfers.change(file.id, { state: 'verifying', tag, verified, sent: file.size ?? 0 }));
  uppy.on('media:verified', (file, { tag }) => transfers.change(file.id, { state: 'verified', tag }));
  uppy.on('media:duplicate', (file, { tag }) => transfers.change(file.id, { state: 'duplicate', tag }));
  uppy.on('media:mismatched', (file, { reason }) => transfers.change(file.id, { state: 'mismatched', problem: explainMismatch(reason) }));
  uppy.on('media:locked', (file, { tag, holder, heldSince, lost }) => {
    transfers.change(file.id, { state: 'locked', tag, problem: describeHolder(null, heldSince, lost) });
    void locked(file, holder, heldSince, lost);
  });
  uppy.on('upload-error', (file, error) => {
    const state = file && transfers.get(file.id)?.state;
    if (file && error instanceof Unreachable) unanswered.add(file.id);
    // What is said already is said better.
    if (file && state !== 'mismatched' && state !== 'locked') transfers.change(file.id, { state: 'failed', problem: explainFailure(error) });
  });
  uppy.on('file-removed', ({ id }) => transfers.remove(id));
  uppy.on('upload-pause', (file, isPaused) => file && transfers.change(file.id, { isPaused }));
  uppy.on('pause-all', () => pausedAll(true));
  uppy.on('resume-all', () => pausedAll(false));

  async function locked(file: File, holder: string | null, since: string | null, lost: boolean): Promise<void> {
    if (holder === null) return;
    if (!lost && (await mayTakeOver(holder))) {
      await takeOver(file.id);
      return;
    }
    const who = await whoIs(holder);
    if (transfers.get(file.id)?.state === 'locked') transfers.change(file.id, { problem: describeHolder(who, since, lost) });
  }

  async function takeOver(id: string): Promise<void> {
    const plugin = uppy.getPlugin<UppyMedia<FileMeta, MediaBody>>('UppyMedia');
    transfers.change(id, { state: 'waiting', problem: '' });
    try {
      await plugin?.takeOver(id);
    } catch (error) {
      // The upload's own failure is told by Uppy, and Uppy's promise does not fail for it.
      if (transfers.get(id)?.state === 'waiting') transfers.change(id, { state: 'failed', problem: explainFailure(error) });
    }
  }

  function retry(id: string): void {
    unanswered.delete(id);
    transfers.change(id, { state: 'waiting', isPaused: false, problem: '', hashed: 0, sent: 0, verified: 0 });
    uppy.retryUpload(id).catch(() => undefined);
  }

  function pausedAll(isPaused: boolean): void {
    for (const transfer of transfers.all) if (isUnderWay(transfer)) transfers.change(transfer.id, { isPaused });
  }

  function setPaused(id: string, isPaused: boolean): void {
    const transfer = transfers.get(id);
    if (transfer && isUnderWay(transfer) && transfer.isPaused !== isPaused) uppy.pauseResume(id);
  }

  return {
    add(picked) {
      const refused: string[] = [];
      const taken = new Map<Picked, string>();
      for (const one of picked) {
        const refusal = refusalOf(one.file, limits()) ?? twice(one);
        if (refusal !== null) {
          refused.push(refusal);
          continue;
        }
        const id = `file-${++count}`;
        transfers.add({ id, name: one.file.name, folder: one.folder, size: one.file.size, tag: one.tag });
        taken.set(one, id);
      }
      uppy.addFiles([...taken].map(([{ file }, transferId]) => ({ name: file.name, type: file.type, data: file, meta: { transferId } as FileMeta })));
      return { refused, taken };
    },
    pause: (id) => setPaused(id, true),
    resume: (id) => setPaused(id, false),
    pauseAll: () => uppy.pauseAll(),
    resumeAll: () => uppy.resumeAll(),
    retry,
    retryUnanswered() {
      for (const id of unanswered) if (transfers.get(id)?.state === 'failed') retry(id);
      unanswered.clear();
    },
    takeOver,
    remove: (id) => uppy.removeFile(id),
    destroy() {
      uppy.destroy();
      for (const { id } of transfers.all) transfers.remove(id);
    },
  };

  /** The very same file, chosen again while it is on its way. */
  function twice({ file, folder }: Picked): string | null {
    const isThere = uppy.getFiles().some(({ id, data }) => {
      const transfer = transfers.get(id);
      if (!transfer || !isUnderWay(transfer) || transfer.folder !== folder || !(data instanceof globalThis.File)) return false;
      return data.name === file.name && data.size === file.size && data.lastModified === file.lastModified;
    });
    return isThere ? `${file.name} is being uploaded already.` : null;
  }
}
