/** Where an upload is. What a later server adds is none of these. */
export type UploadState =
  | 'Created'
  | 'Uploading'
  | 'Completing'
  | 'Stored'
  | 'Verifying'
  | 'Verified'
  | 'Duplicate'
  | 'Mismatched'
  | 'Aborted'
  | 'Expired'
  | 'Failed';

/** What is asked for by `POST /v1/uploads`. */
export interface NewUpload {
  readonly fileName: string;
  /** Media type; empty where it is not known. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Null for an empty file, and where there is no hashing. */
  readonly tipHash: string | null;
  readonly pieceHash: string | null;
  /** Bytes; null leaves the choice to the server. */
  readonly partSize: number | null;
  readonly clientId: string;
  /** Where the file goes in one piece, a form is wanted rather than a URL. */
  readonly form?: true;
  /** What will come with every part, where the store takes it. */
  readonly checksum?: 'sha256';
}

/** A part that the store has. */
export interface StoredPart {
  readonly part: number;
  readonly size: number;
  readonly etag: string;
  /** SHA-256 in base64, where the store tells it. */
  readonly checksum?: string;
}

/** A URL that takes one part's bytes by PUT. It is a secret until it expires. */
export interface PartUrl {
  readonly part: number;
  readonly url: string;
  readonly expiresAt: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A form that takes a whole file by POST, as S3 has it. It is a secret until it expires. */
export interface PostForm {
  readonly url: string;
  /** To be sent as they are, before the file. */
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

/** Who may work on an upload. */
export interface Lease {
  readonly clientId: string;
  readonly epoch: number;
  readonly heldSince: string;
  readonly until: string;
}

/** What only somebody who has the file can answer. */
export interface Challenge {
  readonly nonce: string;
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  readonly expiresAt: string;
}

/** An upload, as the server tells it. */
export interface Upload {
  /** In answers to a creation. */
  readonly status?: 'created' | 'resumed' | 'challenge' | 'duplicate';
  readonly tag: string;
  readonly state: UploadState;
  readonly fileName: string;
  readonly contentType: string;
  readonly size: number | null;
  readonly tipHash: string | null;
  readonly pieceHash: string | null;
  /** What was found in the stored bytes; null until they are verified. */
  readonly actual: { readonly tipHash: string | null; readonly pieceHash: string | null; readonly detectedType: string | null } | null;
  /** The file in the catalog, once there is one. */
  readonly fileId: string | null;
  /** Why it ended badly, where it did. */
  readonly reason: string | null;
  readonly key: string;
  readonly plan: {
    readonly strategy: string;
    readonly partSize: number;
    readonly partCount: number;
    /** What every part's URL has to be asked for with; null or absent for nothing. */
    readonly checksum?: 'sha256' | null;
  };
  readonly lease: Lease | null;
  readonly parts?: readonly StoredPart[];
  readonly urls?: readonly PartUrl[];
  /** In place of URLs, where it was asked for. */
  readonly form?: PostForm;
  readonly challenge?: Challenge;
  readonly possibleDuplicate?: boolean;
}

/** The members of an RFC 9457 problem that an uploader acts on. */
export interface ProblemBody {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly status?: number;
  readonly missing?: readonly number[];
  readonly changed?: readonly number[];
  readonly tag?: string;
  readonly holder?: string;
  readonly heldSince?: string;
  readonly until?: string;
}

/** Whether something from elsewhere is a lease. */
export const isLease = (value: unknown): value is Lease =>
  typeof value === 'object' &&
  value !== null &&
  'clientId' in value &&
  typeof value.clientId === 'string' &&
  'epoch' in value &&
  typeof value.epoch === 'number' &&
  'heldSince' in value &&
  typeof value.heldSince === 'string' &&
  'until' in value &&
  typeof value.until === 'string';

/** One row of the answer to `POST /v1/uploads:batch` or `POST /v1/uploads:complete`. */
export type BatchRow = Upload | { readonly status: 'failed'; readonly problem: ProblemBody };

/** That all of an upload is there that goes in one piece. */
export interface Completion {
  readonly tag: string;
  readonly pieceHash: string | null;
  readonly clientId: string;
}

/** A part as a completion names it. */
export interface PartTag {
  readonly part: number;
  readonly etag: string;
}

/** Parts by their numbers; or, where the plan has checksums, the checksum of each. */
export type WantedParts = { readonly parts: readonly number[] } | { readonly checksums: Readonly<Record<number, string>> };

/** Whether the client still has something to do: send parts, or complete. */
export const isActive = (state: UploadState): boolean => state === 'Created' || state === 'Uploading' || state === 'Completing';

/** Whether nothing can follow. */
export const isFinal = (state: UploadState): boolean => !isActive(state) && state !== 'Stored' && state !== 'Verifying';

/** Whether the object is, or was once, whole in the bucket. */
export const isStored = (state: UploadState): boolean =>
  state === 'Stored' || state === 'Verifying' || state === 'Verified' || state === 'Duplicate' || state === 'Mismatched';
