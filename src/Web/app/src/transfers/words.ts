import { formatSize } from '../format.ts';
import type { Transfer } from './transfer.ts';
import type { Totals } from './transfers.ts';

/** A transfer as its row shows it. */
export interface Words {
  /** The state, in a word or two. */
  readonly state: string;
  readonly tone: 'plain' | 'busy' | 'good' | 'bad' | 'warn';
  readonly detail: string;
  /** 0 to 1, or under way to an unknown extent; null where there is no bar. */
  readonly fraction: number | 'unknown' | null;
}

/** Whether anything answers: `offline` is the browser's own word for it. */
export type LineState = 'up' | 'lost' | 'offline';

/** Says how a transfer fares. */
export function describe(transfer: Transfer, line: LineState): Words {
  const { size, state } = transfer;
  const hashed = fractionOf(transfer.hashed, size);
  const sent = fractionOf(transfer.sent, size);
  const going = transfer.isPaused ? 'paused' : line === 'up' ? 'going' : 'held';
  switch (state) {
    case 'waiting':
      return { state: going === 'paused' ? 'Paused' : 'Waiting', tone: 'plain', detail: formatSize(size), fraction: 0 };
    case 'hashing':
      if (going === 'paused') return { state: 'Paused', tone: 'plain', detail: `${formatSize(size)} · hashed ${percent(hashed)}`, fraction: hashed };
      return { state: `Hashing ${percent(hashed)}`, tone: 'busy', detail: `${formatSize(size)} · to see whether it is stored already`, fraction: hashed };
    case 'uploading':
      return uploading(transfer, going, hashed, sent);
    case 'verifying': {
      const verified = fractionOf(transfer.verified, size);
      return {
        state: transfer.verified > 0 ? `Verifying ${percent(verified)}` : 'Verifying',
        tone: 'busy',
        detail: `${formatSize(size)} · all bytes are there, the server reads them back`,
        fraction: transfer.verified > 0 ? verified : 'unknown',
      };
    }
    case 'verified':
      return { state: 'Verified', tone: 'good', detail: `${formatSize(size)} · stored, and read back`, fraction: null };
    case 'duplicate':
      return {
        state: 'Stored before',
        tone: 'good',
        detail: `${formatSize(size)} · ${transfer.hasSent ? 'the same content was there already' : 'the same content was there already, nothing was sent'}`,
        fraction: null,
      };
    case 'mismatched':
      return { state: 'Does not match', tone: 'bad', detail: transfer.problem, fraction: null };
    case 'locked':
      return { state: 'Elsewhere', tone: 'warn', detail: transfer.problem, fraction: null };
    case 'failed':
      return { state: 'Failed', tone: 'bad', detail: transfer.problem, fraction: null };
  }
}

function uploading(transfer: Transfer, going: 'going' | 'paused' | 'held', hashed: number, sent: number): Words {
  const { size, rate } = transfer;
  const amount = `${formatSize(transfer.sent)} of ${formatSize(size)}`;
  if (going === 'paused') return { state: `Paused at ${percent(sent)}`, tone: 'plain', detail: amount, fraction: sent };
  if (going === 'held') return { state: 'No connection', tone: 'warn', detail: `${amount} · goes on by itself`, fraction: sent };
  // The last bytes count when the server has put them together.
  if (sent > 0.99 && transfer.hashed < size) {
    return { state: `Hashing ${percent(hashed)}`, tone: 'busy', detail: `${formatSize(size)} · all sent, the hash is still being computed`, fraction: hashed };
  }
  const pace = rate === null || rate < 1 ? '' : ` · ${formatRate(rate)} · ${formatLeft((size - transfer.sent) / rate)}`;
  return { state: `Uploading ${percent(sent)}`, tone: 'busy', detail: `${amount}${pace}`, fraction: sent };
}

/** Says how all of them fare together. */
export function describeTotals(totals: Totals, line: LineState): string {
  const { files, underWay, paused, verifying, done, troubled, size, sent, rate } = totals;
  const counts = [
    done > 0 && `${done} done`,
    verifying > 0 && `${verifying} being verified`,
    troubled > 0 && `${troubled} ${troubled === 1 ? 'needs' : 'need'} attention`,
  ].filter((text) => text !== false);
  const parts = [`${files} ${files === 1 ? 'file' : 'files'}`];
  if (underWay > 0) {
    parts.push(`${percent(fractionOf(sent, size))} of ${formatSize(size)}`);
    if (paused === underWay) parts.push('paused');
    else if (line !== 'up') parts.push('no connection');
    else if (rate !== null && rate >= 1) parts.push(formatRate(rate), formatLeft((size - sent) / rate));
  }
  return [...parts, ...(files > 1 || underWay === 0 ? counts : [])].join(' · ');
}

/** Never 100 % before the end. */
export const percent = (fraction: number): string => `${Math.floor(fraction * 100)} %`;

/** What part of the size that is; an empty file is whole from the start. */
export const fractionOf = (bytes: number, size: number): number => (size === 0 ? 1 : Math.min(1, bytes / size));

/** Bytes a second, for people. */
const formatRate = (rate: number): string => `${formatSize(Math.round(rate))}/s`;

/** Seconds that are left, for people: in steps that do not jump about. */
export function formatLeft(seconds: number): string {
  if (seconds < 1.5) return 'about a second left';
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  if (seconds > 100 * 3600) return 'days left';
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${Math.ceil((seconds - hours * 3600) / 60)} min left`;
}
