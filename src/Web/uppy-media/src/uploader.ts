import { AdaptiveLimit } from './adaptive-limit.ts';
import type { Completion, NewUpload, Upload } from './answers.ts';
import { UploadsApi, type PermissionSource } from './api.ts';
import { Batcher } from './batcher.ts';
import { tabClientId } from './client-id.ts';
import { systemClock, type Clock } from './clock.ts';
import { browserConnectivity, type Connectivity } from './connectivity.ts';
import { FileHashes } from './file-hashes.ts';
import { FileUpload } from './file-upload.ts';
import { Lanes } from './lanes.ts';
import { LeaseStream } from './lease-stream.ts';
import type { Tell } from './news.ts';
import { ChecksumRooms } from './part-checksums.ts';
import { xhrPut, type Put } from './put.ts';
import { retryLimits, RetryPolicy, type RetryLimits } from './retry.ts';
import { Room, Turns } from './room.ts';
import type { Settings, Shared } from './shared.ts';
import { browserChannel, TakeoverNews, type NewsChannel } from './takeover-news.ts';
import { Verification } from './verification.ts';

/** How a {@link MediaUploader} goes about its work. Times are in milliseconds. */
export interface UploaderOptions extends Partial<Settings> {
  /** The server's base address, without `/v1`; empty, as it is unless told, for the page's own origin. */
  readonly server?: string;
  /** The permission, or API key, that the server is asked with. */
  readonly permission: PermissionSource;
  /** Parts at once at most, over all files: 6 unless told, as browsers open no more HTTP/1.1 connections to one origin. */
  readonly mostParts?: number;
  /** Files between creation and completion at once: 128 unless told. Each holds a lease that has to be renewed. */
  readonly filesAtOnce?: number;
  /** Most creations in one request, 1 to 1 000: 100 unless told. Completions of small files go by as many, but 32 at most. */
  readonly batch?: number;
  readonly retry?: Partial<RetryLimits>;
  /** What the uploader works with; the browser's own unless told. */
  readonly platform?: Partial<Platform>;
}

/** Everything that comes from outside. */
export interface Platform {
  readonly fetch: typeof globalThis.fetch;
  readonly put: Put;
  readonly clock: Clock;
  /** 0 or more, less than 1. */
  readonly random: () => number;
  readonly connectivity: Connectivity;
  readonly clientId: () => Promise<string>;
  /** A channel to the other tabs of this browser; null where there is none. */
  readonly channel: NewsChannel | null;
}

const usual: Settings = {
  partSize: null,
  formsUpTo: 256 * 1024,
  checksums: true,
  stallTimeout: 30_000,
  answerTimeout: 120_000,
  urlBatch: 64,
  waitForVerification: true,
  progressInterval: 100,
};

const usualFilesAtOnce = 128;

/** Files hashed at once: each takes all processors there are, the second reads while the first computes. */
const hashedAtOnce = 2;

/** Event streams open at once: each takes one of the browser's six connections to the server. */
const streamsAtOnce = 2;

const usualBatch = 100;

/** The server has so many in hand at once of one request, so the first is of so many; and for how long it waits for others, in milliseconds. */
const gathered = { first: 16, wait: 20 };

/** Requests for creations at once: the next is under way while the parts of the last are. */
const creationsAtOnce = 2;

/** Completions of one request, and such requests at once: none waits for many others, nor for one that takes long. */
const mostCompletions = 32;
const completionsAtOnce = 4;

/**
 * Uploads files by Media's `/v1`: parts in parallel, straight to the store by presigned URLs, hashed beside; again and again until they are
 * there, resumed where an earlier try had got, and spared where their content is stored already. It knows nothing of Uppy.
 */
export class MediaUploader {
  readonly #shared: Shared;
  readonly #hashes = new WeakMap<Blob, FileHashes>();

