import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hash, tipHash } from '@media/fuji';
import type { Lease, NewUpload, UploadState } from '../src/answers.ts';
import { checksumOf, etagOf, Store } from './store.ts';
import { listen, suffer, type Fault } from './wire.ts';
import type { World } from './world.ts';

export const mebi = 1024 * 1024;

/** One upload, as the peer keeps it. */
export interface Session {
  readonly tag: string;
  readonly wish: NewUpload;
  /** Whether every part comes with its SHA-256. */
  readonly hasChecksums: boolean;
  pieceHash: string | null;
  state: UploadState;
  isGone: boolean;
  lease: (Lease & { readonly epoch: number }) | null;
  readonly displaced: Set<string>;
  readonly parts: Map<number, Buffer>;
  challenge: { nonce: string; ranges: { start: number; end: number }[] } | null;
  isChallengeSpent: boolean;
  actual: { tipHash: string | null; pieceHash: string | null; detectedType: null } | null;
  sequence: number;
}

/** One request, as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown> & { readonly length?: number };
  readonly headers: IncomingMessage['headers'];
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly members: object = {},
  ) {
    super(code);
  }
}

const base32 = (bytes: Buffer): string => {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
};

/** Media's `/v1` and an S3 store, over real connections, as docs/http-api.md has them, with faults on demand. */
export class Peer {
  readonly sessions = new Map<string, Session>();
  readonly asked: Asked[] = [];
  readonly contents = new Map<string, { readonly tipHash: string; readonly bytes: Buffer }>();
  partSize = 5 * mebi;
  firstUrls = 32;
  leaseDuration = 60_000;
  token = 'sealed';
  /** Whether uploads are verified as soon as they are stored. */
  verifies = true;
  /** Whether answers show the server's time, as they do to pages of its own origin. */
  showsTime = true;
  /** How far this machine's clock is ahead of the server's, in milliseconds. */
  ahead = 0;
  /** Files of up to so many bytes go in one piece; an empty one always does. */
  singleMaxSize = 0;
  /** Whether it knows forms; an older server does not. */
  hasForms = true;
  /** Whether it completes several uploads by one request. */
  completesMany = true;
  /** Whether it and its store agree to checksums. */
  agreesToChecksums = true;
  /** Whether it tells of lost leases; an older server does not. */
  hasLeaseStream = true;
  /** Faults of the server. */
  apiFault: (method: string, path: string) => Fault = () => null;
  /** Is told of an answer that is ready and has not been sent. */
  answering: (method: string, path: string) => void = () => {};
  readonly store: Store;
  #next = 1;
  readonly #world: World;
  readonly #streams = new Map<string, Set<ServerResponse>>();
  readonly #leaseStreams = new Map<string, Set<ServerResponse>>();
  server = '';

