/** What happened longer ago than this says nothing about now: milliseconds. */
const window = 6_000;

/** A rate over less than this would jump: milliseconds. */
const shortest = 1_000;

/** How fast bytes go, over the last seconds. */
export class Pace {
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param now milliseconds of any clock that does not jump */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param bytes all that have gone so far; fewer than before where some have to go again */
  reached(bytes: number): void {
    const at = this.#now();
    this.#samples.push({ at, bytes });
    // One that is older than the window stays, as the beginning of the oldest stretch.
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) < at - window) this.#samples.shift();
  }

  /** Forgets everything: after a pause, and where what was there already is counted. */
  restart(): void {
    this.#samples.length = 0;
  }

  /** Bytes a second; null while too little is known. */
  get rate(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last) return null;
    const time = Math.max(this.#now(), last.at) - first.at;
    return time < shortest ? null : Math.max(0, ((last.bytes - first.bytes) / time) * 1000);
  }
}
