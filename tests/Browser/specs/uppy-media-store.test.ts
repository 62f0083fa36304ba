import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { product } from '../support/browser.ts';
import { MiB, randomFile } from '../support/files.ts';
import type { Line } from '../support/line.ts';
import { expectStored, kindsOf, useUppyMedia } from '../support/uppy-media.ts';

const media = useUppyMedia();

/** The largest file that goes by a form. */
const largestForm = 256 * 1024;
/** How large the server makes parts of such files. */
const partSize = 8 * MiB;

/** Sees all that goes to the store, what the browser asks by itself too, which a page's own news of its requests leaves out. */
function watchStore(line: Line): IncomingMessage[] {
  const seen: IncomingMessage[] = [];
  line.intercept((request) => {
    if (request.url?.startsWith(product.s3.endpoint) === true) seen.push(request);
    return false;
  });
  return seen;
}

const methodsOf = (seen: readonly IncomingMessage[]): string[] => seen.map(({ method }) => method ?? '');

describe('a small file', () => {
  test('goes by a form, for which the browser asks the store no leave, and the store has its bytes', async () => {
    const { line, begin, add, upload, told, calls } = await media.visit({ product, rate: 64 * MiB });
    const seen = watchStore(line);
    await begin();
    const sizes = [1, largestForm, ...Array.from({ length: 18 }, () => 20 * 1024)];
    const files = await Promise.all(sizes.map((size) => randomFile(size, 'form')));
    await add(...files);
    await upload();

    const all = await told();
    for (const file of files) expect(kindsOf(all, file).slice(-2)).toEqual(['media:verified', 'upload-success']);
    expect(methodsOf(seen)).toEqual(files.map(() => 'POST'));
    expect(calls.filter((call) => /\/(urls|form)$/.test(call))).toEqual([]);
    for (const file of files.slice(0, 4)) await expectStored(product, file);
  });

  test('that is a byte larger than forms are for goes by a URL, for which leave is asked', async () => {
    const { line, begin, add, upload } = await media.visit({ product, rate: 64 * MiB });
    const seen = watchStore(line);
    await begin();
    const file = await randomFile(largestForm + 1, 'larger');
    await add(file);
    await upload();
    expect(methodsOf(seen)).toEqual(['OPTIONS', 'PUT']);
    await expectStored(product, file);
  });

  test('whose form the store refuses goes by a fresh one', async () => {
    const { line, begin, add, upload, calls } = await media.visit({ product, rate: 64 * MiB });
    const seen = watchStore(line);
    line.intercept((request, answer) => {
      if (seen.length !== 1 || seen[0] !== request) return false;
      request.resume().once('end', () => {
        answer.writeHead(403, { 'content-type': 'application/xml', 'access-control-allow-origin': request.headers.origin ?? '*' });
        answer.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>');
      });
      return true;
    });
    await begin();
    const file = await randomFile(20 * 1024, 'refused');
    await add(file);
    await upload();
    expect(methodsOf(seen)).toEqual(['POST', 'POST']);
    expect(calls.filter((call) => /^POST .*\/form$/.test(call))).toHaveLength(1);
    await expectStored(product, file);
  });
});

describe('a part', () => {
  test('carries the checksum of its bytes', async () => {
    const { line, begin, add, upload } = await media.visit({ product, rate: 64 * MiB });
    const seen = watchStore(line);
    await begin();
    const file = await randomFile(3 * partSize - 5, 'checked');
    await add(file);
    await upload();

    const bytes = await readFile(file.path);
    const told = new Map(seen.filter(({ method }) => method === 'PUT').map((put) => [partOf(put), put.headers['x-amz-checksum-sha256']]));
    expect(told).toEqual(new Map([1, 2, 3].map((part) => [part, sha256(bytes.subarray((part - 1) * partSize, part * partSize))])));
    await expectStored(product, file);
  });

  test('of which a byte is changed on the way is refused by the store, and sent again', async () => {
    const { line, begin, add, upload, told, parts } = await media.visit({ product, rate: 64 * MiB });
    const answers: number[] = [];
    let left = 1;
    line.intercept((request, answer) => {
      if (request.method !== 'PUT' || partOf(request) !== 2 || left-- <= 0) return false;
      void passDamaged(request, answer).then((status) => answers.push(status));
      return true;
    });
    await begin();
    const file = await randomFile(3 * partSize, 'damaged');
    await add(file);
    await upload();

    expect(answers).toEqual([400]);
    expect(parts.begun.filter((part) => part === 2)).toHaveLength(2);
    expect(kindsOf(await told(), file).slice(-2)).toEqual(['media:verified', 'upload-success']);
    await expectStored(product, file);
  });
});

const partOf = ({ url }: IncomingMessage): number => Number(new URL(url ?? '').searchParams.get('partNumber'));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/**
 * Passes a request on with a byte in its middle changed.
 * @returns the status of the answer
 */
async function passDamaged(from: IncomingMessage, to: ServerResponse): Promise<number> {
  const bytes = await buffer(from);
  bytes[bytes.length >> 1]! ^= 1;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(from.url ?? '', { method: from.method, headers: from.headers }, resolve).once('error', reject).end(bytes);
  });
  to.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(to);
  return answer.statusCode ?? 502;
}
