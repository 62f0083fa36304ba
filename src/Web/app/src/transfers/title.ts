import { isUnderWay, type Transfer } from './transfer.ts';
import type { Totals } from './transfers.ts';
import { fractionOf, percent } from './words.ts';

const page = 'Media';

/** The tab's title: how far the uploads are, while some are under way. */
export function titleOf(all: readonly Transfer[], totals: Totals): string {
  if (totals.underWay === 0) return totals.verifying > 0 ? `Verifying – ${page}` : page;
  const only = totals.underWay === 1 ? all.find(isUnderWay) : undefined;
  const what = only?.name ?? `${totals.underWay} files`;
  if (totals.paused === totals.underWay) return `Paused – ${what} – ${page}`;
  const done = only ? fractionOf(only.sent, only.size) : fractionOf(totals.sent, totals.size);
  return `${percent(only?.size === 0 ? 0 : done)} – ${what} – ${page}`;
}
