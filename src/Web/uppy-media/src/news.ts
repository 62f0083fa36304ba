import type { Upload } from './answers.ts';

/** What is told of one file on its way. Sizes are bytes. */
export type UploadNews =
  | { readonly kind: 'hashing'; readonly hashed: number; readonly size: number }
  /** Parts are about to be sent; `there` bytes of them are there from an earlier try. */
  | { readonly kind: 'uploading'; readonly upload: Upload; readonly resumed: boolean; readonly there: number }
  /** So much is in the store, or on its way to it. It falls where a part has to go once more. */
  | { readonly kind: 'progress'; readonly sent: number; readonly size: number }
  /** The server reads back what it got. */
  | { readonly kind: 'verifying'; readonly upload: Upload; readonly verified: number; readonly size: number };

export type Tell = (news: UploadNews) => void;
