import type { Body, Meta, UppyFile } from '@uppy/core';

/** How an upload ended that the server has verified. */
export interface VerifiedNews {
  readonly tag: string;
  /** The file in the catalog. */
  readonly fileId: string | null;
  readonly tipHash: string | null;
  readonly pieceHash: string | null;
  /** Whether an earlier try was gone on with. */
  readonly resumed: boolean;
}

/** Who holds an upload. */
export interface LockedNews {
  readonly tag: string | null;
  /** The other's client id. */
  readonly holder: string | null;
  readonly heldSince: string | null;
  /** When its lease lapses unless it is renewed. */
  readonly until: string | null;
  /** Whether this tab had the upload before; else it was another's when it came. */
  readonly lost: boolean;
}

type Listener<M extends Meta, B extends Body, T> = (file: UppyFile<M, B>, news: T) => void;

declare module '@uppy/core' {
  interface UppyEventMap<M extends Meta, B extends Body> {
    /** Bytes of the file are hashed, before it is sent or beside. */
    'media:hashing': Listener<M, B, { readonly hashed: number; readonly size: number }>;
    /** Parts are about to be sent. `bytesThere` of them are there from an earlier try. */
    'media:uploading': Listener<M, B, { readonly tag: string; readonly key: string; readonly resumed: boolean; readonly bytesThere: number }>;
    /** The server reads back what it got. */
    'media:verifying': Listener<M, B, { readonly tag: string; readonly verified: number; readonly size: number }>;
    /** What is stored is what was sent. `upload-success` follows. */
    'media:verified': Listener<M, B, VerifiedNews>;
    /** The content was stored already. `upload-success` follows. */
    'media:duplicate': Listener<M, B, VerifiedNews>;
    /** What is stored is not this file. `upload-error` follows. */
    'media:mismatched': Listener<M, B, { readonly tag: string | null; readonly reason: string }>;
    /** Another client has the upload. `upload-error` follows; `takeOver` of the plugin takes it back. */
    'media:locked': Listener<M, B, LockedNews>;
  }
}
