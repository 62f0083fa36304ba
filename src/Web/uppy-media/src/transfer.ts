import { isActive, isStored, type PartTag, type Upload } from './answers.ts';
import { codeOf, MediaProblem } from './errors.ts';
import type { Destinations } from './destination.ts';
import type { Gate } from './gate.ts';
import type { Lane, Rank } from './lanes.ts';
import type { Tell } from './news.ts';
import { PartChecksums } from './part-checksums.ts';
import { PartQueue } from './part-queue.ts';
import { PartSender } from './part-sender.ts';
import { PartUrls } from './part-urls.ts';
import { Progress } from './progress.ts';
import { goesByForm, type LocalFile } from './session-opener.ts';
import type { Shared } from './shared.ts';
import { UploadForm } from './upload-form.ts';

const mostRounds = 6;

/** Brings one upload, created or resumed, to its end: its parts into the store, then the parts together. */
export class Transfer {
  readonly #shared: Shared;
  readonly #upload: Upload;
  readonly #file: LocalFile;
  readonly #clientId: string;
  readonly #gate: Gate;
  readonly #tell: Tell;
  readonly #queue: PartQueue;
  readonly #checksums: PartChecksums | null;
  readonly #sender: PartSender;
  readonly #progress: Progress;
  readonly #rank: Rank;

