import type { IncomingMessage } from 'node:http';
import type { Line } from './line.ts';

/** The number of the part that a request on the line brings to the store; null for any other request. */
export function partOf({ method, url }: IncomingMessage): number | null {
  const part = method === 'PUT' ? new URL(url ?? '').searchParams.get('partNumber') : null;
  return part === null ? null : Number(part);
}

/**
 * Has the store refuse parts as one that has too much to do: 503 and `SlowDown`.
 * @param every how many parts it takes until it refuses one
 * @returns the numbers of those that it refused so far
 */
export function busyStore(line: Line, every: number): readonly number[] {
  const refused: number[] = [];
  let seen = 0;
  line.intercept((request, answer) => {
    const part = partOf(request);
    if (part === null || ++seen % every !== 0) return false;
    refused.push(part);
    request.resume().once('end', () => {
      answer.writeHead(503, { 'content-type': 'application/xml', 'access-control-allow-origin': request.headers.origin ?? '*' });
      answer.end('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
    });
    return true;
  });
  return refused;
}
