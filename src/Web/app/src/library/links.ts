import type { CatalogueFile, Link } from './catalogue.ts';

/** How long links for looking and downloading are good for: long enough for a film. Seconds. */
const linkSeconds = 4 * 60 * 60;

/** A link to a file is given out again while half of its life is left, as what plays goes on asking for more by it. Milliseconds. */
const fileKeptFor = (linkSeconds / 2) * 1000;

/** A thumbnail is fetched at once: its link is good until shortly before its end. Milliseconds. */
const thumbnailsKeptFor = (linkSeconds - 5 * 60) * 1000;

/** Signs a link; a width is that of a thumbnail. */
export type Sign = (fileId: string, seconds: number, thumbnail?: number) => Promise<Link>;

/** Links for the page's own use, signed once each. */
export class Links {
  readonly #sign: Sign;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly link: Promise<Link>; readonly at: number }>();

  constructor(sign: Sign, now: () => number) {
    this.#sign = sign;
    this.#now = now;
  }

  /** A link to the file itself, by its name. */
  async file({ id }: CatalogueFile): Promise<string> {
    return (await this.#once(id, fileKeptFor, () => this.#sign(id, linkSeconds))).url;
  }

  /** A link to each thumbnail of a file, by width. One signature is good for all of them, in all files with the same content. */
  async thumbnails({ id, pieceHash, thumbnails }: CatalogueFile): Promise<ReadonlyMap<number, string>> {
    const widest = Math.max(...thumbnails);
    const { url, query } = await this.#once(`thumbnails ${pieceHash ?? id}`, thumbnailsKeptFor, () => this.#sign(id, linkSeconds, widest));
    const folder = url.slice(0, url.lastIndexOf('/', url.indexOf('?')) + 1);
    return new Map(thumbnails.map((width) => [width, `${folder}${width}.webp?${query}`]));
  }

  /** Signs a file's links anew when they are next asked for: one of them was refused. */
  forget({ id, pieceHash }: CatalogueFile): void {
    this.#kept.delete(id);
    this.#kept.delete(`thumbnails ${pieceHash ?? id}`);
  }

  clear(): void {
    this.#kept.clear();
  }

  #once(key: string, keptFor: number, sign: () => Promise<Link>): Promise<Link> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#now() - kept.at < keptFor) return kept.link;
    const link = sign();
    this.#kept.set(key, { link, at: this.#now() });
    link.catch(() => {
      if (this.#kept.get(key)?.link === link) this.#kept.delete(key);
    });
    return link;
  }
}
