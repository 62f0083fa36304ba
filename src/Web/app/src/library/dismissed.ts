import type { Upload, UploadPage } from '../api.ts';

const storageKey = 'media.dismissed';

/** The uploads that one user has dismissed: when each was begun, in milliseconds since 1970, by tag. */
type Dismissals = Readonly<Record<string, number>>;

/** Uploads that came to nothing and that nobody wants to see in this browser any more. */
export class Dismissed {
  readonly #storage: () => Pick<Storage, 'getItem' | 'setItem'>;
  /** What was dismissed by this page, where the browser keeps nothing. */
  readonly #here = new Set<string>();

  /** @param storage gives what all tabs of the browser share; it may throw where the browser keeps nothing */
  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
  }

  /** Dismisses an upload for good. */
  add(user: string, { tag, createdAt }: Upload): void {
    this.#here.add(tag);
    const all = this.#read();
    this.#write({ ...all, [user]: { ...all[user], [tag]: Date.parse(createdAt) } });
  }

  /**
   * Forgets what the server no longer lists, and finds what is left.
   * @param page the beginning of the user's list of uploads, newest first
   * @returns whether an upload of the user's was dismissed
   */
  among(user: string, { uploads, next }: UploadPage): (tag: string) => boolean {
    const all = this.#read();
    const mine = all[user] ?? {};
    const listed = new Set(uploads.map(({ tag }) => tag));
    // What is older than the page's end may be on the next one.
    const last = uploads.at(-1);
    const end = next === null || last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last.createdAt);
    const left = Object.fromEntries(Object.entries(mine).filter(([tag, begun]) => listed.has(tag) || begun <= end));
    if (Object.keys(left).length < Object.keys(mine).length) {
      const { [user]: _, ...others } = all;
      this.#write(Object.keys(left).length === 0 ? others : { ...others, [user]: left });
    }
    return (tag) => Object.hasOwn(left, tag) || this.#here.has(tag);
  }

  #read(): Readonly<Record<string, Dismissals>> {
    try {
      return parse(this.#storage().getItem(storageKey));
    } catch {
      return {};
    }
  }

  #write(all: Readonly<Record<string, Dismissals>>): void {
    try {
      this.#storage().setItem(storageKey, JSON.stringify(all));
    } catch {
      // Then it is dismissed for as long as the page is there.
    }
  }
}

/** @throws where it is no JSON */
function parse(text: string | null): Readonly<Record<string, Dismissals>> {
  const all: unknown = JSON.parse(text ?? '{}');
  if (typeof all !== 'object' || all === null) return {};
  return Object.fromEntries(
    Object.entries(all).flatMap(([user, tags]: [string, unknown]) => {
      if (typeof tags !== 'object' || tags === null) return [];
      return [[user, Object.fromEntries(Object.entries(tags).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))]];
    }),
  );
}
