import type { Clock } from './clock.ts';
import { codeOf, MediaProblem, unexpected } from './errors.ts';

interface Call<TWish, TAnswer> {
  readonly wish: TWish;
  readonly resolve: (answer: TAnswer) => void;
  readonly reject: (reason: unknown) => void;
  /** Nobody wants it any more. */
  isAbandoned: boolean;
  /** Is told so once it is on its way. */
  abandoned: () => void;
}

/** How calls are gathered. */
export interface BatcherOptions<TWish, TAnswer> {
  /** Makes one call by itself. @param signal when nobody wants it any more */
  readonly one: (wish: TWish, signal: AbortSignal) => Promise<TAnswer>;
  /** Makes several by one request. @param signal when nobody wants any of them any more @returns an answer or a problem for each, in the same order */
  readonly many: (wishes: readonly TWish[], signal: AbortSignal) => Promise<readonly (TAnswer | MediaProblem)[]>;
  /** Is told the answer to a call that nobody waits for any more. */
  readonly unwanted?: (wish: TWish, answer: TAnswer) => void;
  /** Most calls of one request, at most 1 000. */
  readonly most: number;
  /** Most of one that is sent while no other is under way: the sooner it is answered, the sooner what follows from it goes. */
  readonly first: number;
  /** Requests under way at once at most. */
  readonly atOnce: number;
  /** For how long the first waits for others, in milliseconds. */
  readonly wait: number;
}

/** Makes many calls by few requests: those that are wished for within a moment, or while requests are under way, go together. */
export class Batcher<TWish, TAnswer> {
  readonly #clock: Clock;
  readonly #options: BatcherOptions<TWish, TAnswer>;
  #calls: Call<TWish, TAnswer>[] = [];
  #isGathering = false;
  #underWay = 0;
  /** Whether the server knows no request for several. */
  #isOneByOne = false;

  constructor(clock: Clock, options: BatcherOptions<TWish, TAnswer>) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Throws as the call itself would, or the signal's reason. */
  call(wish: TWish, signal: AbortSignal): Promise<TAnswer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => {
        this.#calls = this.#calls.filter((other) => other !== call);
        call.isAbandoned = true;
        call.abandoned();
        reject(signal.reason);
      };
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', leave);
          settle(value);
        };
      const call: Call<TWish, TAnswer> = { wish, resolve: end(resolve), reject: end(reject), isAbandoned: false, abandoned: () => {} };
      signal.addEventListener('abort', leave, { once: true });
      this.#calls.push(call);
      void this.#gather();
    });
  }

  async #gather(): Promise<void> {
    const { wait, most, first, atOnce } = this.#options;
    if (this.#isGathering || this.#underWay >= atOnce) return;
    this.#isGathering = true;
    await this.#clock.sleep(wait);
    this.#isGathering = false;
    while (this.#calls.length > 0 && this.#underWay < atOnce) {
      const together = this.#calls.splice(0, this.#underWay === 0 ? Math.min(first, most) : most);
      this.#underWay++;
      void this.#send(together).finally(() => {
        this.#underWay--;
        if (this.#calls.length > 0) void this.#gather();
      });
    }
  }

  async #send(calls: readonly Call<TWish, TAnswer>[]): Promise<void> {
    if (calls.length === 1 || this.#isOneByOne) {
      await Promise.all(calls.map((call) => this.#sendOne(call)));
      return;
    }
    try {
      const answers = await this.#options.many(calls.map(({ wish }) => wish), whenAbandoned(calls));
      if (answers.length !== calls.length) throw unexpected('The server did not answer every row of a batch.');
      calls.forEach((call, row) => {
        const answer = answers[row]!;
        if (answer instanceof MediaProblem) call.reject(answer);
        else this.#settle(call, answer);
      });
    } catch (error) {
      if (!isUnknownRoute(error)) {
        for (const call of calls) call.reject(error);
        return;
      }
      // An older server.
      this.#isOneByOne = true;
      await this.#send(calls.filter((call) => !call.isAbandoned));
    }
  }

  async #sendOne(call: Call<TWish, TAnswer>): Promise<void> {
    try {
      this.#settle(call, await this.#options.one(call.wish, whenAbandoned([call])));
    } catch (error) {
      call.reject(error);
    }
  }

  #settle(call: Call<TWish, TAnswer>, answer: TAnswer): void {
    if (call.isAbandoned) this.#options.unwanted?.(call.wish, answer);
    else call.resolve(answer);
  }
}

function whenAbandoned(calls: readonly { readonly isAbandoned: boolean; abandoned: () => void }[]): AbortSignal {
  const all = new AbortController();
  for (const call of calls) call.abandoned = () => calls.every(({ isAbandoned }) => isAbandoned) && all.abort();
  return all.signal;
}

/** As a server says it, in its own words: a gateway that answers for it meanwhile knows none of its routes. */
const isUnknownRoute = (error: unknown): boolean => ['not_found', 'method_not_allowed'].includes(codeOf(error) ?? '');
