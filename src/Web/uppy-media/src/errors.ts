import type { ProblemBody } from './answers.ts';

/** The server or the store answered, and refused. */
export class MediaProblem extends Error {
  override readonly name: string = 'MediaProblem';

  /**
   * @param status the HTTP status; 0 where this side came to the conclusion
   * @param code the server's stable code; or `store_refused`, `unexpected_answer`, `file_changed`, `mismatched`, `upload_aborted`, `upload_failed`
   * @param retryAfter milliseconds, where the peer said when to try again
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number | null = null,
    readonly body: ProblemBody = {},
    options?: ErrorOptions,
  ) {
    super(message || code, options);
  }
}

/** The store answered, and refused. Its words are not passed on, for they may repeat the signature; its code is. */
export class StoreRefusal extends MediaProblem {
  override readonly name = 'StoreRefusal';

  /** @param storeCode the store's own code, such as `AccessDenied`; null where it told none */
  constructor(
    status: number,
    readonly storeCode: string | null,
    message: string,
  ) {
    super(status, 'store_refused', message);
  }
}

/** There was no answer, or one that says that there will be one later. Trying again may help. */
export class Unreachable extends Error {
  override readonly name: string = 'Unreachable';

  /** @param retryAfter milliseconds, where the peer said when to try again */
  constructor(
    message: string,
    readonly retryAfter: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Nothing moved for too long. */
export class Stalled extends Unreachable {
  override readonly name = 'Stalled';
}

/** Whether trying the same once more may help. */
export function isTransient(error: unknown): error is MediaProblem | Unreachable {
  if (error instanceof Unreachable) return true;
  // A gateway, a restart, a limit, a fault that was logged.
  return error instanceof MediaProblem && (error.status >= 500 || error.status === 429 || error.status === 408) && error.code !== 'delivery_not_configured';
}

/** The server's code, or null. */
export const codeOf = (error: unknown): string | null => (error instanceof MediaProblem ? error.code : null);

/** The store's codes for bytes that do not have the checksum that came with them. */
const checksumCodes = new Set(['BadDigest', 'InvalidRequest', 'XAmzContentChecksumMismatch']);

/** Whether the store may have refused a part for its checksum. */
export const isChecksumRefusal = ({ status, storeCode }: StoreRefusal): boolean => status === 400 && storeCode !== null && checksumCodes.has(storeCode);

/** Whether the upload is another client's now. */
export const isLocked = (error: unknown): error is MediaProblem => codeOf(error) === 'lease_lost' || codeOf(error) === 'upload_locked';

/** The error of an answer that does not follow from the contract. */
export const unexpected = (message: string): MediaProblem => new MediaProblem(0, 'unexpected_answer', message);

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterOf(header: string | null, now: number): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
