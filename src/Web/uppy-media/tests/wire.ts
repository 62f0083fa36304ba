import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { World } from './world.ts';

/** What a fault does to a request: an answer in place of the right one, no answer, or a broken line. */
export type Fault = { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> } | 'hang' | 'break' | null;

/**
 * Answers requests on a free port until the test is over.
 * @returns the address
 */
export async function listen(answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    response.sendDate = false;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks)));
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** @returns whether the request is dealt with */
export function suffer(fault: Fault, world: World, request: IncomingMessage, response: ServerResponse): boolean {
  if (fault === null) return false;
  if (fault === 'hang') world.hang(String(request.headers['x-request']));
  else if (fault === 'break') request.socket.destroy();
  else response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
  return true;
}
