import type { Page, Request } from 'playwright-core';
import { expect } from 'vitest';

/** The number of the part that a request sends to the store; null for any other request. */
export function partOf(request: Request): number | null {
  const part = new URL(request.url()).searchParams.get('partNumber');
  return request.method() === 'PUT' && part !== null ? Number(part) : null;
}

/** Whether a request sends bytes to the store: by a presigned URL, or by a form. */
export const sendsBytes = (request: Request): boolean =>
  request.method() === 'PUT'
    ? new URL(request.url()).searchParams.has('X-Amz-Signature')
    : request.method() === 'POST' && (request.headers()['content-type']?.startsWith('multipart/form-data') ?? false);

/** When a URL was signed, in milliseconds since 1970: the last of the second that it tells. */
export function signedAt(url: URL): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(url.searchParams.get('X-Amz-Date') ?? '') ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + 999;
}

/** Counts the parts that arrived in the store from a page, by number. */
export function arrivals(page: Page): { readonly count: Map<number, number>; reach(parts: number): Promise<void> } {
  const count = new Map<number, number>();
  let wake = () => {};
  page.on('response', (response) => {
    const part = partOf(response.request());
    if (part === null || !response.ok()) return;
    count.set(part, (count.get(part) ?? 0) + 1);
    wake();
  });
  return {
    count,
    async reach(parts) {
      const deadline = setTimeout(() => wake(), 60_000);
      const end = Date.now() + 60_000;
      while (count.size < parts && Date.now() < end) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(deadline);
      expect(count.size).toBeGreaterThanOrEqual(parts);
    },
  };
}