  constructor(options: UploaderOptions) {
    const { platform = {} } = options;
    const clock = platform.clock ?? systemClock;
    const connectivity = platform.connectivity ?? browserConnectivity();
    const fetch = platform.fetch ?? globalThis.fetch.bind(globalThis);
    const retry = new RetryPolicy({ ...retryLimits, ...options.retry }, clock, connectivity, platform.random ?? Math.random);
    const api = new UploadsApi({ server: (options.server ?? '').replace(/\/+$/, ''), permission: options.permission, fetch, clock });
    let client: Promise<string> | null = null;
    const clientId = () => (client ??= (platform.clientId ?? tabClientId)());
    const filesAtOnce = options.filesAtOnce ?? usualFilesAtOnce;
    const news = new TakeoverNews(platform.channel === undefined ? browserChannel() : platform.channel);
    this.#shared = {
      api,
      retry,
      put: platform.put ?? xhrPut(),
      fetch,
      lanes: new Lanes(new AdaptiveLimit(options.mostParts === undefined ? {} : { most: options.mostParts }), clock),
      creations: creationsBy(api, clock, options.batch ?? usualBatch),
      completions: completionsBy(api, clock, Math.min(options.batch ?? usualBatch, mostCompletions)),
      verification: new Verification(api, retry, streamsAtOnce),
      news,
      leaseStream: new LeaseStream({ api, retry, clientId, onLost: (tag, lease) => news.hear(tag, lease) }),
      clientId,
      open: new Room(filesAtOnce, Math.floor(filesAtOnce / 4)),
      hashing: new Room(hashedAtOnce),
      checksumRooms: new ChecksumRooms(),
      contents: new Turns(),
      settings: {
        partSize: options.partSize ?? usual.partSize,
        formsUpTo: options.formsUpTo ?? usual.formsUpTo,
        checksums: options.checksums ?? usual.checksums,
        stallTimeout: options.stallTimeout ?? usual.stallTimeout,
        answerTimeout: options.answerTimeout ?? usual.answerTimeout,
        urlBatch: options.urlBatch ?? usual.urlBatch,
        waitForVerification: options.waitForVerification ?? usual.waitForVerification,
        progressInterval: options.progressInterval ?? usual.progressInterval,
      },
    };
  }

  /** Begins to upload a file, or goes on with an upload of the same content that was begun earlier, anywhere. */
  upload(data: Blob, { name, type }: { readonly name: string; readonly type: string }, tell: Tell = () => {}): FileUpload {
    const hashes = this.#hashes.get(data) ?? new FileHashes(data, this.#shared.hashing);
    this.#hashes.set(data, hashes);
    return new FileUpload(this.#shared, { data, name, type, hashes }, tell);
  }

  /** Takes an upload over from the client that holds it, which stops at its next request at the latest. Upload the file again then. */
  async takeOver(tag: string): Promise<void> {
    const { api, retry, news, clientId } = this.#shared;
    const client = await clientId();
    news.tell(tag, await retry.call(() => api.takeLease(tag, client, true)));
  }

  /** Ends what it shares with other tabs. Stop or cancel its uploads first. */
  close(): void {
    this.#shared.news.close();
  }
}

const creationsBy = (api: UploadsApi, clock: Clock, most: number): Batcher<NewUpload, Upload> =>
  new Batcher(clock, {
    one: (upload) => api.create(upload),
    many: (uploads) => api.createMany(uploads),
    // One that was resumed was begun at another time, by somebody who may want it still.
    unwanted: ({ clientId }, { tag, status }) => status === 'created' && api.abort(tag, clientId).catch(() => {}),
    ...gathered,
    atOnce: creationsAtOnce,
    most,
  });

const completionsBy = (api: UploadsApi, clock: Clock, most: number): Batcher<Completion, Upload> =>
  new Batcher(clock, {
    one: ({ tag, pieceHash, clientId }, signal) => api.complete(tag, null, pieceHash, clientId, { signal }),
    many: (completions, signal) => api.completeMany(completions, { signal }),
    ...gathered,
    atOnce: completionsAtOnce,
    most,
  });
