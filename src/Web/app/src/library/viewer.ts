import { button, element } from '../elements.ts';
import { explain } from '../messages.ts';
import { iconButton } from './icon-button.ts';
import type { CatalogueFile } from './catalogue.ts';
import { detailsOf } from './details.ts';
import { createDialog } from './dialog.ts';
import { icon } from './icons.ts';
import { kindOf, showableAs } from './kinds.ts';
import type { Links } from './links.ts';
import { viewOf } from './view.ts';

/** One file, large, with all there is to know of it; and the files beside it. */
export interface Viewer {
  open(file: CatalogueFile): void;
  /** Goes from a file that was deleted to the one in its place, or closes where there is none. */
  removed(id: string, inItsPlace: CatalogueFile | undefined): void;
  close(): void;
}

export interface ViewerContext {
  readonly links: Links;
  /** The list as it is when asked. */
  readonly files: () => readonly CatalogueFile[];
  /** Loads more of the list, where there is more. */
  readonly more: () => Promise<void>;
  readonly copyLink: (file: CatalogueFile) => void;
  /** Saves it. What it throws is told here. */
  readonly download: (file: CatalogueFile) => Promise<void>;
  readonly remove: (file: CatalogueFile) => void;
  /** Takes what the viewer does not know how to tell: the permission ended, the file is gone. True where it did. */
  readonly refused: (problem: unknown, file: CatalogueFile) => boolean;
  /** It was closed, with this file in it. */
  readonly closed: (file: CatalogueFile) => void;
}

export function createViewer(context: ViewerContext): Viewer {
  const { root, title, tools, body } = createDialog('viewer');
  const stage = element('div', 'viewer-stage');
  const details = element('div', 'viewer-details');
  const said = element('p', 'hint viewer-said');
  said.setAttribute('role', 'status');
  const previous = iconButton('previous', 'Previous file', () => void step(-1));
  const next = iconButton('next', 'Next file', () => void step(1));
  tools.prepend(previous, next);
  const bar = element('div', 'viewer-bar');
  const withFile = (act: (file: CatalogueFile) => void) => () => file !== null && act(file);
  bar.append(
    button('Download', '', withFile((wanted) => void context.download(wanted).catch((problem: unknown) => (said.textContent = explain(problem))))),
    button('Copy link', '', withFile(context.copyLink)),
    button('Delete', '', withFile(context.remove), 'quiet danger'),
  );
  body.append(stage, bar, said, details);
  let file: CatalogueFile | null = null;

  root.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    // A film's own arrows seek in it.
    if (event.target instanceof HTMLMediaElement) return;
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    void step(by);
  });
  root.addEventListener('close', () => {
    const last = file;
    file = null;
    // What plays ends, and what is being fetched is given up.
    stage.replaceChildren();
    if (last !== null) context.closed(last);
  });

  const placeOf = (id: string): number => context.files().findIndex((other) => other.id === id);

  async function step(by: 1 | -1): Promise<void> {
    const from = file;
    if (from === null) return;
    const place = placeOf(from.id);
    if (place < 0) return;
    if (place + by >= context.files().length) await context.more();
    const wanted = context.files()[placeOf(from.id) + by];
    if (file === from && wanted !== undefined) await show(wanted);
    else if (file === from) said.textContent = by > 0 ? 'This is the last file.' : 'This is the first file.';
  }

  async function show(wanted: CatalogueFile): Promise<void> {
    file = wanted;
    root.scrollTop = 0;
    title.textContent = wanted.fileName;
    said.textContent = '';
    details.replaceChildren(detailsOf(wanted, (text) => (said.textContent = text)));
    const kind = showableAs(wanted);
    if (kind === null) {
      const placeholder = element('div', 'viewer-nothing');
      placeholder.append(icon(kindOf(wanted)), element('p', 'hint', 'There is no preview of this type. It can be downloaded.'));
      stage.replaceChildren(placeholder);
      return;
    }
    stage.replaceChildren(element('p', 'hint', 'Loading…'));
    try {
      const url = await context.links.file(wanted);
      if (file !== wanted) return;
      const anotherUrl = () => {
        context.links.forget(wanted);
        return context.links.file(wanted);
      };
      stage.replaceChildren(viewOf({ kind, name: wanted.fileName, url, anotherUrl }));
    } catch (problem) {
      if (file !== wanted || context.refused(problem, wanted)) return;
      stage.replaceChildren(
        element('p', 'error', explain(problem)),
        button('Try again', '', () => void show(wanted)),
      );
    }
  }

  return {
    open(wanted) {
      root.showModal();
      title.focus();
      void show(wanted);
    },
    removed(id, inItsPlace) {
      if (file?.id !== id) return;
      if (inItsPlace === undefined) root.close();
      else {
        void show(inItsPlace);
        title.focus();
      }
    },
    close: () => root.close(),
  };
}
