/** Verification of a small file takes less than the first of these, of a large one far more than the last: milliseconds. */
const waits = [400, 800, 1_500, 3_000, 5_000];

/** What may never come is looked for this often. */
const patience = 10;

/** News that come at once make one look. Milliseconds. */
const gathering = 250;

/** When the list is read again by itself. */
export class Looks {
  readonly #look: () => Promise<'soon' | 'perhaps' | 'no'>;
  #looked = 0;
  #timer = 0;
  #due = Number.POSITIVE_INFINITY;
  #running = 0;
  #latest = 0;
  #again = false;

  /** @param look reads the list, and answers whether something is to come */
  constructor(look: () => Promise<'soon' | 'perhaps' | 'no'>) {
    this.#look = look;
  }

  /** Looks at once, whatever is under way. */
  async now(): Promise<void> {
    this.#looked = 0;
    await this.#run();
  }

  /** Looks a little later, or after the look that is under way. */
  soon(): void {
    this.#looked = 0;
    if (this.#running > 0) this.#again = true;
    // News that go on coming must not put it off.
    else if (this.#due > performance.now() + gathering) this.#wait(gathering);
  }

  stop(): void {
    this.#latest++;
    this.#again = false;
    this.#cancel();
  }

  async #run(): Promise<void> {
    this.#cancel();
    const mine = ++this.#latest;
    this.#running++;
    const toCome = await this.#look().finally(() => this.#running--);
    if (mine !== this.#latest) return;
    if (this.#again) {
      this.#again = false;
      this.#wait(gathering);
    } else if (toCome === 'soon' || (toCome === 'perhaps' && this.#looked < patience)) {
      this.#wait(waits[Math.min(this.#looked++, waits.length - 1)] ?? 0);
    }
  }

  #wait(milliseconds: number): void {
    this.#cancel();
    this.#due = performance.now() + milliseconds;
    this.#timer = window.setTimeout(() => void this.#run(), milliseconds);
  }

  #cancel(): void {
    window.clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
  }
}
