import { Pace } from './pace.ts';
import { bytesDone, isDone, isInTrouble, isUnderWay, newTransfer, type Transfer } from './transfer.ts';

/** What all files together come to. Sizes are bytes. */
export interface Totals {
  readonly files: number;
  readonly underWay: number;
  readonly paused: number;
  readonly verifying: number;
  readonly done: number;
  readonly troubled: number;
  /** Of the files that are under way, being verified or done. */
  readonly size: number;
  readonly sent: number;
  /** Bytes a second; null while too little is known. */
  readonly rate: number | null;
}

/** A change of the files of this page: one of them is new, or fares otherwise, or is gone. */
export type TransfersListener = (now: Transfer | null, before: Transfer | null) => void;

/** The files that this page was given, in the order they came. */
export class Transfers {
  readonly #now: () => number;
  readonly #files = new Map<string, Transfer>();
  readonly #paces = new Map<string, Pace>();
  readonly #listeners = new Set<TransfersListener>();
  readonly #pace: Pace;
  /** Kept up to date rather than added up, as every byte that moves asks for it, with ten thousand files too. */
  readonly #sums = { files: 0, underWay: 0, paused: 0, verifying: 0, done: 0, troubled: 0, size: 0, sent: 0 };
  /** Files whose bytes are on the line. */
  #sending = 0;
  #sent = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#pace = new Pace(now);
  }

  get all(): readonly Transfer[] {
    return [...this.#files.values()];
  }

  get(id: string): Transfer | undefined {
    return this.#files.get(id);
  }

  onChange(listener: TransfersListener): void {
    this.#listeners.add(listener);
  }

  add(file: Pick<Transfer, 'id' | 'name' | 'folder' | 'size' | 'tag'>): void {
    const made = newTransfer(file);
    this.#files.set(made.id, made);
    this.#paces.set(made.id, new Pace(this.#now));
    this.#count(made, 1);
    this.#tell(made, null);
  }

  change(id: string, change: Partial<Omit<Transfer, 'id' | 'rate'>>): void {
    const before = this.#files.get(id);
    const pace = this.#paces.get(id);
    if (!before || !pace) return;
    const next = { ...before, ...change };
    this.#count(before, -1);
    // What an earlier try sent was not sent by this line, and a pause says nothing about it either.
    if (next.state !== before.state || next.isPaused !== before.isPaused) {
      pace.restart();
      if (this.#sending === 0) this.#pace.restart();
    } else if (next.sent !== before.sent) {
      this.#sent += next.sent - before.sent;
      this.#pace.reached(this.#sent);
    }
    if (next.state === 'uploading' && !next.isPaused) pace.reached(next.sent);
    const now = { ...next, rate: pace.rate };
    this.#files.set(id, now);
    this.#count(now, 1);
    this.#tell(now, before);
  }

  remove(id: string): void {
    const before = this.#files.get(id);
    if (!before) return;
    this.#files.delete(id);
    this.#paces.delete(id);
    this.#count(before, -1);
    this.#tell(null, before);
  }

  get totals(): Totals {
    return { ...this.#sums, rate: this.#pace.rate };
  }

  /** @param by 1 for a file that comes to be so, -1 for one that was */
  #count(transfer: Transfer, by: 1 | -1): void {
    const sums = this.#sums;
    sums.files += by;
    if (isUnderWay(transfer)) sums.underWay += by;
    if (isUnderWay(transfer) && transfer.isPaused) sums.paused += by;
    if (transfer.state === 'uploading' && !transfer.isPaused) this.#sending += by;
    if (transfer.state === 'verifying') sums.verifying += by;
    if (isDone(transfer)) sums.done += by;
    if (isInTrouble(transfer)) sums.troubled += by;
    else {
      sums.size += by * transfer.size;
      sums.sent += by * bytesDone(transfer);
    }
  }

  #tell(now: Transfer | null, before: Transfer | null): void {
    for (const listener of this.#listeners) listener(now, before);
  }
}
