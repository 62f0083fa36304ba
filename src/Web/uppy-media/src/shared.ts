import type { Completion, NewUpload, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { Batcher } from './batcher.ts';
import type { Lanes } from './lanes.ts';
import type { LeaseStream } from './lease-stream.ts';
import type { ChecksumRooms } from './part-checksums.ts';
import type { Put } from './put.ts';
import type { RetryPolicy } from './retry.ts';
import type { Room, Turns } from './room.ts';
import type { TakeoverNews } from './takeover-news.ts';
import type { Verification } from './verification.ts';

/** What the uploads of one uploader have in common. */
export interface Shared {
  readonly api: UploadsApi;
  readonly put: Put;
  readonly fetch: typeof globalThis.fetch;
  readonly retry: RetryPolicy;
  readonly lanes: Lanes;
  readonly creations: Batcher<NewUpload, Upload>;
  /** Of uploads that go in one piece; what many parts take to be put together, others need not wait for. */
  readonly completions: Batcher<Completion, Upload>;
  readonly verification: Verification;
  readonly news: TakeoverNews;
  readonly leaseStream: LeaseStream;
  /** Who holds the leases. */
  readonly clientId: () => Promise<string>;
  /** Files that are between their creation and their completion. */
  readonly open: Room;
  /** Files that are hashed. */
  readonly hashing: Room;
  readonly checksumRooms: ChecksumRooms;
  /** The server takes two files of one size and tip for one upload to resume; the second waits, and then need not be sent. */
  readonly contents: Turns;
  readonly settings: Settings;
}

/** What can be set about all uploads. Times are in milliseconds. */
export interface Settings {
  /** The wanted part size in bytes, a multiple of 4 MiB; null leaves the choice to the server. */
  readonly partSize: number | null;
  /**
   * Files of up to so many bytes are POSTed to the store by a form, where the server has one for them: for that, browsers ask no leave of the store
   * first, but nothing is told while the bytes go. 0 for none.
   */
  readonly formsUpTo: number;
  /** Whether parts carry their SHA-256, by which the store refuses what was damaged on the way, where the server and the store take it. */
  readonly checksums: boolean;
  readonly stallTimeout: number;
  readonly answerTimeout: number;
  /** URLs asked for at once, at most 1 000. */
  readonly urlBatch: number;
  /** Whether an upload is over only when the server has verified it. */
  readonly waitForVerification: boolean;
  /** How often progress is told at most. */
  readonly progressInterval: number;
}
