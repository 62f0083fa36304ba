/** What stands behind a failed upload, as far as the page can tell. */
export type Verdict =
  /** Only a new permission helps. */
  | 'permission'
  /** Nobody answers, or the server says that it can't just now. */
  | 'unreachable'
  /** The server answers; this request failed all the same. */
  | 'answering'
  /** The server said no, and will say it again. */
  | 'refused'
  /** The upload is no longer there: the next try begins a new one. */
  | 'gone';

const whileAnswering = [1_000, 3_000, 8_000];
const whileUnreachable = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const unreachableTries = 40;

/** Decides for each file whether its upload is tried again by itself, and after how long. */
export class Retries {
  readonly #tries = new Map<string, number>();

  /** The wait before the next try in milliseconds, or null where trying again is left to the person. */
  next(file: string, verdict: Verdict): number | null {
    const tries = this.#tries.get(file) ?? 0;
    const wait = waitFor(verdict, tries);
    if (wait !== null) this.#tries.set(file, tries + 1);
    return wait;
  }

  /** A part has arrived, so what was wrong is over. */
  progressed(file: string): void {
    this.#tries.delete(file);
  }
}

function waitFor(verdict: Verdict, tries: number): number | null {
  switch (verdict) {
    case 'answering':
      return whileAnswering[tries] ?? null;
    case 'unreachable':
      return tries < unreachableTries ? (whileUnreachable[Math.min(tries, whileUnreachable.length - 1)] ?? null) : null;
    default:
      return null;
  }
}

// The plugin passes on nothing of a refusal but its reason phrase.
const gone = /request failed: (not found|conflict|gone)$/i;
const refused = /request failed: (bad request|forbidden|payload too large|content too large|request entity too large|unsupported media type)$/i;

/** Reads what can be read from an uploader's message; null where the server has to be asked. */
export function verdictOf(message: string): Verdict | null {
  if (gone.test(message)) return 'gone';
  if (refused.test(message)) return 'refused';
  return null;
}
