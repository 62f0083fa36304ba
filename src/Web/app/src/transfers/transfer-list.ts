import { byId, removeRow, setText } from '../elements.ts';
import type { Uploader } from '../uploader.ts';
import type { LineWatch } from './line-watch.ts';
import { isDone, isUnderWay } from './transfer.ts';
import { TransferRow, type RowAction } from './transfer-row.ts';
import type { Transfers } from './transfers.ts';
import { describeTotals } from './words.ts';

/** How often rates and times left are worked out anew where nothing moves: milliseconds. */
const tick = 1_000;

/** The list of files below the drop zone, with what they come to together. */
export function createTransferList(transfers: Transfers, line: LineWatch, uploader: () => Uploader | null): { refresh(): void } {
  const section = byId('transfers', HTMLElement);
  const list = byId('transfer-list', HTMLUListElement);
  const summary = byId('transfer-totals', HTMLElement);
  const lost = byId('connection-lost', HTMLElement);
  const pauseAll = byId('pause-all', HTMLButtonElement);
  const resumeAll = byId('resume-all', HTMLButtonElement);
  const clear = byId('clear-done', HTMLButtonElement);
  const rows = new Map<string, TransferRow>();
  const changed = new Set<string>();
  let frame: number | null = null;
  let timer: number | null = null;

  pauseAll.addEventListener('click', () => {
    uploader()?.pauseAll();
    keepFocus(pauseAll, resumeAll);
  });
  resumeAll.addEventListener('click', () => {
    uploader()?.resumeAll();
    keepFocus(resumeAll, pauseAll);
  });
  clear.addEventListener('click', () => {
    for (const transfer of transfers.all) if (isDone(transfer)) uploader()?.remove(transfer.id);
    byId('upload-title', HTMLElement).focus();
  });

  transfers.onChange((now, before) => {
    const id = (now ?? before)?.id;
    if (id !== undefined) changed.add(id);
    // For those who look at the document rather than at the screen, at once.
    section.dataset['activity'] = activity();
    schedule();
  });

  function schedule(): void {
    // A hidden tab gets no frames; its list is not seen either.
    frame ??= requestAnimationFrame(() => {
      frame = null;
      render();
    });
  }

  function activity(): 'empty' | 'working' | 'done' | 'trouble' {
    const { files, underWay, verifying, troubled } = transfers.totals;
    if (files === 0) return 'empty';
    if (underWay + verifying > 0) return 'working';
    return troubled > 0 ? 'trouble' : 'done';
  }

  function render(): void {
    for (const id of changed) showRow(id);
    changed.clear();
    const totals = transfers.totals;
    section.hidden = totals.files === 0;
    setText(summary, describeTotals(totals, line.state));
    lost.hidden = line.state === 'up' || totals.underWay === 0;
    pauseAll.hidden = totals.underWay - totals.paused < 2;
    resumeAll.hidden = totals.paused < 2;
    clear.hidden = totals.done === 0;
    if (timer === null && totals.underWay > totals.paused) timer = window.setTimeout(refresh, tick);
  }

  function showRow(id: string): void {
    const transfer = transfers.get(id);
    const row = rows.get(id);
    if (!transfer) {
      rows.delete(id);
      if (row) removeRow(row.root, byId('upload-title', HTMLElement));
      return;
    }
    if (row) {
      row.show(transfer, line.state);
      return;
    }
    const fresh = new TransferRow(transfer, (action) => act(id, action));
    rows.set(id, fresh);
    fresh.show(transfer, line.state);
    list.append(fresh.root);
  }

  /** Everything again, as rates and the state of the line are not the transfers' own. */
  function refresh(): void {
    window.clearTimeout(timer ?? 0);
    timer = null;
    for (const transfer of transfers.all) if (isUnderWay(transfer)) changed.add(transfer.id);
    schedule();
  }

  function act(id: string, action: RowAction): void {
    const current = uploader();
    if (action === 'pause') current?.pause(id);
    else if (action === 'resume') current?.resume(id);
    else if (action === 'retry') current?.retry(id);
    else if (action === 'takeOver') void current?.takeOver(id);
    else current?.remove(id);
  }

  /** One of two buttons takes the place, and the focus, of the other. */
  function keepFocus(from: HTMLElement, to: HTMLElement): void {
    if (document.activeElement !== from) return;
    render();
    if (from.hidden && !to.hidden) to.focus();
  }

  return { refresh };
}
