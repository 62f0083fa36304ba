import { availableParallelism, loadavg } from 'node:os';

/** Says what was measured, a figure at a time, as Media.Bench does: as rows of a table, or as JSON objects, one a line. */
export class Report {
  #bench;
  #json;
  #start = performance.now();

  /** @param {string} bench @param {boolean} json */
  constructor(bench, json) {
    this.#bench = bench;
    this.#json = json;
  }

  begin() {
    if (this.#json) return;
    console.log(`${this.#bench}: ${availableParallelism()} processors, load average ${load()} before`);
    console.log(`  ${'figure'.padEnd(44)} ${'ours'.padStart(12)} ${'other'.padStart(12)}  ${'unit'.padEnd(12)} ${'ratio'.padStart(7)}  against`);
  }

  /**
   * @param {string} figure what was measured
   * @param {{ours: number, other: number, ratio: number}} comparison
   * @param {string} unit what both are counted in
   * @param {string} against what the other is
   */
  add(figure, { ours, other, ratio }, unit, against) {
    if (this.#json) {
      console.log(JSON.stringify({ bench: this.#bench, figure, value: rounded(ours), unit, against, ratio: rounded(ratio) }));
      return;
    }
    console.log(`  ${figure.padEnd(44)} ${text(ours).padStart(12)} ${text(other).padStart(12)}  ${unit.padEnd(12)} ${ratio.toFixed(2).padStart(7)}  ${against}`);
  }

  /** Something to know about the run that is no figure. @param {string} line */
  note(line) {
    (this.#json ? console.error : console.log)(`  ${line}`);
  }

  end() {
    if (this.#json) return;
    const seconds = ((performance.now() - this.#start) / 1_000).toFixed(0);
    console.log(
      `${this.#bench}: load average ${load()} after ${seconds} s. Ratio: the median of interleaved rounds, ours to the other; above 1 is ahead.\n`,
    );
  }
}

const load = () => {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const busy = one > availableParallelism() ? ' (more work than processors)' : '';
  return `${one.toFixed(2)} ${five.toFixed(2)} ${fifteen.toFixed(2)}${busy}`;
};

const rounded = (/** @type {number} */ value) => Number(value.toFixed(Math.abs(value) < 100 ? 4 : 1));

const text = (/** @type {number} */ value) =>
  Math.abs(value) < 1_000 ? value.toFixed(Math.abs(value) < 10 ? 2 : 1) : Math.round(value).toLocaleString('en-US');
