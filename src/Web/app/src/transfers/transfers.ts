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
    this.#tell(made, null);
  }

  change(id: string, change: Partial<Omit<Transfer, 'id' | 'rate'>>): void {
    const before = this.#files.get(id);
    const pace = this.#paces.get(id);
    if (!before || !pace) return;
    const next = { ...before, ...change };
    // What an earlier try sent was not sent by this line, and a pause says nothing about it either.
    if (next.state !== before.state || next.isPaused !== before.isPaused) {
      pace.restart();
      if (!this.all.some((one) => one.id !== id && one.state === 'uploading' && !one.isPaused)) this.#pace.restart();
    } else if (next.sent !== before.sent) {
      this.#sent += next.sent - before.sent;
      this.#pace.reached(this.#sent);
    }
    if (next.state === 'uploading' && !next.isPaused) pace.reached(next.sent);
    const now = { ...next, rate: pace.rate };
    this.#files.set(id, now);
    this.#tell(now, before);
  }

  remove(id: string): void {
    const before = this.#files.get(id);
    if (!before) return;
    this.#files.delete(id);
    this.#paces.delete(id);
    this.#tell(null, before);
  }

  get totals(): Totals {
    const totals = { files: 0, underWay: 0, paused: 0, verifying: 0, done: 0, troubled: 0, size: 0, sent: 0 };
    for (const transfer of this.#files.values()) {
      totals.files++;
      if (isUnderWay(transfer)) totals.underWay++;
      if (isUnderWay(transfer) && transfer.isPaused) totals.paused++;
      if (transfer.state === 'verifying') totals.verifying++;
      if (isDone(transfer)) totals.done++;
      if (isInTrouble(transfer)) totals.troubled++;
      else {
        totals.size += transfer.size;
        totals.sent += bytesDone(transfer);
      }
    }
    return { ...totals, rate: this.#pace.rate };
  }

  #tell(now: Transfer | null, before: Transfer | null): void {
    for (const listener of this.#listeners) listener(now, before);
  }
}
