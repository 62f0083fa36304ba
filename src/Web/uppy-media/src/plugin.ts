import { BasePlugin, type Body, type Meta, type PluginOpts, type Uppy, type UppyFile } from '@uppy/core';
import { codeOf, isLocked, MediaProblem } from './errors.ts';
import type { FileUpload, UploadOutcome } from './file-upload.ts';
import type { UploadNews } from './news.ts';
import './plugin-events.ts';
import { MediaUploader, type UploaderOptions } from './uploader.ts';

/** Options of the plugin: Uppy's own and the uploader's. */
export type UppyMediaOptions = PluginOpts & UploaderOptions;

/** What Uppy's `response.body` has of a file that is uploaded. */
export interface MediaBody extends Body {
  readonly tag: string;
  readonly key: string;
  /** The file in the catalog; null where verification was not waited for. */
  readonly fileId: string | null;
  readonly status: UploadOutcome['status'];
  readonly tipHash: string | null;
  readonly pieceHash: string | null;
}

declare module '@uppy/core' {
  interface PluginTypeRegistry<M extends Meta, B extends Body> {
    /** What `getPlugin('UppyMedia')` gives. */
    UppyMedia: UppyMedia<M, B>;
  }
}

/** An Uppy uploader that sends files to Media. It maps Uppy's files and buttons to a {@link MediaUploader} and tells Uppy how they fare. */
export class UppyMedia<M extends Meta = Meta, B extends Body = Body> extends BasePlugin<UppyMediaOptions, M, B> {
  static readonly VERSION = '0.1.0';

  readonly #uploader: MediaUploader;
  readonly #running = new Map<string, FileUpload>();
  /** Tags of uploads that another client holds, by file. */
  readonly #locked = new Map<string, string>();

  constructor(uppy: Uppy<M, B>, options: UppyMediaOptions) {
    super(uppy, options);
    this.id = options.id ?? 'UppyMedia';
    this.type = 'uploader';
    this.#uploader = new MediaUploader(options);
  }

