import type { PostForm } from './answers.ts';
import { Unreachable } from './errors.ts';
import type { PutAnswer } from './put.ts';

/**
 * POSTs a file to the store by a form. Any answer is an answer, whatever its status. Browsers ask the store for leave first, in a request of its own,
 * where a request has headers of the page's or somebody listens to how far it is (https://fetch.spec.whatwg.org/#cors-preflight-fetch): this has neither.
 * It throws Unreachable where there was no answer, or the signal's reason.
 */
export async function postForm(
  fetch: typeof globalThis.fetch,
  { url, fields }: PostForm,
  file: Blob | ArrayBuffer,
  signal: AbortSignal,
): Promise<PutAnswer> {
  signal.throwIfAborted();
  const form = file instanceof Blob ? { body: formOf(fields, file) } : encode(fields, file);
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', ...form, credentials: 'omit', signal });
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

// S3 takes nothing that comes after the file.
function formOf(fields: PostForm['fields'], file: Blob): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // Its name is nobody's business there.
  form.append('file', file, 'blob');
  return form;
}

/**
 * The same of bytes in memory, written here (https://html.spec.whatwg.org/#multipart-form-data): for each blob of a form, the page's process and others
 * of the browser have much to tell each other.
 */
function encode(fields: PostForm['fields'], file: ArrayBuffer): { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const boundary = `----media${crypto.randomUUID()}`;
  const parts = Object.entries(fields).map(([name, value]) => `--${boundary}\r\n${disposition(name)}\r\n\r\n${value.replace(lineEnd, '\r\n')}\r\n`);
  const utf8 = new TextEncoder();
  const head = utf8.encode(`${parts.join('')}--${boundary}\r\n${disposition('file')}; filename="blob"\r\ncontent-type: application/octet-stream\r\n\r\n`);
  const tail = utf8.encode(`\r\n--${boundary}--\r\n`);
  const body = new Uint8Array(head.length + file.byteLength + tail.length);
  body.set(head);
  body.set(new Uint8Array(file), head.length);
  body.set(tail, head.length + file.byteLength);
  // One of the types that need no leave.
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

const lineEnd = /\r\n|\r|\n/g;

const escapes: Record<string, string> = { '\r': '%0D', '\n': '%0A', '"': '%22' };

const disposition = (name: string): string => `content-disposition: form-data; name="${name.replace(/[\r\n"]/g, (one) => escapes[one]!)}"`;
