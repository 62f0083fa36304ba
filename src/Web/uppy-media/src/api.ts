import type { BatchRow, Completion, Lease, NewUpload, PartTag, PartUrl, PostForm, ProblemBody, StoredPart, Upload, WantedParts } from './answers.ts';
import type { Clock } from './clock.ts';
import { MediaProblem, retryAfterOf, Unreachable } from './errors.ts';

/** Where the permission comes from: a sealed permission or an API key. */
export interface PermissionSource {
  /** @param refused the token that the server turned down, where one was: another one is wanted. The same once more means that there is none. */
  (refused?: string): string | Promise<string>;
}

/** The server, and how it is spoken to. */
export interface ApiOptions {
  /** The server's base address, without `/v1`; empty for the page's own origin. */
  readonly server: string;
  readonly permission: PermissionSource;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** How one call ends before its answer. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Longer than an answer of the server takes, in milliseconds; a line that died in silence is given up then. */
const answerLimit = 60_000;

/** Stores take minutes to put many parts together. */
const completionLimit = 5 * 60_000;

/** An answer that was longer under way says little about the server's clock, in milliseconds: the machine may have slept meanwhile. */
const shortRoundTrip = 2_000;

/**
 * The part of `/v1` that an uploader uses. Every call is made once; whether it is made again is its caller's to decide.
 * They throw MediaProblem, Unreachable, or the signal's reason.
 */
export class UploadsApi {
  readonly #options: ApiOptions;
  #offset: number | null = null;
  /** By how much the offset may be wrong, in milliseconds. */
  #uncertainty = Infinity;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Milliseconds since 1970 by the server's clock; null where its answers do not tell, as they don't to pages of other origins. */
  get serverTime(): number | null {
    return this.#offset === null ? null : this.#options.clock.now() + this.#offset;
  }

  /** How long it is until an instant of the server's clock, in milliseconds; null where that clock is not known. */
  timeUntil(instant: string): number | null {
    const now = this.serverTime;
    const left = now === null ? Number.NaN : Date.parse(instant) - now;
    return Number.isNaN(left) ? null : left;
  }

  create(upload: NewUpload, options?: CallOptions): Promise<Upload> {
    return this.#json('POST', '/v1/uploads', upload, options);
  }

  /** @returns an upload or a problem for each, in the same order */
  async createMany(uploads: readonly NewUpload[], options?: CallOptions): Promise<(Upload | MediaProblem)[]> {
    return rowsOf(await this.#json<BatchRow[]>('POST', '/v1/uploads:batch', uploads, options));
  }

  /** @param digest null turns the challenge down */
  answerChallenge(tag: string, digest: string | null, clientId: string, options?: CallOptions): Promise<Upload> {
    return this.#json('POST', `${pathOf(tag)}/challenge`, { digest, clientId }, options);
  }

  get(tag: string, options?: CallOptions): Promise<Upload> {
    return this.#json('GET', pathOf(tag), undefined, options);
  }

  /** The newest of the user's uploads whose bytes are all there. */
  async listDone(options?: CallOptions): Promise<readonly Upload[]> {
    return (await this.#json<{ uploads: Upload[] }>('GET', '/v1/uploads?state=done&limit=1000', undefined, options)).uploads;
  }

  urls(tag: string, wanted: WantedParts, clientId: string, options?: CallOptions): Promise<PartUrl[]> {
    return this.#json('POST', `${pathOf(tag)}/urls`, { ...wanted, clientId }, options);
  }

  form(tag: string, clientId: string, options?: CallOptions): Promise<PostForm> {
    return this.#json('POST', `${pathOf(tag)}/form`, { clientId }, options);
  }

  parts(tag: string, options?: CallOptions): Promise<StoredPart[]> {
    return this.#json('GET', `${pathOf(tag)}/parts`, undefined, options);
  }

  takeLease(tag: string, clientId: string, takeOver: boolean, options?: CallOptions): Promise<Lease> {
    return this.#json('POST', `${pathOf(tag)}/lease`, { clientId, takeOver }, options);
  }

  /** Outlives the page, as a page that is left gives its leases back. */
  async releaseLease(tag: string, clientId: string, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `${pathOf(tag)}/lease?clientId=${encodeURIComponent(clientId)}`, undefined, { keepalive: true, ...options });
  }

  /** @param parts null has the server ask the store */
  complete(tag: string, parts: readonly PartTag[] | null, pieceHash: string | null, clientId: string, options?: CallOptions): Promise<Upload> {
    const body = { clientId, ...(parts && { parts }), ...(pieceHash !== null && { pieceHash }) };
    return this.#json('POST', `${pathOf(tag)}/complete`, body, options, completionLimit);
  }

  /** Completes uploads that went in one piece. @returns an upload or a problem for each, in the same order */
  async completeMany(completions: readonly Completion[], options?: CallOptions): Promise<(Upload | MediaProblem)[]> {
    const rows = completions.map(({ tag, pieceHash, clientId }) => ({ tag, clientId, ...(pieceHash !== null && { pieceHash }) }));
    return rowsOf(await this.#json<BatchRow[]>('POST', '/v1/uploads:complete', rows, options));
  }

  async abort(tag: string, clientId: string, options?: CallOptions): Promise<void> {
    await this.#send('DELETE', `${pathOf(tag)}?clientId=${encodeURIComponent(clientId)}`, undefined, { keepalive: true, ...options });
  }

  /**
   * The stream of the upload's events. It is open until somebody cancels it.
   * @param after the number of the last event that was seen, or null
   */
  async events(tag: string, after: number | null, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = after === null ? {} : { 'last-event-id': String(after) };
    return this.#send('GET', `${pathOf(tag)}/events`, undefined, { signal, headers: { accept: 'text/event-stream', ...headers } });
  }

  /** The stream that tells which leases of a client another one has taken. It is open until somebody cancels it. */
  leaseEvents(clientId: string, signal: AbortSignal): Promise<Response> {
    return this.#send('GET', `/v1/leases/events?clientId=${encodeURIComponent(clientId)}`, undefined, { signal, headers: { accept: 'text/event-stream' } });
  }

  async #json<T>(method: string, path: string, body: unknown, { signal }: CallOptions = {}, limit = answerLimit): Promise<T> {
    return this.#limited(limit, signal, async (both) => {
      const response = await this.#send(method, path, body, { signal: both });
      try {
        return (await response.json()) as T;
      } catch (cause) {
        both.throwIfAborted();
        // A captive portal or a proxy's page, answered with 200; or a line that broke in the middle.
        throw new Unreachable('The server’s answer could not be read.', null, { cause });
      }
    });
  }

