import type { Upload } from '../api.ts';
import type { CatalogueFile } from './catalogue.ts';
import { getsThumbnails, showableAs } from './kinds.ts';
import type { Links } from './links.ts';
import type { Listing } from './listing.ts';
import { Thumbnails } from './thumbnails.ts';
import { createArrivalTile, createFileTile, type FileActions, type FileTile } from './tile.ts';
import { viewOf } from './view.ts';

/** How many files that came while the page was looked at are shown by themselves; the others are opened. */
const shownByThemselves = 3;

/** What one can do with an upload that came to nothing. */
export interface ArrivalActions {
  dismiss(upload: Upload): void;
}

/** The list's rows. Those that are there keep their place in the document, so that focus, selection and what plays survive a refresh. */
export class Tiles {
  readonly #list: HTMLUListElement;
  readonly #links: Links;
  readonly #actions: FileActions & ArrivalActions;
  readonly #thumbnails: Thumbnails;
  readonly #tiles = new Map<string, FileTile>();
  readonly #shown = new Set<string>();

  constructor(list: HTMLUListElement, links: Links, actions: FileActions & ArrivalActions) {
    this.#list = list;
    this.#links = links;
    this.#actions = actions;
    this.#thumbnails = new Thumbnails(links);
  }

  /** Brings the rows to what the listing has. */
  show(listing: Pick<Listing, 'arrivals' | 'files' | 'isFresh'>): void {
    const arrivals = listing.arrivals.map((upload) => this.#kept(upload.tag, upload.state) ?? versioned(createArrivalTile(upload, this.#actions.dismiss), upload.state));
    const files = listing.files.map((file) => this.#fileRow(file, listing.isFresh(file)));
    const wanted: HTMLElement[] = [...arrivals, ...files];
    const keep = new Set(wanted);
    for (const row of [...this.#list.children]) if (!keep.has(row as HTMLElement)) this.#drop(row as HTMLElement);
    wanted.forEach((row, index) => {
      if (this.#list.children[index] !== row) this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
  }

  /** The row of an upload that is no file. */
  rowOf(tag: string): HTMLElement | undefined {
    return [...this.#list.children].find((row): row is HTMLElement => row instanceof HTMLElement && row.dataset['id'] === tag);
  }

  tileOf(id: string): FileTile | undefined {
    return this.#tiles.get(id);
  }

  /** Forgets what was shown, for the next user of the page. */
  clear(): void {
    for (const row of [...this.#list.children]) this.#drop(row as HTMLElement);
    this.#shown.clear();
  }

  #fileRow(file: CatalogueFile, fresh: boolean): HTMLElement {
    const there = this.#tiles.get(file.id);
    const version = file.thumbnails.join(' ');
    if (there?.row.dataset['version'] === version) return there.row;
    const tile = there ?? createFileTile(file, this.#actions);
    versioned(tile.row, version);
    this.#tiles.set(file.id, tile);
    if (tile.row.classList.contains('live')) return tile.row;
    if (there === undefined && fresh && this.#showsItself(file)) this.#showLive(tile, file);
    else if (getsThumbnails(file) && file.thumbnails.length > 0) this.#thumbnails.show(tile.frame, file);
    return tile.row;
  }

  #showsItself(file: CatalogueFile): boolean {
    if (showableAs(file) === null || this.#shown.has(file.id) || this.#shown.size >= shownByThemselves) return false;
    this.#shown.add(file.id);
    return true;
  }

  #showLive(tile: FileTile, file: CatalogueFile): void {
    const kind = showableAs(file);
    if (kind === null) return;
    this.#links.file(file).then(
      (url) => {
        const anotherUrl = () => {
          this.#links.forget(file);
          return this.#links.file(file);
        };
        tile.showLive(viewOf({ kind, name: file.fileName, url, anotherUrl }), file.duplicate ? 'Verified, stored before' : 'Verified');
      },
      // It keeps its icon, and opening it tells what is wrong.
      () => undefined,
    );
  }

  #kept(id: string, version: string): HTMLElement | null {
    const row = this.rowOf(id);
    return row?.classList.contains('arrival') && row.dataset['version'] === version ? row : null;
  }

  #drop(row: HTMLElement): void {
    const id = row.dataset['id'] ?? '';
    const tile = this.#tiles.get(id);
    if (tile?.row === row) {
      this.#thumbnails.drop(tile.frame);
      this.#tiles.delete(id);
    }
    row.remove();
  }
}

function versioned(row: HTMLElement, version: string): HTMLElement {
  row.dataset['version'] = version;
  return row;
}
