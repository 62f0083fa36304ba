/**
 * Measures several things in turn, round after round, and changes who goes first with every round, so that what else runs on the machine meets all.
 * @param {number} rounds
 * @param {Record<string, () => Promise<number>>} subjects each gives one measurement; more is better
 * @param {{warmUp: boolean}} options whether a round is made before that does not count
 * @returns {Promise<(ours: string, other: string, times?: number) => {ours: number, other: number, ratio: number}>} compares two of them: the medians,
 *   and the median of the rounds' ratios, the other taken `times` so many
 */
export async function interleaved(rounds, subjects, { warmUp } = { warmUp: true }) {
  const names = Object.keys(subjects);
  /** @type {Map<string, number[]>} */
  const seen = new Map(names.map((name) => [name, []]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await subjects[name]();
      if (round >= 0) seen.get(name)?.push(value);
    }
  }
  return (ours, other, times = 1) => {
    const mine = seen.get(ours) ?? [];
    const theirs = (seen.get(other) ?? []).map((value) => value * times);
    return { ours: median(mine), other: median(theirs), ratio: median(mine.map((value, round) => value / theirs[round])) };
  };
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