  private constructor(world: World) {
    this.#world = world;
    this.store = new Store(world, (tag) => this.sessions.get(tag), () => this.#now);
  }

  static async start(world: World): Promise<Peer> {
    const peer = new Peer(world);
    peer.server = await listen((request, response, body) => peer.#api(request, response, body));
    await peer.store.start();
    return peer;
  }

  /** How often this was asked. */
  count(method: string, path: RegExp): number {
    return this.asked.filter((asked) => asked.method === method && path.test(asked.path)).length;
  }

  /** The only upload. */
  get only(): Session {
    if (this.sessions.size !== 1) throw new Error(`There are ${this.sessions.size} uploads.`);
    return [...this.sessions.values()][0]!;
  }

  /** Has a content from an earlier day. */
  async know(bytes: Buffer<ArrayBuffer>): Promise<void> {
    const hashes = await hash(new Blob([bytes]));
    this.contents.set(hashes.pieceHash, { tipHash: hashes.tipHash, bytes });
  }

  bytesOf(session: Session): Buffer {
    return Buffer.concat([...session.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));
  }

  /** Ends a verification. */
  async verify(session: Session, state: UploadState = 'Verified'): Promise<void> {
    const blob = new Blob([new Uint8Array(this.bytesOf(session))]);
    const found = blob.size > 0 ? await hash(blob) : null;
    const isRight = session.pieceHash === null || session.pieceHash === (found?.pieceHash ?? null);
    session.actual = { tipHash: found?.tipHash ?? null, pieceHash: found?.pieceHash ?? null, detectedType: null };
    if (found) this.contents.set(found.pieceHash, { tipHash: found.tipHash, bytes: this.bytesOf(session) });
    this.#enter(session, isRight ? state : 'Mismatched');
  }

  /** Tells how far a verification is. */
  tellProgress(session: Session, verified: number): void {
    for (const stream of this.#streams.get(session.tag) ?? []) {
      this.#write(stream, `event: progress\ndata: ${JSON.stringify({ tag: session.tag, verified, size: session.wish.size })}\n\n`);
    }
  }

  /** Breaks the connections of all event streams. */
  breakStreams(): void {
    for (const streams of [...this.#streams.values(), ...this.#leaseStreams.values()]) for (const stream of streams) stream.destroy();
    this.#world.streamsBroke();
  }

  get #now(): number {
    return this.#world.now() - this.ahead;
  }

  /** Streams of uploads' events that are open. */
  get streams(): number {
    return countOf(this.#streams);
  }

  /** Streams of lost leases that are open. */
  get leaseStreams(): number {
    return countOf(this.#leaseStreams);
  }

  async #api(request: IncomingMessage, response: ServerResponse, bytes: Buffer): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, this.server);
    const method = request.method!;
    const body = (bytes.length > 0 ? JSON.parse(bytes.toString()) : {}) as Asked['body'];
    this.asked.push({ method, path: pathname, query: searchParams, body, headers: request.headers });
    if (suffer(this.apiFault(method, pathname), this.#world, request, response)) return;
    const say = (status: number, answer?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json', ...(this.showsTime && { date: new Date(this.#now).toUTCString() }) });
      this.answering(method, pathname);
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    };
    try {
      if (request.headers.authorization !== `Bearer ${this.token}`) throw new Refusal(401, 'permission_expired');
      const [, , , tag = '', what = ''] = pathname.split('/');
      if (pathname === '/v1/leases/events') {
        if (!this.hasLeaseStream) throw new Refusal(404, 'not_found');
        this.#streamLeases(searchParams.get('clientId')!, response);
        return;
      }
      if (pathname === '/v1/uploads:batch') {
        say(200, await this.#rows(body as unknown as NewUpload[], (row) => this.#open(row)));
      } else if (pathname === '/v1/uploads:complete') {
        if (!this.completesMany) throw new Refusal(404, 'not_found');
        const complete = (row: Asked['body']) => this.#one('POST', 'complete', this.#find(row['tag'] as string), row, new URLSearchParams());
        say(200, await this.#rows(body as unknown as Asked['body'][], async (row) => (await complete(row))[1]));
      } else if (tag === '' && method === 'POST') {
        const answer = this.#open(body as unknown as NewUpload);
        say(answer.status === 'created' ? 201 : 200, answer);
      } else if (tag === '') {
        say(200, { uploads: [...this.sessions.values()].map((one) => this.#answer(one)), next: null });
      } else if (what === 'events') {
        this.#stream(this.#find(tag), request, response);
      } else {
        const [status, answer] = await this.#one(method, what, this.#find(tag), body, searchParams);
        say(status, answer);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say(error.status, problem(error));
    }
  }

  #rows<T>(rows: readonly T[], answer: (row: T) => unknown): Promise<unknown[]> {
    return Promise.all(
      rows.map(async (row) => {
        try {
          return await answer(row);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return { status: 'failed', problem: problem(error) };
        }
      }),
    );
  }

  #open(wish: NewUpload): { status: string } {
    if (wish.fileName.startsWith('bad')) throw new Refusal(403, 'content_type_not_allowed');
    const isSame = (one: Session) =>
      one.wish.size === wish.size && one.wish.tipHash === wish.tipHash && (!wish.pieceHash || !one.pieceHash || one.pieceHash === wish.pieceHash);
    const found = wish.tipHash === null ? undefined : [...this.sessions.values()].find((one) => isActive(one.state) && !one.isGone && isSame(one));
    const session: Session = found ?? {
      tag: `tag${String(this.#next++).padStart(18, '0')}`,
      wish,
      hasChecksums: wish.checksum === 'sha256' && this.agreesToChecksums && wish.size > this.singleMaxSize,
      pieceHash: wish.pieceHash ?? null,
      state: 'Uploading',
      isGone: false,
      lease: null,
      displaced: new Set(),
      parts: new Map(),
      challenge: null,
      isChallengeSpent: false,
      actual: null,
      sequence: 1,
    };
    this.sessions.set(session.tag, session);
    this.#take(session, wish.clientId, false);
    session.pieceHash ??= wish.pieceHash ?? null;
    const known = session.pieceHash === null || session.isChallengeSpent ? undefined : this.contents.get(session.pieceHash);
    if (known) session.challenge ??= { nonce: 'N'.repeat(52), ranges: [{ start: 0, end: Math.min(10, wish.size) }, { start: wish.size >> 1, end: wish.size }] };
    const isPossible = session.pieceHash === null && [...this.contents.values()].some(({ tipHash: tip, bytes }) => tip === wish.tipHash && bytes.length === wish.size);
    return {
      status: session.challenge ? 'challenge' : found ? 'resumed' : 'created',
      ...this.#opened(session, wish.form === true),
      ...(session.challenge && { challenge: { ...session.challenge, expiresAt: this.#time(60_000) } }),
      ...(isPossible && { possibleDuplicate: true }),
    };
  }

  #opened(session: Session, isForm: boolean) {
    const missing = this.#missing(session);
    const hasForm = isForm && this.hasForms && this.#isSingle(session);
    return {
      ...this.#answer(session),
      parts: this.#parts(session),
      urls: session.challenge || hasForm || session.hasChecksums ? [] : this.store.sign(session.tag, missing.slice(0, this.firstUrls)),
      ...(hasForm && !session.challenge && missing.length > 0 && { form: this.store.form(session.tag, session.wish.size) }),
    };
  }

  async #one(method: string, what: string, session: Session, body: Asked['body'], query: URLSearchParams): Promise<[number, unknown?]> {
    const client = (body['clientId'] as string | undefined) ?? query.get('clientId');
    switch (`${method} ${what}`) {
      case 'GET ':
        return [200, this.#answer(session)];
      case 'DELETE ':
        this.#admit(session, client);
        if (!isActive(session.state) && session.state !== 'Aborted') throw new Refusal(409, 'wrong_state');
        this.#enter(session, 'Aborted');
        return [204];
      case 'POST lease':
        if (!isActive(session.state)) throw new Refusal(409, 'wrong_state');
        return [200, this.#take(session, client!, body['takeOver'] === true)];
      case 'DELETE lease':
        if (session.lease?.clientId === client) session.lease = null;
        return [204];
      case 'POST urls':
        this.#admit(session, client);
        return [200, this.#sign(session, body)];
      case 'POST form':
        if (!this.hasForms) throw new Refusal(404, 'not_found');
        this.#admit(session, client);
        if (!isActive(session.state) || !this.#isSingle(session)) throw new Refusal(409, 'wrong_state');
        return [200, this.store.form(session.tag, session.wish.size)];
      case 'GET parts':
        return [200, this.#parts(session)];
      case 'POST challenge':
        return this.#challenge(session, body['digest'] as string | null);
      case 'POST complete':
        this.#admit(session, client);
        return [200, await this.#complete(session, body)];
      default:
        throw new Refusal(404, 'not_found');
    }
  }

  #challenge(session: Session, digest: string | null): [number, unknown] {
    const { bytes, tipHash: tip } = this.contents.get(session.pieceHash!)!;
    const { nonce, ranges } = session.challenge!;
    const right = createHash('sha256').update(nonce);
    for (const { start, end } of ranges) right.update(bytes.subarray(start, end));
    session.challenge = null;
    if (digest === base32(right.digest())) {
      session.actual = { tipHash: tip, pieceHash: session.pieceHash, detectedType: null };
      this.#enter(session, 'Duplicate');
      return [200, { ...this.#answer(session), status: 'duplicate' }];
    }
    session.isChallengeSpent = true;
    const { form, ...answer } = this.#opened(session, session.wish.form === true);
    return [201, { ...answer, status: 'created' }];
  }

  async #complete(session: Session, body: Asked['body']): Promise<unknown> {
    if (!isActive(session.state)) {
      if (session.state === 'Aborted' || session.state === 'Expired') throw new Refusal(409, 'wrong_state');
      return this.#answer(session);
    }
    if (session.isGone) throw new Refusal(409, 'upload_gone');
    const hashed = body['pieceHash'] as string | undefined;
    if (hashed && session.pieceHash && hashed !== session.pieceHash) throw new Refusal(409, 'hash_conflict');
    session.pieceHash ??= hashed ?? null;
    const missing = this.#missing(session);
    if (missing.length > 0) throw new Refusal(409, 'parts_missing', { missing });
    const named = body['parts'] as { part: number; etag: string }[] | undefined;
    const changed = (named ?? []).filter(({ part, etag }) => etagOf(session.parts.get(part)!) !== etag).map(({ part }) => part);
    if (changed.length > 0) throw new Refusal(409, 'part_changed', { changed });
    this.#enter(session, 'Stored');
    const answer = this.#answer(session);
    if (this.verifies) await this.verify(session);
    return answer;
  }

  #sign({ tag, hasChecksums }: Session, body: Asked['body']): unknown {
    const { parts, checksums } = body as { parts?: number[]; checksums?: Record<string, string> };
    const isAsPlanned = (checksums !== undefined) === hasChecksums && (parts === undefined) === hasChecksums;
    if (!isAsPlanned || !Object.values(checksums ?? {}).every((checksum) => /^[A-Za-z0-9+/]{43}=$/.test(checksum))) {
      throw new Refusal(400, 'invalid_request', { errors: { checksums: [] } });
    }
    return this.store.sign(tag, parts ?? Object.keys(checksums!).map(Number), checksums);
  }

  #stream(session: Session, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#write(response, ': hello\n\n');
    if (Number(request.headers['last-event-id'] ?? 0) < session.sequence) this.#write(response, stateEvent(session, this.#time(0)));
    if (!isActive(session.state) && session.state !== 'Stored' && session.state !== 'Verifying') {
      response.end();
      return;
    }
    const streams = this.#streams.get(session.tag) ?? new Set();
    this.#streams.set(session.tag, streams.add(response));
    response.on('close', () => streams.delete(response));
  }

  #streamLeases(client: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#write(response, ': hello\n\n');
    const streams = this.#leaseStreams.get(client) ?? new Set();
    this.#leaseStreams.set(client, streams.add(response));
    const closed = new AbortController();
    response.on('close', () => {
      streams.delete(response);
      closed.abort();
    });
    const keepAlive = async (): Promise<never> => {
      while (true) {
        await this.#world.sleep(15_000, closed.signal);
        this.#write(response, ': keep-alive\n\n');
      }
    };
    keepAlive().catch(() => {});
  }

  #write(stream: ServerResponse, text: string): void {
    this.#world.streamed(String(stream.req.headers['x-request']), Buffer.byteLength(text));
    stream.write(text);
  }

  #enter(session: Session, state: UploadState): void {
    if (session.state === state) return;
    session.state = state;
    session.sequence++;
    for (const stream of this.#streams.get(session.tag) ?? []) {
      this.#write(stream, stateEvent(session, this.#time(0)));
      if (state !== 'Stored' && state !== 'Verifying') stream.end();
    }
  }

  #admit(session: Session, client: string | null): void {
    if (client === null) return;
    const live = this.#live(session);
    if (session.displaced.has(client)) throw this.#refusal(409, 'lease_lost', session);
    if (live && live.clientId !== client) throw this.#refusal(423, 'upload_locked', session);
  }

  #take(session: Session, client: string, takeOver: boolean): Lease {
    const live = this.#live(session);
    if (live && live.clientId !== client && !takeOver) {
      throw this.#refusal(session.displaced.has(client) ? 409 : 423, session.displaced.has(client) ? 'lease_lost' : 'upload_locked', session);
    }
    const before = session.lease?.clientId;
    if (before !== undefined && before !== client) session.displaced.add(before);
    session.displaced.delete(client);
    const epoch = before === client ? session.lease!.epoch : (session.lease?.epoch ?? 0) + 1;
    session.lease = { clientId: client, epoch, heldSince: this.#time(0), until: this.#time(this.leaseDuration) };
    if (takeOver && before !== undefined && before !== client) {
      const lost = `event: lost\ndata: ${JSON.stringify({ tag: session.tag, lease: session.lease })}\n\n`;
      for (const stream of this.#leaseStreams.get(before) ?? []) this.#write(stream, lost);
    }
    return session.lease;
  }

  #live(session: Session): Lease | null {
    return session.lease && Date.parse(session.lease.until) > this.#now ? session.lease : null;
  }

  #refusal(status: number, code: string, { tag, lease }: Session): Refusal {
    return new Refusal(status, code, { tag, holder: lease?.clientId, heldSince: lease?.heldSince, until: lease?.until });
  }

  #parts(session: Session) {
    return [...session.parts].map(([part, bytes]) => ({ part, size: bytes.length, etag: etagOf(bytes), ...(session.hasChecksums && { checksum: checksumOf(bytes) }) }));
  }

  #missing(session: Session): number[] {
    return Array.from({ length: this.#partCount(session) }, (_, at) => at + 1).filter((part) => !session.parts.has(part));
  }

  #isSingle({ wish }: Session): boolean {
    return wish.size <= this.singleMaxSize;
  }

  #partCount(session: Session): number {
    return this.#isSingle(session) ? 1 : Math.ceil(session.wish.size / this.partSize);
  }

  #answer(session: Session) {
    const { wish, tag, state, pieceHash, actual, lease } = session;
    const [strategy, partSize] = this.#isSingle(session) ? ['single', wish.size] : ['multipart', this.partSize];
    return {
      ...{ tag, state, pieceHash, actual, lease },
      ...{ fileName: wish.fileName, contentType: wish.contentType, size: wish.size, tipHash: wish.tipHash },
      fileId: state === 'Verified' || state === 'Duplicate' ? tag : null,
      reason: state === 'Mismatched' ? 'The bytes differ.' : null,
      key: `upload/${tag}`,
      plan: { strategy, partSize, partCount: this.#partCount(session), checksum: session.hasChecksums ? 'sha256' : null },
    };
  }

  #find(tag: string): Session {
    const session = this.sessions.get(tag);
    if (!session) throw new Refusal(404, 'upload_not_found');
    return session;
  }

  #time(later: number): string {
    return new Date(this.#now + later).toISOString();
  }
}

const isActive = (state: UploadState): boolean => ['Created', 'Uploading', 'Completing'].includes(state);

const problem = ({ status, code, members }: Refusal) => ({ status, code, title: code, ...members });

const countOf = (streams: ReadonlyMap<string, ReadonlySet<ServerResponse>>): number => [...streams.values()].reduce((sum, of) => sum + of.size, 0);

const stateEvent = ({ tag, state, sequence }: Session, at: string): string =>
  `event: state\nid: ${sequence}\ndata: ${JSON.stringify({ tag, state, at, sequence })}\n\n`;

/** Bytes that differ everywhere, and from one seed to the next. */
export function bytesOf(size: number, seed = 1): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(size);
  let x = seed >>> 0;
  for (let at = 0; at < size; at++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes[at] = x >>> 24;
  }
  return bytes;
}

export const tipOf = (bytes: Buffer<ArrayBuffer>): Promise<string> => tipHash(new Blob([bytes]));
