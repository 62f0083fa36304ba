import { createHash, createHmac } from 'node:crypto';
import type { Product } from './product.ts';

/** The SHA-256 and the size of an object, read from the bucket itself with the store's own keys. */
export async function readObject(s3: Product['s3'], key: string): Promise<{ sha256: string; size: number }> {
  const url = new URL(`${s3.endpoint}/${s3.bucket}/${key.split('/').map(encode).join('/')}`);
  const response = await fetch(url, { headers: signedHeaders(s3, url) });
  if (!response.ok || response.body === null) throw new Error(`GET ${key}: ${response.status} ${await response.text()}`);
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of response.body) {
    hash.update(bytes as Uint8Array);
    size += (bytes as Uint8Array).length;
  }
  return { sha256: hash.digest('hex'), size };
}

/** Aborts a multipart upload in the bucket itself, as a lifecycle rule does. */
export async function abortMultipart(s3: Product['s3'], key: string, uploadId: string): Promise<void> {
  const url = new URL(`${s3.endpoint}/${s3.bucket}/${key.split('/').map(encode).join('/')}?uploadId=${encode(uploadId)}`);
  const response = await fetch(url, { method: 'DELETE', headers: signedHeaders(s3, url, 'DELETE') });
  if (response.status !== 204) throw new Error(`DELETE ${key}: ${response.status} ${await response.text()}`);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** AWS Signature Version 4 of a request without a body, in headers. Its query has one parameter at most, encoded as it has to be. */
function signedHeaders(s3: Product['s3'], url: URL, method = 'GET'): Record<string, string> {
  const region = 'us-east-1';
  const instant = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = instant.slice(0, 8);
  const emptyBody = sha256(new Uint8Array());
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const request = [method, url.pathname, url.search.slice(1), `host:${url.host}`, `x-amz-content-sha256:${emptyBody}`, `x-amz-date:${instant}`, '', names, emptyBody].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', instant, scope, sha256(Buffer.from(request))].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>((secret, text) => hmac(secret, text), `AWS4${s3.secretKey}`);
  return {
    'x-amz-date': instant,
    'x-amz-content-sha256': emptyBody,
    authorization: `AWS4-HMAC-SHA256 Credential=${s3.accessKey}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`,
  };
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const encode = (segment: string): string =>
  encodeURIComponent(segment).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
