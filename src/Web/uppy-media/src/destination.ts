import type { PutAnswer } from './put.ts';
import type { StoreRefusal } from './errors.ts';

/** Where one part may be sent for a while. */
export interface Destination {
  /** Whether bytes are told while they go out; where not, nothing is heard before the answer. */
  readonly tellsProgress: boolean;
  /** Whether the bytes are read from the file for it. */
  readonly readsFile: boolean;
  /** Sends the part's bytes, once. It throws Unreachable where there was no answer, or the signal's reason. */
  send(bytes: Blob, signal: AbortSignal, onProgress: (sent: number) => void): Promise<PutAnswer>;
  /** The store refused: the next try wants another one. */
  refused(refusal: StoreRefusal): void;
}

/** Gives the destinations of one upload's parts. */
export interface Destinations {
  /** Begins with what takes time for the part next in line, which waits for its turn. */
  prepare(signal: AbortSignal): void;
  /** One that can be begun with now. */
  get(part: number, signal: AbortSignal): Promise<Destination>;
}
