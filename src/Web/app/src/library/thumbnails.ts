import type { CatalogueFile } from './catalogue.ts';
import type { Links } from './links.ts';

/** Links that are signed at once; browsers have six connections to a server, and other things to do with them. */
const atOnce = 3;

/** How far ahead of being seen a thumbnail is fetched. */
const ahead = '400px';

/** Puts thumbnails into frames when they are about to be seen. */
export class Thumbnails {
  readonly #links: Links;
  readonly #waiting = new Map<HTMLElement, CatalogueFile>();
  /** Those that are about to be seen, in the order in which they came near. */
  readonly #near = new Set<HTMLElement>();
  readonly #observer: IntersectionObserver;
  #running = 0;

  constructor(links: Links) {
    this.#links = links;
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: ahead });
  }

  /** @param frame has a fixed shape, and shows something else until the picture is there, and where it does not come */
  show(frame: HTMLElement, file: CatalogueFile): void {
    this.#waiting.set(frame, file);
    // Observed anew, so that a frame in sight is told of at once.
    this.#observer.unobserve(frame);
    this.#observer.observe(frame);
  }

  drop(frame: HTMLElement): void {
    this.#observer.unobserve(frame);
    this.#waiting.delete(frame);
    this.#near.delete(frame);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const frame = target as HTMLElement;
      // One that was scrolled past before its turn came is not asked for.
      if (!isIntersecting) this.#near.delete(frame);
      else if (this.#waiting.has(frame)) this.#near.add(frame);
    }
    this.#next();
  }

  #next(): void {
    for (const frame of this.#near) {
      if (this.#running >= atOnce) return;
      const file = this.#waiting.get(frame);
      this.drop(frame);
      if (file === undefined) continue;
      this.#running++;
      void this.#fetch(frame, file).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #fetch(frame: HTMLElement, file: CatalogueFile): Promise<void> {
    if (!frame.isConnected) return;
    try {
      const byWidth = await this.#links.thumbnails(file);
      const picture = document.createElement('img');
      picture.className = 'thumbnail';
      picture.alt = '';
      picture.decoding = 'async';
      picture.sizes = '(min-width: 40rem) 16rem, 6rem';
      picture.srcset = [...byWidth].map(([width, url]) => `${url} ${width}w`).join(', ');
      picture.addEventListener('error', () => {
        picture.remove();
        this.#links.forget(file);
      });
      frame.querySelector('.thumbnail')?.remove();
      frame.append(picture);
    } catch {
      // The frame has its icon. Whatever is wrong is told by the list itself, or when the file is opened.
    }
  }
}