  override install(): void {
    this.#setCapabilities(true);
    this.uppy.addUploader(this.#upload);
    this.uppy.on('upload-pause', this.#onPause);
    this.uppy.on('pause-all', this.#onPauseAll);
    this.uppy.on('resume-all', this.#onResumeAll);
    this.uppy.on('file-removed', this.#onRemoved);
  }

  /** Stops what is on its way; the server keeps what is there, to be resumed. */
  override uninstall(): void {
    this.uppy.removeUploader(this.#upload);
    this.uppy.off('upload-pause', this.#onPause);
    this.uppy.off('pause-all', this.#onPauseAll);
    this.uppy.off('resume-all', this.#onResumeAll);
    this.uppy.off('file-removed', this.#onRemoved);
    this.#setCapabilities(false);
    for (const upload of this.#running.values()) upload.stop();
    this.#running.clear();
    this.#uploader.close();
  }

  /** Takes a file's upload over from the client that `media:locked` told of, and goes on with it here. */
  async takeOver(fileId: string): Promise<void> {
    const tag = this.#locked.get(fileId);
    if (tag === undefined) throw new Error('No other client is known to hold this file’s upload.');
    try {
      await this.#uploader.takeOver(tag);
    } catch (error) {
      // It came to an end meanwhile: uploading the file shows which.
      if (!['wrong_state', 'upload_not_found', 'upload_gone'].includes(codeOf(error) ?? '')) throw error;
    }
    this.#locked.delete(fileId);
    await this.uppy.retryUpload(fileId);
  }

  readonly #upload = async (fileIds: string[]): Promise<void> => {
    const files = fileIds.map((id) => this.uppy.getFile(id)).filter((file) => file && !file.progress.uploadComplete);
    this.uppy.emit(
      'upload-start',
      files.filter((file) => !file.progress.uploadStarted || !file.isRestored),
    );
    await Promise.all(files.map((file) => this.#uploadOne(file)));
  };

  async #uploadOne(file: UppyFile<M, B>): Promise<void> {
    const { id, data } = file;
    if (!(data instanceof Blob)) {
      this.#failed(id, new MediaProblem(0, 'no_data', 'The file has to be chosen again: the browser does not have its bytes.'));
      return;
    }
    this.#locked.delete(id);
    const name = (file.meta.name || file.name) as string;
    const upload = this.#uploader.upload(data, { name, type: file.type ?? '' }, (news) => this.#tell(id, upload, news));
    this.#running.set(id, upload);
    if (this.#find(id)?.isPaused) upload.pause();
    try {
      this.#succeeded(id, await upload.done);
    } catch (error) {
      // Uppy ended it itself, by removing the file or the plugin.
      if (this.#running.get(id) === upload) this.#failed(id, error);
    } finally {
      if (this.#running.get(id) === upload) this.#running.delete(id);
    }
  }

  #tell(id: string, upload: FileUpload, news: UploadNews): void {
    const file = this.#find(id);
    if (!file || this.#running.get(id) !== upload) return;
    switch (news.kind) {
      case 'hashing':
        this.uppy.emit('media:hashing', file, { hashed: news.hashed, size: news.size });
        break;
      case 'uploading':
        this.uppy.emit('media:uploading', file, { tag: news.upload.tag, key: news.upload.key, resumed: news.resumed, bytesThere: news.there });
        this.#progressed(file, news.there);
        break;
      case 'progress':
        this.#progressed(file, news.sent);
        break;
      case 'verifying':
        this.uppy.emit('media:verifying', file, { tag: news.upload.tag, verified: news.verified, size: news.size });
        break;
    }
  }

  #progressed(file: UppyFile<M, B>, bytes: number): void {
    const { size } = file;
    // Uppy takes no more news of a file that has reached 100 %; the last byte counts when the server has the file.
    const bytesUploaded = size ? Math.min(bytes, Math.ceil(size * 0.995) - 1) : bytes;
    this.uppy.emit('upload-progress', file, {
      uploadStarted: file.progress.uploadStarted ?? 0,
      bytesUploaded: Math.max(0, bytesUploaded),
      bytesTotal: size,
    });
  }

  #succeeded(id: string, { status, upload, tipHash, pieceHash, resumed }: UploadOutcome): void {
    const file = this.#find(id);
    if (!file) return;
    const { tag, key, fileId } = upload;
    if (status !== 'stored') {
      this.uppy.emit(status === 'verified' ? 'media:verified' : 'media:duplicate', file, { tag, fileId, tipHash, pieceHash, resumed });
    }
    const body: MediaBody = { tag, key, fileId, status, tipHash, pieceHash };
    this.uppy.emit('upload-success', file, { status: 200, body: body as unknown as B, ...(file.size !== null && { bytesUploaded: file.size }) });
  }

  #failed(id: string, reason: unknown): void {
    const file = this.#find(id);
    if (!file) return;
    const error = reason instanceof Error ? reason : new Error(String(reason));
    if (isLocked(error)) {
      const { tag = this.#running.get(id)?.tag ?? null, holder = null, heldSince = null, until = null } = error.body;
      if (tag !== null) this.#locked.set(id, tag);
      this.uppy.emit('media:locked', file, { tag, holder, heldSince, until, lost: error.code === 'lease_lost' });
    } else if (codeOf(error) === 'mismatched') {
      this.uppy.emit('media:mismatched', file, { tag: this.#running.get(id)?.tag ?? null, reason: error.message });
    }
    this.uppy.emit('upload-error', file, error);
  }

  /** Uppy's type says that a file is always found. */
  #find(id: string): UppyFile<M, B> | undefined {
    return this.uppy.getFile(id) as UppyFile<M, B> | undefined;
  }

  readonly #onPause = (file: UppyFile<M, B> | undefined, isPaused: boolean): void => {
    const upload = file && this.#running.get(file.id);
    if (isPaused) upload?.pause();
    else upload?.resume();
  };

  readonly #onPauseAll = (): void => {
    for (const upload of this.#running.values()) upload.pause();
  };

  readonly #onResumeAll = (): void => {
    for (const upload of this.#running.values()) upload.resume();
  };

  readonly #onRemoved = ({ id }: UppyFile<M, B>): void => {
    const upload = this.#running.get(id);
    this.#running.delete(id);
    this.#locked.delete(id);
    void upload?.cancel();
  };

  #setCapabilities(value: boolean): void {
    const { capabilities } = this.uppy.getState();
    this.uppy.setState({ capabilities: { ...capabilities, resumableUploads: value, individualCancellation: true, uploadProgress: true } });
  }
}
