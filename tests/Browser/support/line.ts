import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/**
 * Looks at a request before it is passed on, and may answer it itself.
 * @returns whether it did, or will; else the request passes
 */
export type Intercept = (request: IncomingMessage, answer: ServerResponse) => boolean;

/**
 * The line between a browser and everything else: an HTTP proxy (RFC 9110, 7.6) that lets uploads through at a rate, and can be cut or held, under
 * requests that are on their way too. A browser's own emulation of being offline leaves those alone.
 */
export class Line {
  readonly #server: Server;
  readonly #underWay = new Set<() => void>();
  readonly #intercepts: Intercept[] = [];
  #whole = true;
  #open: Promise<void> = Promise.resolve();

  private constructor(rate: number) {
    this.#server = createServer((from, to) => this.#pass(from, to, rate));
  }

  /** @param rate bytes a second that each request's body goes at; as fast as it can unless told */
  static async open(rate = Infinity): Promise<Line> {
    const line = new Line(rate);
    await new Promise<void>((resolve, reject) => line.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return line;
  }

  /** The proxy's address. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Has every request looked at, by those who came first first. */
  intercept(intercept: Intercept): void {
    this.#intercepts.push(intercept);
  }

  cut(): void {
    this.#whole = false;
    for (const drop of this.#underWay) drop();
    this.#server.closeAllConnections();
  }

  mend(): void {
    this.#whole = true;
  }

  /** Has nothing come through, and nobody told, as while a machine sleeps. The returned function lets what waited go on. */
  hold(): () => void {
    let release = () => {};
    this.#open = new Promise((resolve) => (release = resolve));
    return release;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: IncomingMessage, to: ServerResponse, rate: number): void {
    if (this.#whole && this.#intercepts.some((intercept) => intercept(from, to))) {
      from.on('error', () => {});
      to.on('error', () => {});
      return;
    }
    const drop = () => {
      onward.destroy();
      from.destroy();
      to.destroy();
    };
    const onward = request(from.url ?? '', { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', drop).pipe(this.#passage(Infinity)).pipe(to);
    });
    onward.on('error', drop);
    if (!this.#whole) {
      drop();
      return;
    }
    this.#underWay.add(drop);
    to.on('error', drop).once('close', () => {
      this.#underWay.delete(drop);
      if (!to.writableFinished) onward.destroy();
    });
    from.on('error', drop).pipe(this.#passage(rate)).pipe(onward);
  }

  #passage(rate: number): Transform {
    const waits = async ({ length }: Buffer) => {
      if (rate !== Infinity) await setTimeout((length / rate) * 1_000);
      await this.#open;
    };
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => void waits(chunk).then(() => done(null, chunk)),
      flush: (done) => void this.#open.then(() => done()),
    });
  }
}
