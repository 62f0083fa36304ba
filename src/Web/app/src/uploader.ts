import Uppy, { type Meta, type UppyFile } from '@uppy/core';
import AwsS3, { type AwsBody } from '@uppy/aws-s3';
import Dashboard from '@uppy/dashboard';
import '@uppy/core/css/style.min.css';
import '@uppy/dashboard/css/style.min.css';
import type { Permission } from './api.ts';
import { formatLimits } from './format.ts';
import { partSizeFor } from './part-size.ts';
import { Retries, verdictOf, type Verdict } from './retries.ts';

/** What the page wants of whatever uploads. Everything that knows Uppy is in this file. */
export interface Uploader {
  /** Files are on their way; leaving the page would stop them. */
  readonly busy: boolean;
  /** The object keys that this page itself is uploading to. */
  readonly activeKeys: ReadonlySet<string>;
  /** Goes on with a fresh permission of the same user; what failed for want of one is tried again. */
  renew(permission: Permission): Promise<void>;
  /** Stops what is on its way, aborts it on the server and takes the widget off the page. */
  destroy(): void;
}

export interface UploaderEvents {
  /**
   * A file is in the bucket.
   * @param postedKey the object's key, where it went there by a form and the server has not been told
   */
  uploaded(fileName: string, postedKey: string | null): void;
  /** An upload began, failed or was cancelled: the server's list of unfinished ones may have changed. */
  changed(): void;
  /** The server no longer accepts the permission. */
  permissionRefused(): void;
  /** Asks the server whether it answers and whether it still accepts the permission. */
  probe(): Promise<Extract<Verdict, 'permission' | 'unreachable' | 'answering'>>;
}

type File = UppyFile<Meta, AwsBody>;

/** Shows Uppy's Dashboard in `target`; files go to S3 by presigned multipart URLs from the server's Companion door. */
export function createUploader(target: HTMLElement, permission: Permission, events: UploaderEvents): Uploader {
  const retries = new Retries();
  const waiting = new Map<string, number>();
  const wantingPermission = new Set<string>();

  const uppy = new Uppy<Meta, AwsBody>({
    restrictions: restrictionsOf(permission),
    locale: {
      strings: {},
      pluralize: (count) => (count === 1 ? 0 : 1),
    },
  });
  uppy.use(Dashboard, {
    target,
    inline: true,
    theme: 'auto',
    width: '100%',
    height: 360,
    proudlyDisplayPoweredByUppy: false,
    showLinkToFileUploadResult: false,
    hideProgressDetails: false,
    note: formatLimits(permission.limits),
    locale: { strings: { dashboardTitle: 'Files to upload' } },
  });
  useS3(permission);

  uppy.on('upload-success', (file, { body }) => {
    if (file) retries.progressed(file.id);
    // An empty file has no part, so it went by a form.
    events.uploaded(file?.name ?? '', file?.size === 0 && typeof body?.key === 'string' ? body.key : null);
  });
  uppy.on('s3-multipart:part-uploaded', (file) => retries.progressed(file.id));
  uppy.on('upload-error', (file, error) => void (file && failed(file, error.message)));
  uppy.on('file-removed', (file) => {
    forget(file.id);
    events.changed();
  });
  uppy.on('upload', () => events.changed());

  // The network is back: no reason to sit out the rest of a wait.
  const online = () => [...waiting.keys()].forEach(again);
  window.addEventListener('online', online);

  function useS3({ permission: sealed }: Permission): void {
    uppy.use(AwsS3, {
      companionEndpoint: `${location.origin}/companion/${encodeURIComponent(sealed)}`,
      shouldUseMultipart: true,
      getChunkSize: ({ size }) => partSizeFor(size),
    });
  }

  async function failed(file: File, message: string): Promise<void> {
    const verdict = verdictOf(message) ?? (navigator.onLine ? await events.probe() : 'unreachable');
    // While the answer was under way, the file may have been removed, or tried again by hand.
    if (!isFailed(file.id)) return;
    if (verdict === 'gone') uppy.setFileState(file.id, { s3Multipart: undefined });
    if (verdict === 'permission') {
      wantingPermission.add(file.id);
      events.permissionRefused();
      return;
    }
    const wait = retries.next(file.id, verdict);
    if (wait === null) {
      events.changed();
      return;
    }
    if (verdict === 'unreachable') uppy.info('The connection is lost. The upload goes on by itself when it is back.', 'warning', wait + 2_000);
    waiting.set(file.id, window.setTimeout(() => again(file.id), wait));
  }

  function again(id: string): void {
    const offline = !navigator.onLine;
    // The browser says when it is online again; a try before that only fails.
    if (offline && waiting.has(id)) return;
    forget(id);
    if (isFailed(id)) uppy.retryUpload(id).catch(() => undefined);
  }

  function forget(id: string): void {
    window.clearTimeout(waiting.get(id));
    waiting.delete(id);
    wantingPermission.delete(id);
  }

  function isFailed(id: string): boolean {
    // Uppy's type says that a file is always found.
    return Boolean((uppy.getFile(id) as File | undefined)?.error);
  }

  function isBusy(): boolean {
    return waiting.size > 0 || wantingPermission.size > 0 || Object.keys(uppy.getState().currentUploads).length > 0;
  }

  /** Resolves when nothing is under way, so that the plugin can be exchanged without aborting anything. */
  async function settled(): Promise<void> {
    const idle = () => Object.keys(uppy.getState().currentUploads).length === 0;
    // A paused file would never come to its end.
    if (uppy.getFiles().some((file) => file.isPaused)) uppy.resumeAll();
    if (idle()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!idle()) return;
        uppy.off('state-update', look);
        resolve();
      };
      uppy.on('state-update', look);
    });
  }

  return {
    get busy() {
      return isBusy();
    },

    get activeKeys() {
      const keys = uppy.getFiles().flatMap((file) => ('s3Multipart' in file && file.s3Multipart ? [file.s3Multipart.key] : []));
      return new Set(keys);
    },

    async renew(fresh) {
      await settled();
      const plugin = uppy.getPlugin('AwsS3');
      if (plugin) uppy.removePlugin(plugin);
      useS3(fresh);
      uppy.setOptions({ restrictions: restrictionsOf(fresh) });
      [...wantingPermission].forEach(again);
    },

    destroy() {
      window.removeEventListener('online', online);
      [...waiting.keys()].forEach(forget);
      uppy.destroy();
    },
  };
}

function restrictionsOf({ limits }: Permission) {
  return {
    maxFileSize: limits.maxSize,
    maxNumberOfFiles: limits.maxFiles,
    allowedFileTypes: limits.contentTypes.includes('*/*') ? null : [...limits.contentTypes],
  };
}
