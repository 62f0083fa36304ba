import type { NewUpload, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { Clock } from './clock.ts';
import { MediaProblem, unexpected } from './errors.ts';

interface Wish {
  readonly upload: NewUpload;
  readonly resolve: (upload: Upload) => void;
  readonly reject: (reason: unknown) => void;
  /** Nobody wants it any more. */
  isAbandoned: boolean;
}

/** How creations are gathered. */
export interface BatcherOptions {
  /** Most creations of one request, at most 1 000. */
  readonly most: number;
  /** Most of one that is sent while no other is under way: the sooner it is answered, the sooner the first part goes. */
  readonly first: number;
  /** Requests under way at once at most. */
  readonly atOnce: number;
  /** For how long the first waits for others, in milliseconds. */
  readonly wait: number;
}

/** Creates many uploads by few requests: those that are wished for within a moment, or while requests are under way, go together. */
export class CreationBatcher {
  readonly #api: UploadsApi;
  readonly #clock: Clock;
  readonly #options: BatcherOptions;
  #wishes: Wish[] = [];
  #isGathering = false;
  #underWay = 0;

  constructor(api: UploadsApi, clock: Clock, options: BatcherOptions) {
    this.#api = api;
    this.#clock = clock;
    this.#options = options;
  }

  /** Creates one upload, or resumes it. Throws as the call itself would, or the signal's reason: what is created after that is aborted. */
  create(upload: NewUpload, signal: AbortSignal): Promise<Upload> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => {
        this.#wishes = this.#wishes.filter((other) => other !== wish);
        wish.isAbandoned = true;
        reject(signal.reason);
      };
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', leave);
          settle(value);
        };
      const wish: Wish = { upload, resolve: end(resolve), reject: end(reject), isAbandoned: false };
      signal.addEventListener('abort', leave, { once: true });
      this.#wishes.push(wish);
      void this.#gather();
    });
  }

  async #gather(): Promise<void> {
    const { wait, most, first, atOnce } = this.#options;
    if (this.#isGathering || this.#underWay >= atOnce) return;
    this.#isGathering = true;
    await this.#clock.sleep(wait);
    this.#isGathering = false;
    while (this.#wishes.length > 0 && this.#underWay < atOnce) {
      const together = this.#wishes.splice(0, this.#underWay === 0 ? Math.min(first, most) : most);
      this.#underWay++;
      void this.#send(together).finally(() => {
        this.#underWay--;
        if (this.#wishes.length > 0) void this.#gather();
      });
    }
  }

  async #send(wishes: readonly Wish[]): Promise<void> {
    try {
      if (wishes.length === 1) {
        this.#settle(wishes[0]!, await this.#api.create(wishes[0]!.upload));
        return;
      }
      const answers = await this.#api.createMany(wishes.map((wish) => wish.upload));
      if (answers.length !== wishes.length) throw unexpected('The server did not answer every row of a batch.');
      wishes.forEach((wish, row) => {
        const answer = answers[row]!;
        if (answer instanceof MediaProblem) wish.reject(answer);
        else this.#settle(wish, answer);
      });
    } catch (error) {
      for (const wish of wishes) wish.reject(error);
    }
  }

  #settle(wish: Wish, upload: Upload): void {
    // One that was resumed was begun at another time, by somebody who may want it still.
    if (wish.isAbandoned && upload.status === 'created') this.#api.abort(upload.tag, wish.upload.clientId).catch(() => {});
    else wish.resolve(upload);
  }
}
