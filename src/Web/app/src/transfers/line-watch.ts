import { Stalled, type Put } from '@media/uppy-media';
import type { LineState } from './words.ts';

/** A request that fails alone may be the line's hiccup: milliseconds before somebody looks. */
const patience = 1_000;

/** How often it is looked whether a lost line is back: milliseconds. */
const lookEvery = 2_000;

/** What it needs of the browser. */
export interface LineSurroundings {
  readonly isOnline: () => boolean;
  /** Asks the server for anything; false where nothing answers. */
  readonly probe: () => Promise<boolean>;
  readonly setTimeout: (callback: () => void, milliseconds: number) => number;
  readonly clearTimeout: (id: number) => void;
}

/** Sees by the requests of this page whether anything answers, and asks the server itself where one failed. */
export class LineWatch {
  readonly #around: LineSurroundings;
  readonly #onChange: () => void;
  #isLost = false;
  #look: number | null = null;

  constructor(around: LineSurroundings, onChange: () => void) {
    this.#around = around;
    this.#onChange = onChange;
  }

  get state(): LineState {
    return !this.#around.isOnline() ? 'offline' : this.#isLost ? 'lost' : 'up';
  }

  /** The browser's word on the network changed. */
  networkChanged(): void {
    if (this.#around.isOnline() && this.#isLost) void this.#probe();
    this.#onChange();
  }

  /** Watches requests to the server. */
  fetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      try {
        const response = await fetch(input, init);
        this.#works();
        return response;
      } catch (error) {
        if (!init?.signal?.aborted) this.#failed();
        throw error;
      }
    };
  }

  /** Watches requests to the store. */
  put(put: Put): Put {
    return async (request) => {
      try {
        const answer = await put(request);
        this.#works();
        return answer;
      } catch (error) {
        if (!request.signal.aborted || request.signal.reason instanceof Stalled) this.#failed();
        throw error;
      }
    };
  }

  #works(): void {
    this.#around.clearTimeout(this.#look ?? 0);
    this.#look = null;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#onChange();
  }

  #failed(): void {
    this.#look ??= this.#around.setTimeout(() => void this.#probe(), this.#isLost ? lookEvery : patience);
  }

  async #probe(): Promise<void> {
    this.#around.clearTimeout(this.#look ?? 0);
    this.#look = null;
    if (await this.#around.probe()) {
      this.#works();
      return;
    }
    const wasLost = this.#isLost;
    this.#isLost = true;
    this.#failed();
    if (!wasLost) this.#onChange();
  }
}
