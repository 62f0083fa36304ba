import { request } from 'node:http';
import { onTestFinished, vi } from 'vitest';
import type { Clock } from '../src/clock.ts';
import type { Connectivity } from '../src/connectivity.ts';
import { xhrPut } from '../src/put.ts';
import type { Platform } from '../src/uploader.ts';

interface Timer {
  readonly at: number;
  readonly go: () => void;
}

/** So many turns of the event loop without anything under way mean that only time can bring something about. */
const idleTurns = 40;

/**
 * A browser's surroundings without a browser, and without waiting: time stands still while anything is under way, and jumps to the next timer
 * when nothing is. A request that a peer lets hang is not under way.
 */
export class World implements Clock, Connectivity {
  #now = Date.parse('2026-01-01T12:00:00Z');
  #next = 1;
  readonly #underWay = new Set<string>();
  /** Bytes on their way by open streams. */
  readonly #streams = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  readonly #back = new Set<() => void>();
  isOnline = true;
  /** Pauses that were asked for, in milliseconds. */
  readonly slept: number[] = [];

  constructor() {
    this.#count(Blob.prototype, 'arrayBuffer');
    this.#count(ReadableStreamBYOBReader.prototype, 'read');
    this.#count(crypto.subtle, 'digest');
  }

  now = (): number => this.#now;

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      this.slept.push(milliseconds);
      const timer: Timer = {
        at: this.#now + milliseconds,
        go: () => {
          signal?.removeEventListener('abort', give);
          resolve();
        },
      };
      const give = () => {
        this.#timers.delete(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', give, { once: true });
      this.#timers.add(timer);
    });

  onBack(listener: () => void): () => void {
    this.#back.add(listener);
    return () => this.#back.delete(listener);
  }

  /** The network is back. */
  comeBack(): void {
    this.isOnline = true;
    for (const listener of [...this.#back]) listener();
  }

  /** The machine slept: time has passed, and no timer has run. */
  oversleep(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** The peer leaves this request without an answer. */
  hang(id: string): void {
    this.#underWay.delete(id);
  }

  /** Lets the world go on until this is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => {});
    await this.#goOn(() => isSettled);
    return settled;
  }

  /** Lets the world go on until this is so. */
  async when(condition: () => boolean): Promise<void> {
    await this.#goOn(condition);
  }

  /** Lets what is under way come to its end, in no time. */
  async quiet(): Promise<void> {
    for (let idle = 0; idle < idleTurns; idle = this.#isIdle ? idle + 1 : 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What an uploader works with here. */
  platform(clientId = 'tab-1'): Platform {
    return {
      fetch: this.#fetch,
      put: xhrPut(() => new NodeXhr(this) as unknown as XMLHttpRequest),
      clock: this,
      random: () => 0.5,
      connectivity: this,
      clientId: () => Promise.resolve(clientId),
      channel: null,
    };
  }

  begin(): string {
    const id = String(this.#next++);
    this.#underWay.add(id);
    return id;
  }

  end(id: string): void {
    this.#underWay.delete(id);
  }

  /** A peer has written so many bytes to a stream that this request opened; they are under way until they are read, or nobody reads any more. */
  streamed(id: string, bytes: number): void {
    const before = this.#streams.get(id);
    if (before !== undefined) this.#streams.set(id, before + bytes);
  }

  /** What was on its way by streams is lost. */
  streamsBroke(): void {
    this.#streams.clear();
  }

  #arrivals(id: string): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.streamed(id, -chunk.length);
        controller.enqueue(chunk);
      },
    });
  }

  get #isIdle(): boolean {
    return this.#underWay.size === 0 && [...this.#streams.values()].every((bytes) => bytes <= 0);
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    const id = this.begin();
    this.#streams.set(id, 0);
    init?.signal?.addEventListener('abort', () => this.#streams.delete(id), { once: true });
    let isStream = false;
    try {
      if (!this.isOnline) throw new TypeError('Failed to fetch');
      const response = await fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), 'x-request': id } });
      const { status, headers } = response;
      isStream = headers.get('content-type') === 'text/event-stream';
      if (isStream) return new Response(response.body!.pipeThrough(this.#arrivals(id)), { status, headers });
      // The answer is under way until its last byte is there.
      return new Response(status === 204 ? null : await response.arrayBuffer(), { status, headers });
    } finally {
      this.end(id);
      if (!isStream) this.#streams.delete(id);
    }
  };

  async #goOn(isOver: () => boolean): Promise<void> {
    const deadline = performance.now() + 50_000;
    for (let idle = 0; !isOver(); ) {
      if (performance.now() > deadline) throw new Error(`It does not come to pass; ${this.#underWay.size} things are under way, ${this.#timers.size} wait.`);
      await new Promise((resolve) => setImmediate(resolve));
      idle = this.#isIdle ? idle + 1 : 0;
      if (idle < idleTurns || this.#timers.size === 0) continue;
      const next = [...this.#timers].reduce((first, timer) => (timer.at < first.at ? timer : first));
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.go();
      idle = 0;
    }
  }

  /** Reading and digesting go on elsewhere; they are under way, too. */
  #count<K extends string>(target: { [key in K]: (...args: never[]) => Promise<unknown> }, method: K): void {
    const original = target[method] as (this: unknown, ...args: unknown[]) => Promise<unknown>;
    const world = this;
    const spy = vi.spyOn(target as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>, method as string);
    spy.mockImplementation(async function (this: unknown, ...args: unknown[]) {
      const id = world.begin();
      try {
        return await original.apply(this, args);
      } finally {
        world.end(id);
      }
    });
    onTestFinished(() => spy.mockRestore());
  }
}

/** As much of an XMLHttpRequest as puts need, over a real connection. */
class NodeXhr {
  readonly upload: { onprogress: ((event: { loaded: number }) => void) | null } = { onprogress: null };
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onabort: (() => void) | null = null;
  status = 0;
  responseText = '';
  readonly #world: World;
  readonly #headers: Record<string, string> = {};
  #answer: Record<string, string | string[] | undefined> = {};
  #url = '';
  #isOver = false;
  #abort = () => {};

  constructor(world: World) {
    this.#world = world;
  }

  open(_method: string, url: string): void {
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  getResponseHeader(name: string): string | null {
    const value = this.#answer[name];
    return typeof value === 'string' ? value : null;
  }

  abort(): void {
    this.#abort();
  }

  send(body: Blob): void {
    const id = this.#world.begin();
    const end = (listener: (() => void) | null) => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#world.end(id);
      listener?.();
    };
    if (!this.#world.isOnline) {
      setImmediate(() => end(this.onerror));
      return;
    }
    this.#abort = () => end(this.onabort);
    void body.arrayBuffer().then((bytes) => {
      if (this.#isOver) return;
      const put = request(this.#url, { method: 'PUT', headers: { ...this.#headers, 'x-request': id, 'content-length': bytes.byteLength } }, (response) => {
        this.status = response.statusCode ?? 0;
        this.#answer = response.headers;
        response.setEncoding('utf8');
        response.on('data', (text: string) => (this.responseText += text));
        response.on('end', () => end(this.onload));
        response.on('error', () => end(this.onerror));
      });
      this.#abort = () => {
        end(this.onabort);
        put.destroy();
      };
      put.on('error', () => end(this.onerror));
      put.end(Buffer.from(bytes), () => {
        if (!this.#isOver) this.upload.onprogress?.({ loaded: bytes.byteLength });
      });
    }, () => end(this.onerror));
  }
}
