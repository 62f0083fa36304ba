import { isActive, type Challenge, type NewUpload, type Upload } from './answers.ts';
import { challengeDigest } from './challenge.ts';
import { unexpected } from './errors.ts';
import type { FileHashes } from './file-hashes.ts';
import type { Gate } from './gate.ts';
import { LeaseKeeper } from './lease.ts';
import type { Tell } from './news.ts';
import type { Settings, Shared } from './shared.ts';

/** The file that an upload is opened for. */
export interface LocalFile {
  readonly data: Blob;
  readonly name: string;
  /** Media type; empty where it is not known. */
  readonly type: string;
  readonly hashes: FileHashes;
}

/** An upload to send parts to, or one that is a duplicate already; and whether an earlier try is gone on with. */
export interface Opened {
  readonly upload: Upload;
  readonly resumed: boolean;
}

/** Whether a form is wanted for a file of so many bytes. */
export const goesByForm = (size: number, { formsUpTo }: Settings): boolean => formsUpTo > 0 && size <= formsUpTo;

/** After so many answers the challenge is turned down, and the file goes its usual way. */
const mostRounds = 4;

/**
 * Opens an upload and spares what is stored already. Nothing is spared on the word of a tip hash: the server may know a session by it whose
 * piece hash is another file's.
 */
export class SessionOpener {
  readonly #shared: Shared;
  readonly #file: LocalFile;
  readonly #gate: Gate;
  readonly #tell: Tell;

  constructor(shared: Shared, file: LocalFile, gate: Gate, tell: Tell) {
    this.#shared = shared;
    this.#file = file;
    this.#gate = gate;
    this.#tell = tell;
  }

  async open(signal: AbortSignal): Promise<Opened> {
    const { hashes } = this.#file;
    if (hashes.isQuick) await this.#hash(signal);
    let first: string | null = null;
    let resumed = false;
    for (let round = 1; ; round++) {
      const told = hashes.knownPiece;
      const upload = await this.#create(told, signal);
      // Opening it once more, to tell the piece hash, does not make it an earlier try's.
      if (upload.tag !== first) [first, resumed] = [upload.tag, upload.status === 'resumed'];
      const { state, challenge } = upload;
      if (state !== 'Duplicate' && !challenge && !(upload.possibleDuplicate && told === null)) return { upload, resumed };

      // The server knows a content of this size and tip: most likely this one, and then hashing costs less than sending.
      const hash = isActive(state) ? await this.#holding(upload, signal, (held) => this.#hash(held)) : await this.#hash(signal);
      const isThisFile = hash !== null && (upload.pieceHash ?? upload.actual?.pieceHash) === hash;
      if (isThisFile && state === 'Duplicate') return { upload, resumed };
      const isAsked = challenge !== undefined && (this.#shared.api.timeUntil(challenge.expiresAt) ?? 1) > 0;
      if (isAsked && isThisFile && round <= mostRounds) return { upload: await this.#answer(upload, challenge, signal), resumed };
      if (state === 'Duplicate' && told !== null) throw unexpected('The server takes the file for another one.');
      if (challenge && (told !== null || hash === null) && (!isThisFile || round > mostRounds)) {
        return { upload: await this.#answer(upload, null, signal), resumed };
      }
      if (round > mostRounds) return { upload, resumed };
    }
  }

  async #create(pieceHash: string | null, signal: AbortSignal): Promise<Upload> {
    const { creations, retry, settings, clientId } = this.#shared;
    const tipHash = await this.#file.hashes.tip();
    const wish: NewUpload = {
      fileName: this.#file.name,
      contentType: this.#file.type,
      size: this.#file.data.size,
      tipHash,
      pieceHash,
      partSize: settings.partSize,
      clientId: await clientId(),
      ...(goesByForm(this.#file.data.size, settings) ? { form: true } : settings.checksums && tipHash !== null && { checksum: 'sha256' }),
    };
    // A pause keeps it from beginning; one that has begun is worth its answer.
    return this.#gate.through(signal, () => retry.call(() => creations.call(wish, signal), signal));
  }

  async #answer(upload: Upload, challenge: Challenge | null, signal: AbortSignal): Promise<Upload> {
    const { api, retry, clientId } = this.#shared;
    const digest = challenge && (await challengeDigest(this.#file.data, challenge));
    const client = await clientId();
    return this.#gate.through(signal, () => retry.call(() => api.answerChallenge(upload.tag, digest, client, { signal }), signal));
  }

  #hash(signal: AbortSignal): Promise<string | null> {
    return this.#file.hashes.piece(this.#gate, signal, (hashed, size) => this.#tell({ kind: 'hashing', hashed, size }));
  }

  async #holding<T>(upload: Upload, signal: AbortSignal, work: (held: AbortSignal) => Promise<T>): Promise<T> {
    const { api, retry, news, leaseStream, clientId } = this.#shared;
    return LeaseKeeper.work(upload, { api, retry, news, leaseStream, clientId: await clientId() }, signal, work);
  }
}
