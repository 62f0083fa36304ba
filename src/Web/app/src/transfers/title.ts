import { isUnderWay, type Transfer } from './transfer.ts';
import type { Totals } from './transfers.ts';
import { fractionOf, percent } from './words.ts';

const page = 'Media';

/** The tab's title: how far the uploads are, while some are under way. */
export function titleOf(all: readonly Transfer[], totals: Totals): string {
  const going = all.filter(isUnderWay);
  const [first] = going;
  if (!first) return totals.verifying > 0 ? `Verifying – ${page}` : page;
  const what = going.length === 1 ? first.name : `${going.length} files`;
  if (totals.paused === totals.underWay) return `Paused – ${what} – ${page}`;
  const done = going.length === 1 ? fractionOf(first.sent, first.size) : fractionOf(totals.sent, totals.size);
  return `${percent(first.size === 0 && going.length === 1 ? 0 : done)} – ${what} – ${page}`;
}
