import type { Derivation } from './password-keys.ts';

/** What a permission allows. Sizes are bytes. */
export interface Limits {
  readonly contentTypes: readonly string[];
  readonly maxSize: number;
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** The answer to `POST /v1/permissions`. */
export interface Permission {
  readonly permission: string;
  /** An instant of the server's clock, RFC 3339. */
  readonly expiresAt: string;
  /** Until when it can be exchanged for a later one, RFC 3339; null or absent where it cannot. */
  readonly renewableUntil?: string | null;
  readonly user: string;
  readonly limits: Limits;
}

/** A permission, and its times by this machine's clock, in milliseconds since 1970. */
export interface Grant {
  readonly permission: Permission;
  readonly beganAt: number;
  readonly endsAt: number;
  /** Until when it can be renewed; null where it cannot. */
  readonly renewableUntil: number | null;
}

/** What the page shows of an upload; the server sends more. */
export interface Upload {
  readonly tag: string;
  readonly state: string;
  readonly fileName: string;
  /** Bytes; null where the client did not announce it and the upload is not complete. */
  readonly size: number | null;
  /** As announced; once verified, as computed. Null where neither is known. */
  readonly tipHash: string | null;
  /** Who is working on it; null where nobody is. */
  readonly lease: { readonly clientId: string; readonly heldSince: string } | null;
  /** Media type as claimed. */
  readonly contentType: string;
  /** What was found in the stored bytes; null until they are verified. */
  readonly actual: { readonly detectedType: string | null } | null;
  /** Why it ended badly, where it did. */
  readonly reason: string | null;
  readonly createdAt: string;
  readonly completedAt: string | null;
}

/** One page of uploads, newest first. */
export interface UploadPage {
  readonly uploads: readonly Upload[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** The server answered, and refused. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  /**
   * @param status the HTTP status
   * @param code the stable code of RFC 9457 problems from this server, or `unknown`
   * @param retryAfter seconds, where the server said when to try again
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfter: number | null,
  ) {
    super(detail || code);
  }

  /** Whether the permission itself is the reason, so that only signing in again helps. */
  get isAboutPermission(): boolean {
    return this.status === 401 && this.code !== 'bad_credentials';
  }
}

/** There was no answer: no network, no server, or one that is not ours. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
}

/** The part of `/v1` that the page uses. */
export interface Api {
  /** How the keys are made that stand for a password. */
  listDerivations(): Promise<readonly Derivation[]>;
  /**
   * @param passwordKeys base64, one for each derivation
   * @throws ApiProblem with `bad_credentials` or `too_many_attempts`; ServerUnreachable
   */
  signIn(passwordKeys: readonly string[]): Promise<Grant>;
  /** Exchanges a permission for one that lasts longer. @throws ApiProblem where it can no longer be; ServerUnreachable */
  renew(permission: string): Promise<Grant>;
  /** @param query `after` is the previous page's `next` */
  listUploads(permission: string, query: { state: 'active' | 'done'; limit: number; after?: string }): Promise<UploadPage>;
  /** Whether a content is stored: `possible` where only the size and the tip hash are the same. */
  askContent(permission: string, content: { size: number; tipHash: string; pieceHash: string }): Promise<'unknown' | 'possible' | 'stored'>;
  /** Aborts an upload that is not stored. Aborting it again is not an error. */
  abortUpload(permission: string, tag: string): Promise<void>;
}

/** Asks the server that the page came from. What it throws is an ApiProblem or ServerUnreachable, or the signal's reason. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

export function createAsk(fetch: typeof globalThis.fetch, now: () => number): Ask {
  return async (path, init = {}) => {
    let response: Response;
    try {
      response = await fetch(path, { cache: 'no-store', credentials: 'omit', ...init });
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new ServerUnreachable('No answer', { cause });
    }
    if (!response.ok) throw await problemOf(response, now());
    return response;
  };
}

export const bearer = (permission: string) => ({ authorization: `Bearer ${permission}` });

/** Speaks to the server that the page came from. */
export function createApi(fetch: typeof globalThis.fetch, now: () => number): Api {
  const request = createAsk(fetch, now);

  return {
    async listDerivations() {
      return (await jsonOf<{ derivations: readonly Derivation[] }>(await request('/v1/permissions/derivations', {}))).derivations;
    },

    async signIn(passwordKeys) {
      const response = await request('/v1/permissions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ passwordKeys }),
      });
      return grantOf(response, now());
    },

    async renew(permission) {
      return grantOf(await request('/v1/permissions/renew', { method: 'POST', headers: bearer(permission) }), now());
    },

    async listUploads(permission, { state, limit, after }) {
      const query = new URLSearchParams({ state, limit: String(limit) });
      if (after !== undefined) query.set('after', after);
      return jsonOf<UploadPage>(await request(`/v1/uploads?${query}`, { headers: bearer(permission) }));
    },

    async askContent(permission, { size, tipHash, pieceHash }) {
      const query = new URLSearchParams({ size: String(size), tipHash, pieceHash });
      const response = await request(`/v1/contents?${query}`, { headers: bearer(permission) });
      return (await jsonOf<{ status: 'unknown' | 'possible' | 'stored' }>(response)).status;
    },

    async abortUpload(permission, tag) {
      await request(`/v1/uploads/${encodeURIComponent(tag)}`, { method: 'DELETE', headers: bearer(permission) });
    },
  };
}

async function grantOf(response: Response, now: number): Promise<Grant> {
  const permission = await jsonOf<Permission>(response);
  const date = response.headers.get('date');
  const { expiresAt, renewableUntil = null } = permission;
  return {
    permission,
    beganAt: now,
    endsAt: localEnd(expiresAt, date, now),
    renewableUntil: renewableUntil === null ? null : localEnd(renewableUntil, date, now),
  };
}

/** The server's clock and this one need not agree, so the lifetime is measured on the server's. */
function localEnd(expiresAt: string, serverDate: string | null, now: number): number {
  const end = Date.parse(expiresAt);
  const serverNow = serverDate === null ? Number.NaN : Date.parse(serverDate);
  return Number.isNaN(serverNow) ? end : now + (end - serverNow);
}

/** The JSON of an answer. @throws ServerUnreachable where it is none */
export async function jsonOf<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    // A captive portal or a proxy's page, answered with 200.
    throw new ServerUnreachable('The answer is not JSON', { cause });
  }
}

async function problemOf(response: Response, now: number): Promise<Error> {
  const body: unknown = await response.json().catch(() => null);
  const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : null;
  // A gateway that has nobody behind it answers in its own words.
  if (problem === null && [502, 503, 504].includes(response.status)) return new ServerUnreachable(`HTTP ${response.status}`);
  return new ApiProblem(
    response.status,
    textOf(problem?.['code']) || 'unknown',
    textOf(problem?.['detail']) || textOf(problem?.['title']),
    secondsOf(response.headers.get('retry-after'), now),
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function secondsOf(header: string | null, now: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}
