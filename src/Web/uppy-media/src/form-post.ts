import type { PostForm } from './answers.ts';
import { Unreachable } from './errors.ts';
import type { PutAnswer } from './put.ts';

/**
 * POSTs a file to the store by a form. Any answer is an answer, whatever its status. Browsers ask the store for leave first, in a request of its own,
 * where a request has headers of the page's or somebody listens to how far it is (https://fetch.spec.whatwg.org/#cors-preflight-fetch): this has neither.
 * It throws Unreachable where there was no answer, or the signal's reason.
 */
export async function postForm(fetch: typeof globalThis.fetch, { url, fields }: PostForm, file: Blob, signal: AbortSignal): Promise<PutAnswer> {
  signal.throwIfAborted();
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  // S3 takes nothing that comes after the file.
  body.append('file', file);
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', body, credentials: 'omit', signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Unreachable('The store does not answer.', null, { cause });
  }
  // Read to its end, or the connection can't be used again. What it says matters in refusals alone.
  const text = await response.text().catch(() => '');
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    retryAfter: response.headers.get('retry-after'),
    body: response.ok ? '' : text,
  };
}
