import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PartUrl, PostForm, UploadState } from '../src/answers.ts';
import { listen, suffer, type Fault } from './wire.ts';
import type { World } from './world.ts';

/** What the store keeps of an upload. */
export interface Stored {
  readonly state: UploadState;
  readonly isGone: boolean;
  readonly parts: Map<number, Buffer>;
}

/** One sending of bytes, as it came. */
export interface Sent {
  readonly tag: string;
  readonly part: number;
  /** What the store answered; 0 for nothing. */
  readonly status: number;
  readonly by: 'PUT' | 'POST';
}

/** Headers that a browser sends by itself, without asking a server of another origin for leave. */
const ownOfBrowsers = /^(host|connection|content-type|content-length|transfer-encoding|accept(-.*)?|sec-.*|user-agent|cache-control|pragma|x-request)$/;

/** An S3 store over real connections, as strict as one, with faults on demand. */
export class Store {
  /** What came, in order, what it refused too. */
  readonly sent: Sent[] = [];
  /** For how long it is signed, in milliseconds. */
  lifetime = 3600_000;
  showsEtags = true;
  /** Faults on demand. */
  fault: (tag: string, part: number, count: number) => Fault = () => null;
  /** Whether something on the line changes a byte of it. */
  damages: (tag: string, part: number, count: number) => boolean = () => false;
  /** On their way at once, at most. */
  mostAtOnce = 0;
  /** Holds the first until another is on its way, too. */
  holdsFirst = false;
  #held: (() => void) | null = null;
  #atOnce = 0;
  #count = 0;
  #address = '';
  readonly #world: World;
  readonly #find: (tag: string) => Stored | undefined;
  readonly #now: () => number;

  constructor(world: World, find: (tag: string) => Stored | undefined, now: () => number) {
    this.#world = world;
    this.#find = find;
    this.#now = now;
  }

  async start(): Promise<void> {
    this.#address = await listen((request, response, body) => this.#serve(request, response, body));
  }

  /** @param checksums of each part, in base64, where they have any */
  sign(tag: string, parts: readonly number[], checksums: Readonly<Record<number, string>> = {}): PartUrl[] {
    const until = this.#now() + this.lifetime;
    return parts.map((part) => {
      const checksum = checksums[part];
      const query = new URLSearchParams({ until: String(until), 'X-Amz-Expires': String(this.lifetime / 1000), ...(checksum && { checksum }) });
      return {
        part,
        url: `${this.#address}/${tag}/${part}?${query}`,
        expiresAt: new Date(until).toISOString(),
        headers: { 'x-amz-meta-signed': 'yes', 'Content-Length': '1', ...(checksum && { 'x-amz-checksum-sha256': checksum }) },
      };
    });
  }

  form(tag: string, size: number): PostForm {
    const until = this.#now() + this.lifetime;
    const date = new Date(this.#now()).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const policy = JSON.stringify({ tag, size, until, date });
    return {
      url: `${this.#address}/bucket`,
      fields: { key: `upload/${tag}`, 'x-amz-date': date, success_action_status: '201', policy, 'x-amz-signature': signatureOf(policy) },
      expiresAt: new Date(until).toISOString(),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const take = request.method === 'POST' ? await this.#post(request, body) : this.#put(request, body);
    const { tag, part } = take;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    const serve = () => {
      this.#atOnce--;
      const fault = this.fault(tag, part, ++this.#count);
      if (this.damages(tag, part, this.#count)) take.bytes[take.bytes.length >> 1]! ^= 1;
      const answer = fault === null ? take.answer() : null;
      const status = answer?.status ?? (typeof fault === 'object' ? (fault?.status ?? 0) : 0);
      this.sent.push({ tag, part, status, by: request.method as Sent['by'] });
      if (suffer(fault, this.#world, request, response) || answer === null) return;
      if ('code' in answer) response.writeHead(status).end(`<Error><Code>${answer.code}</Code><Message>Signature secret</Message></Error>`);
      else response.writeHead(status, this.showsEtags ? { etag: etagOf(answer.bytes) } : {}).end(status === 201 ? '<PostResponse/>' : '');
    };
    if (this.holdsFirst && this.#held === null) {
      this.#held = serve;
      return;
    }
    if (this.holdsFirst) {
      this.holdsFirst = false;
      setImmediate(this.#held!);
    }
    // What came meanwhile is served after, so that parallel parts meet.
    setImmediate(serve);
  }

  #put(request: IncomingMessage, bytes: Buffer): Taken {
    const url = new URL(request.url!, this.#address);
    const [, tag = '', number = ''] = url.pathname.split('/');
    const part = Number(number);
    const answer = () => {
      if (Number(url.searchParams.get('until')) <= this.#now()) return refusal(403, 'AccessDenied');
      if (request.headers['x-amz-meta-signed'] !== 'yes') return refusal(403, 'SignatureDoesNotMatch');
      const checksum = request.headers['x-amz-checksum-sha256'] ?? null;
      if (checksum !== url.searchParams.get('checksum')) return refusal(403, 'SignatureDoesNotMatch');
      if (checksum !== null && checksum !== checksumOf(bytes)) return refusal(400, 'BadDigest');
      return this.#keep(tag, part, bytes, 200);
    };
    return { tag, part, bytes, answer };
  }

  /** POST Object (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html). */
  async #post(request: IncomingMessage, body: Buffer): Promise<Taken> {
    const type = request.headers['content-type'] ?? '';
    const form = type.startsWith('multipart/form-data') ? await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData() : new FormData();
    const field = (name: string) => String(form.get(name) ?? '');
    const [policy, file] = [field('policy'), form.get('file')];
    const bytes = file instanceof Blob ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
    const { tag = '', size = 0, until = 0, date = '' } = (policy === '' ? {} : JSON.parse(policy)) as { tag?: string; size?: number; until?: number; date?: string };
    const answer = () => {
      const asked = Object.keys(request.headers).find((name) => !ownOfBrowsers.test(name));
      if (asked !== undefined) throw new Error(`A browser would have asked for leave to send ${asked}.`);
      if (!(file instanceof Blob) || [...form.keys()].at(-1) !== 'file') return refusal(400, 'InvalidArgument');
      if (field('x-amz-signature') !== signatureOf(policy)) return refusal(403, 'SignatureDoesNotMatch');
      if (field('key') !== `upload/${tag}` || field('x-amz-date') !== date || field('success_action_status') !== '201') return refusal(403, 'AccessDenied');
      if (until <= this.#now()) return refusal(403, 'AccessDenied');
      if (bytes.length !== size) return refusal(400, bytes.length > size ? 'EntityTooLarge' : 'EntityTooSmall');
      return this.#keep(tag, 1, bytes, 201);
    };
    return { tag, part: 1, bytes, answer };
  }

  #keep(tag: string, part: number, bytes: Buffer, status: number): Answer {
    const upload = this.#find(tag);
    if (!upload || upload.isGone || upload.state !== 'Uploading') return refusal(404, 'NoSuchUpload');
    upload.parts.set(part, bytes);
    return { status, bytes };
  }
}

type Answer = { readonly status: number; readonly bytes: Buffer } | { readonly status: number; readonly code: string };

/** A sending that was read; asked for its answer, it is dealt with. */
interface Taken {
  readonly tag: string;
  readonly part: number;
  readonly bytes: Buffer;
  readonly answer: () => Answer;
}

const refusal = (status: number, code: string): Answer => ({ status, code });

const signatureOf = (policy: string): string => createHash('sha256').update(`secret${policy}`).digest('hex');

/** SHA-256 in base64, as S3 has it. */
export const checksumOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

export const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
