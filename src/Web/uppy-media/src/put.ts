import { Unreachable } from './errors.ts';

/** One PUT of bytes to the store. */
export interface PutRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly signal: AbortSignal;
  /** Is told how many of the body's bytes have gone out. */
  readonly onProgress: (sent: number) => void;
}

/** What the store said. */
export interface PutAnswer {
  readonly status: number;
  /** With its quotes; null where the store, or its CORS rules, do not show it. */
  readonly etag: string | null;
  readonly retryAfter: string | null;
  /** Of a refusal. */
  readonly body: string;
}

/**
 * Sends bytes to the store. Any answer is an answer, whatever its status.
 * It throws Unreachable where there was none, or the signal's reason.
 */
export type Put = (request: PutRequest) => Promise<PutAnswer>;

/** The browser names these headers itself and refuses to have them set (https://fetch.spec.whatwg.org/#forbidden-request-header). */
const forbidden = new Set(['content-length', 'host']);

/**
 * Puts by XMLHttpRequest, the only thing in browsers that tells how far a body has gone.
 * @param create makes a request; the browser's own unless told
 */
export const xhrPut =
  (create: () => XMLHttpRequest = () => new XMLHttpRequest()): Put =>
  ({ url, headers, body, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const xhr = create();
      const abort = () => xhr.abort();
      const end = (settle: () => void) => () => {
        signal.removeEventListener('abort', abort);
        settle();
      };
      xhr.open('PUT', url);
      for (const [name, value] of Object.entries(headers)) if (!forbidden.has(name.toLowerCase())) xhr.setRequestHeader(name, value);
      xhr.upload.onprogress = ({ loaded }) => onProgress(loaded);
      xhr.onload = end(() =>
        resolve({
          status: xhr.status,
          etag: xhr.getResponseHeader('etag'),
          // Stores name it among what pages may read in refusals alone, if at all, and browsers complain of each attempt.
          retryAfter: xhr.status < 400 ? null : xhr.getResponseHeader('retry-after'),
          body: xhr.status < 300 ? '' : xhr.responseText,
        }),
      );
      xhr.onerror = end(() => reject(new Unreachable('The store does not answer.')));
      xhr.onabort = end(() => reject(signal.aborted ? signal.reason : new Unreachable('The transfer was broken off.')));
      signal.addEventListener('abort', abort, { once: true });
      // A Blob's own type would be sent as a Content-Type that was not signed.
      xhr.send(body.type === '' ? body : body.slice(0, body.size));
    });
