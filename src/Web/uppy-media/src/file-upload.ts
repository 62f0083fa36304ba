import { isStored, type Upload } from './answers.ts';
import { codeOf, isLocked, MediaProblem, unexpected } from './errors.ts';
import { Gate } from './gate.ts';
import { LeaseKeeper } from './lease.ts';
import type { Tell } from './news.ts';
import { SessionOpener, type LocalFile, type Opened } from './session-opener.ts';
import type { Shared } from './shared.ts';
import { Transfer } from './transfer.ts';

/** How an upload ended well. */
export interface UploadOutcome {
  /** `stored` where verification is not waited for; `duplicate` where the content was there before. */
  readonly status: 'verified' | 'duplicate' | 'stored';
  readonly upload: Upload;
  /** Whether an earlier try was gone on with. */
  readonly resumed: boolean;
  /** As computed from the file; null for an empty one, and where there is no hashing. */
  readonly tipHash: string | null;
  readonly pieceHash: string | null;
}

/** So many sessions are begun for one file: those before were lost by the store, or are another file's. */
const mostSessions = 3;

/** How long an abort is worth trying, in tries; the server gives up what nobody touches. */
const abortTries = 3;

/**
 * One file on its way: hashed, opened, sent, completed and verified. It can be paused and gone on with at any time; it ends by itself, by
 * `cancel`, which aborts it on the server, or by `stop`, which leaves it there to be resumed.
 */
export class FileUpload {
  /** The outcome, or why there is none. */
  readonly done: Promise<UploadOutcome>;
  readonly #shared: Shared;
  readonly #file: LocalFile;
  readonly #tell: Tell;
  readonly #gate = new Gate();
  readonly #end = new AbortController();
  #tag: string | null = null;

  constructor(shared: Shared, file: LocalFile, tell: Tell) {
    this.#shared = shared;
    this.#file = file;
    this.#tell = tell;
    this.done = this.#run(this.#end.signal).finally(() => file.hashes.close());
    this.done.catch(() => {});
  }

  /** Its name, once it has one. */
  get tag(): string | null {
    return this.#tag;
  }

  get isPaused(): boolean {
    return this.#gate.isPaused;
  }

  /** Halts hashing and parts. The lease is kept. */
  pause(): void {
    this.#gate.pause();
  }

  resume(): void {
    this.#gate.resume();
  }

  /** Ends it here; the server keeps what is there, to be resumed. */
  stop(): void {
    this.#end.abort(new DOMException('The upload was stopped.', 'AbortError'));
  }

  /** Ends it here and on the server, unless it is stored. */
  async cancel(): Promise<void> {
    this.#end.abort(new DOMException('The upload was cancelled.', 'AbortError'));
    const ended = await this.done.catch((error: unknown) => error);
    // Another client's is not ours to abort.
    if (this.#tag === null || isLocked(ended)) return;
    const { api, retry, clientId } = this.#shared;
    const client = await clientId();
    for (let left = abortTries; left > 0; left--) {
      try {
        await api.abort(this.#tag, client);
        return;
      } catch (error) {
        if (error instanceof MediaProblem && error.status < 500) return;
        await retry.clock.sleep(retry.pauseAfter(abortTries - left + 1, null));
      }
    }
  }

  async #run(signal: AbortSignal): Promise<UploadOutcome> {
    // Small files are in memory from here until they are stored.
    const leaveOpen = await this.#shared.open.enter(signal);
    let endTurn = () => {};
    try {
      const tipHash = await this.#file.hashes.tip();
      if (tipHash !== null) endTurn = await this.#shared.contents.take(`${this.#file.data.size}:${tipHash}`, signal);
      const { upload, resumed } = await this.#store(signal);
      this.#file.hashes.release();
      leaveOpen();
      const ended = await this.#verify(upload, signal);
      const pieceHash = this.#file.hashes.knownPiece;
      return { status: statusOf(ended, pieceHash), upload: ended, resumed, tipHash, pieceHash };
    } finally {
      endTurn();
      leaveOpen();
    }
  }

  async #store(signal: AbortSignal): Promise<Opened> {
    const { api, retry, news, leaseStream, clientId } = this.#shared;
    const client = await clientId();
    const leaseOptions = { api, retry, news, leaseStream, clientId: client };
    const opener = new SessionOpener(this.#shared, this.#file, this.#gate, this.#tell);
    for (let sessions = 1; ; sessions++) {
      const { upload, resumed } = await opener.open(signal);
      this.#tag = upload.tag;
      if (isStored(upload.state)) return { upload, resumed };
      const transfer = new Transfer(this.#shared, upload, this.#file, client, this.#gate, this.#tell);
      this.#tell({ kind: 'uploading', upload, resumed, there: transfer.bytesThere });
      try {
        return { upload: await LeaseKeeper.work(upload, leaseOptions, signal, (held) => transfer.run(held)), resumed };
      } catch (error) {
        if (sessions >= mostSessions || signal.aborted) throw error;
        if (codeOf(error) === 'upload_gone') {
          // Out of the way first, or the next creation resumes what is gone.
          await api.abort(upload.tag, client, { signal }).catch(() => {});
        } else if (codeOf(error) !== 'hash_conflict' || this.#file.hashes.knownPiece === null) {
          throw error;
        }
        // Of a conflict: what was resumed is of a file that differs in its middle. Told the piece hash, the server opens this one's own.
      }
    }
  }

  async #verify(upload: Upload, signal: AbortSignal): Promise<Upload> {
    const { verification, settings } = this.#shared;
    const { size } = this.#file.data;
    if (!settings.waitForVerification || (upload.state !== 'Stored' && upload.state !== 'Verifying')) return upload;
    this.#tell({ kind: 'verifying', upload, verified: 0, size });
    return verification.wait(upload, signal, (verified) => this.#tell({ kind: 'verifying', upload, verified, size }));
  }
}

/** Nothing is believed because the server says so, either: what it found has to be this file. */
function statusOf(upload: Upload, pieceHash: string | null): UploadOutcome['status'] {
  const isOther = upload.actual !== null && pieceHash !== null && upload.actual.pieceHash !== pieceHash;
  switch (upload.state) {
    case 'Mismatched':
      throw new MediaProblem(0, 'mismatched', upload.reason ?? 'The stored bytes are not the ones that were promised.');
    case 'Verified':
    case 'Duplicate':
      if (isOther) throw new MediaProblem(0, 'mismatched', 'Another client has completed this upload with a file that differs from this one.');
      return upload.state === 'Verified' ? 'verified' : 'duplicate';
    case 'Stored':
    case 'Verifying':
      return 'stored';
    case 'Failed':
      throw new MediaProblem(0, 'upload_failed', upload.reason ?? 'The server could not keep the file.');
    default:
      throw unexpected(`The upload is ${upload.state}, which does not follow from being stored.`);
  }
}