  /** @throws MediaProblem `unexpected_answer` where the plan does not fit the file */
  constructor(shared: Shared, upload: Upload, file: LocalFile, clientId: string, gate: Gate, tell: Tell) {
    this.#shared = shared;
    this.#upload = upload;
    this.#file = file;
    this.#clientId = clientId;
    this.#gate = gate;
    this.#tell = tell;
    const { retry, settings } = shared;
    this.#queue = new PartQueue(upload, file.data.size);
    const sums = { file: file.data, queue: this.#queue, rooms: shared.checksumRooms, ahead: settings.urlBatch };
    this.#checksums = upload.plan.checksum === 'sha256' ? new PartChecksums(sums) : null;
    this.#rank = this.#queue.count === 1 ? 0 : 1;
    this.#progress = new Progress(this.#queue, file.data.size, retry.clock, settings.progressInterval, tell);
    this.#sender = new PartSender({
      file: file.data,
      queue: this.#queue,
      destinations: this.#destinations(),
      retry,
      stallTimeout: settings.stallTimeout,
      answerTimeout: settings.answerTimeout,
      onMoved: (bytes) => this.#progress.moved(bytes),
    });
  }

  /** Bytes that were there from the beginning. */
  get bytesThere(): number {
    return this.#queue.bytesThere;
  }

  /**
   * @returns the stored upload
   * @throws MediaProblem `upload_gone`: the session is past saving, and the file needs a new one
   */
  async run(signal: AbortSignal): Promise<Upload> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const hashing = this.#file.hashes.piece(this.#gate, both, (hashed, size) => this.#tell({ kind: 'hashing', hashed, size }));
    const comparing = this.#compareThere(both);
    // A file that can't be read any more need not be sent any further.
    for (const reading of [hashing, comparing]) reading.catch((error: unknown) => stop.abort(error));
    try {
      return await this.#toTheEnd(hashing, comparing, both);
    } finally {
      stop.abort();
    }
  }

  #destinations(): Destinations {
    const { api, fetch, put, retry, settings } = this.#shared;
    const [upload, queue, clientId] = [this.#upload, this.#queue, this.#clientId];
    // After a challenge the answer has neither form nor URLs where there is to be a form. An older server gives URLs, whatever it was asked for.
    const isAwaited = queue.hasMissing && !upload.urls?.length && goesByForm(this.#file.data.size, settings);
    if (upload.plan.strategy === 'single' && (upload.form || isAwaited)) return new UploadForm({ api, upload, clientId, retry, fetch, inMemory: () => this.#file.hashes.bytes });
    const [batch, ahead] = [settings.urlBatch, Math.ceil(settings.urlBatch / 4)];
    return new PartUrls({ api, upload, queue, clientId, retry, put, checksums: this.#checksums, batch, ahead });
  }

  /** The file may have been edited since an earlier try sent these parts: those that are others now go once more. */
  async #compareThere(signal: AbortSignal): Promise<void> {
    const { state, parts = [] } = this.#upload;
    const checksums = this.#checksums;
    if (checksums === null || state === 'Completing') return;
    for (const { part, checksum } of parts) {
      if (checksum === undefined || !this.#queue.has(part)) continue;
      if ((await this.#gate.through(signal, (run) => checksums.unhurried(part, run))) === checksum) continue;
      this.#queue.putBack([part]);
      this.#progress.changed();
    }
  }

  async #toTheEnd(hashing: Promise<string | null>, comparing: Promise<void>, signal: AbortSignal): Promise<Upload> {
    // Somebody, perhaps this very tab before it was reloaded, was putting the parts together already.
    let transfer = this.#upload.state !== 'Completing';
    for (let round = 1; ; round++) {
      try {
        if (transfer) {
          await this.#gate.through(signal, (run) => this.#sendMissing(run));
          await comparing;
          await this.#gate.through(signal, (run) => this.#sendMissing(run));
        }
        return await this.#complete(transfer, await hashing, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof MediaProblem)) throw error;
        const again = error.body.missing ?? error.body.changed ?? [];
        if (round < mostRounds && again.length > 0 && (error.code === 'parts_missing' || error.code === 'part_changed')) {
          this.#queue.putBack(again);
          this.#progress.changed();
          transfer = true;
        } else if (error.code === 'wrong_state' || error.code === 'upload_gone' || error.code === 'upload_not_found') {
          // Another client may have finished it; or a lost answer was a good one.
          const done = await this.#settle(error, signal);
          if (done) return done;
          if (round >= mostRounds) throw error;
          transfer = false;
        } else {
          throw error;
        }
      }
    }
  }

  async #sendMissing(run: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const both = AbortSignal.any([run, failed.signal]);
    const sending = new Set<Promise<void>>();
    this.#sender.prepare(both);
    try {
      while (this.#queue.hasMissing) {
        const lane = await this.#shared.lanes.acquire(this.#rank, both);
        const one = this.#sendOne(lane, both).finally(() => sending.delete(one));
        one.catch((error: unknown) => failed.abort(error));
        sending.add(one);
      }
      await Promise.all(sending);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(sending);
      // Those that stopped because one of them failed tell nothing; the failure does.
      throw run.aborted ? run.reason : failed.signal.reason;
    }
  }

  async #sendOne(lane: Lane, signal: AbortSignal): Promise<void> {
    const part = this.#queue.take();
    try {
      if (part === null) return;
      const etag = await this.#sender.send(part, lane, signal);
      const { start, end } = this.#queue.rangeOf(part);
      this.#queue.done(part, etag);
      this.#progress.arrived(end - start);
    } catch (error) {
      if (part !== null) this.#queue.putBack([part]);
      throw error;
    } finally {
      lane.release();
    }
  }

  async #complete(sent: boolean, hash: string | null, signal: AbortSignal): Promise<Upload> {
    // With its ETags a completion also notices a part that another client wrote over; some stores show none.
    const tags = sent && this.#upload.plan.strategy === 'multipart' ? this.#queue.tags() : null;
    try {
      return await this.#completeWith(tags, hash, signal);
    } catch (error) {
      if (codeOf(error) !== 'body_too_large' || tags === null) throw error;
      return this.#completeWith(null, hash, signal);
    }
  }

  #completeWith(tags: readonly PartTag[] | null, hash: string | null, signal: AbortSignal): Promise<Upload> {
    const { api, completions, retry } = this.#shared;
    const { tag, plan } = this.#upload;
    const call = () =>
      plan.strategy === 'single'
        ? completions.call({ tag, pieceHash: hash, clientId: this.#clientId }, signal)
        : api.complete(tag, tags, hash, this.#clientId, { signal });
    return this.#gate.through(signal, () => retry.call(call, signal));
  }

  /** @returns the stored upload; null where somebody is putting it together, or is not any more: ask for the end of that */
  async #settle(failure: MediaProblem, signal: AbortSignal): Promise<Upload | null> {
    const gone = () => new MediaProblem(failure.status, 'upload_gone', failure.message, null, failure.body, { cause: failure });
    if (failure.code === 'upload_not_found') throw gone();
    const { api, retry } = this.#shared;
    const now = await retry.call(() => api.get(this.#upload.tag, { signal }), signal);
    if (isStored(now.state)) return now;
    if (now.state === 'Aborted') throw new MediaProblem(failure.status, 'upload_aborted', 'The upload was aborted meanwhile.');
    if (isActive(now.state) && failure.code === 'wrong_state') return null;
    throw gone();
  }
}
