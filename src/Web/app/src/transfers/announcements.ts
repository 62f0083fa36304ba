import { isDone, isInTrouble, type Transfer } from './transfer.ts';
import type { Totals } from './transfers.ts';
import { fractionOf } from './words.ts';

/** Between these there is nothing to say: nobody wants to hear each percent. */
const steps = [0.25, 0.5, 0.75];

/** So many ends in a row are told by name; more are told by number. */
const mostNamed = 3;

/** Decides what is said to those who hear the page, and when. */
export class Announcements {
  readonly #say: (text: string) => void;
  #step = 0;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  changed(now: Transfer | null, before: Transfer | null, totals: Totals): void {
    if (totals.underWay === 0) this.#step = 0;
    if (!now || now.state === before?.state) {
      this.#progressed(totals);
      return;
    }
    if (isInTrouble(now)) this.#say(`${now.name}: ${now.problem || 'failed'}`);
    else if (isDone(now)) this.#ended(now, totals);
    else if (now.state === 'verifying' && totals.files <= mostNamed) this.#say(`${now.name} is sent, and is being verified.`);
  }

  #ended(now: Transfer, { files, done, underWay, verifying }: Totals): void {
    const isLast = underWay + verifying === 0;
    if (files <= mostNamed) this.#say(`${now.name} is ${now.state === 'verified' ? 'verified' : 'stored already'}.`);
    else if (isLast || done % 10 === 0) this.#say(`${done} of ${files} files are done.`);
  }

  #progressed({ size, sent, underWay }: Totals): void {
    if (underWay === 0) return;
    const fraction = fractionOf(sent, size);
    const reached = steps.filter((step) => fraction >= step).length;
    if (reached > this.#step) this.#say(`${Math.round((steps[reached - 1] ?? 0) * 100)} percent uploaded.`);
    this.#step = reached;
  }
}
