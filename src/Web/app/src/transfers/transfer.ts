/**
 * Where a file is. `hashing` is the time before its bytes are sent; large files are hashed beside.
 * `locked` is another client's, `mismatched` was refused by verification, `failed` is everything else that ended badly.
 */
export type TransferState = 'waiting' | 'hashing' | 'uploading' | 'verifying' | 'verified' | 'duplicate' | 'mismatched' | 'locked' | 'failed';

/** A file that this page was given to upload, and how it fares. Sizes are bytes. */
export interface Transfer {
  readonly id: string;
  readonly name: string;
  /** Where it was in the folder that was chosen; empty for a file chosen by itself. */
  readonly folder: string;
  readonly size: number;
  readonly state: TransferState;
  readonly isPaused: boolean;
  /** The upload's name, once there is one. */
  readonly tag: string | null;
  readonly hashed: number;
  readonly sent: number;
  readonly verified: number;
  /** Bytes of this file went out from here. */
  readonly hasSent: boolean;
  /** Bytes a second; null while too little is known. */
  readonly rate: number | null;
  /** What went wrong, or who has it, and what to do about it. */
  readonly problem: string;
}

/** A file that nothing has been done with yet. */
export function newTransfer({ id, name, folder, size, tag }: Pick<Transfer, 'id' | 'name' | 'folder' | 'size' | 'tag'>): Transfer {
  return {
    id,
    name,
    folder,
    size,
    state: 'waiting',
    isPaused: false,
    tag,
    hashed: 0,
    sent: 0,
    verified: 0,
    hasSent: false,
    rate: null,
    problem: '',
  };
}

/** Whether bytes are still to be sent, so that leaving the page would stop something. */
export const isUnderWay = ({ state }: Transfer): boolean => state === 'waiting' || state === 'hashing' || state === 'uploading';

/** Whether it came to a good end. */
export const isDone = ({ state }: Transfer): boolean => state === 'verified' || state === 'duplicate';

/** Whether it stands still until somebody does something. */
export const isInTrouble = ({ state }: Transfer): boolean => state === 'mismatched' || state === 'locked' || state === 'failed';

/** Bytes that count as done. */
export const bytesDone = (transfer: Transfer): number =>
  isDone(transfer) || transfer.state === 'verifying' ? transfer.size : Math.min(transfer.sent, transfer.size);