  async #limited<T>(limit: number, signal: AbortSignal | undefined, call: (both: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const timeout = new AbortController();
    const both = AbortSignal.any([over.signal, timeout.signal, ...(signal ? [signal] : [])]);
    this.#options.clock.sleep(limit, over.signal).then(
      () => timeout.abort(new Unreachable('The server did not answer in time.')),
      () => {},
    );
    try {
      return await call(both);
    } finally {
      over.abort();
    }
  }

  async #send(method: string, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    const token = await this.#options.permission();
    let response = await this.#sendAs(token, method, path, body, init);
    if (response.status === 401) {
      const fresh = await this.#options.permission(token);
      if (fresh !== token) response = await this.#sendAs(fresh, method, path, body, init);
    }
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  async #sendAs(token: string, method: string, path: string, body: unknown, init: RequestInit): Promise<Response> {
    const { fetch, server, clock } = this.#options;
    const sentAt = clock.now();
    let response: Response;
    try {
      response = await fetch(`${server}${path}`, {
        method,
        cache: 'no-store',
        credentials: 'omit',
        ...init,
        headers: {
          ...(init.headers as Record<string, string> | undefined),
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new Unreachable('The server does not answer.', null, { cause });
    }
    this.#learnTime(response.headers.get('date'), sentAt);
    return response;
  }

  /**
   * The Date header is not shown to pages of other origins, unless the server has it exposed.
   * The server wrote it after the request was sent: with that instant, what it signed is never taken to last longer than it does.
   */
  #learnTime(date: string | null, sentAt: number): void {
    const at = date === null ? Number.NaN : Date.parse(date);
    const roundTrip = this.#options.clock.now() - sentAt;
    if (Number.isNaN(at) || roundTrip > Math.max(shortRoundTrip, this.#uncertainty)) return;
    this.#offset = at - sentAt;
    this.#uncertainty = roundTrip;
  }

  async #refusal(response: Response): Promise<Error> {
    const wait = retryAfterOf(response.headers.get('retry-after'), this.serverTime ?? this.#options.clock.now());
    const body: unknown = await response.json().catch(() => null);
    if (typeof body === 'object' && body !== null && 'code' in body) return problemOf(response.status, body as ProblemBody, wait);
    // A gateway that has nobody behind it answers in its own words.
    return response.status >= 500
      ? new Unreachable(`The server answered ${response.status}.`, wait)
      : new MediaProblem(response.status, 'unknown', `The server answered ${response.status}.`, wait);
  }
}

const pathOf = (tag: string): string => `/v1/uploads/${encodeURIComponent(tag)}`;

const rowsOf = (rows: readonly BatchRow[]): (Upload | MediaProblem)[] =>
  rows.map((row) => (row.status === 'failed' ? problemOf(row.problem.status ?? 0, row.problem, null) : row));

const problemOf = (status: number, body: ProblemBody, wait: number | null): MediaProblem =>
  new MediaProblem(status, body.code ?? 'unknown', body.detail || body.title || '', wait, body);
