import type { Upload } from '../api.ts';
import { button, element } from '../elements.ts';
import { formatInstant, formatSize } from '../format.ts';
import { iconButton } from './icon-button.ts';
import type { CatalogueFile } from './catalogue.ts';
import { icon, type IconName } from './icons.ts';
import { kindOf } from './kinds.ts';
import { isBad } from './listing.ts';

/** What one can do with a file from its tile. */
export interface FileActions {
  open(file: CatalogueFile): void;
  copyLink(file: CatalogueFile): void;
  download(file: CatalogueFile): void;
  remove(file: CatalogueFile): void;
}

/** A file in the list. */
export interface FileTile {
  readonly row: HTMLLIElement;
  /** Where its picture is. */
  readonly frame: HTMLElement;
  /** What opens the file: the tile's first stop for the keyboard. */
  readonly opener: HTMLButtonElement;
  /** Shows the file itself in the frame. */
  showLive(view: HTMLElement, state: string): void;
}

export function createFileTile(file: CatalogueFile, actions: FileActions): FileTile {
  const row = element('li', 'file');
  row.dataset['id'] = file.id;
  const frame = frameWith(kindOf(file));

  const opener = element('button', 'name');
  opener.type = 'button';
  opener.append(nameOf(file.fileName));
  opener.title = file.fileName;
  opener.addEventListener('click', () => actions.open(file));

  const facts = factsOf(file.size, file.filedAt);
  if (file.typeMismatch) facts.append(stateOf('Not as claimed', 'bad'));

  const bar = element('div', 'actions');
  bar.append(
    iconButton('link', `Copy a link to ${file.fileName}`, () => actions.copyLink(file)),
    iconButton('download', `Download ${file.fileName}`, () => actions.download(file)),
    iconButton('remove', `Delete ${file.fileName}`, () => actions.remove(file)),
  );
  row.append(frame, opener, facts, bar);

  return {
    row,
    frame,
    opener,
    showLive(view, state) {
      row.classList.add('live');
      // A sound has nothing to see but its icon.
      if (!(view instanceof HTMLAudioElement)) frame.replaceChildren();
      frame.append(view);
      facts.append(stateOf(state, 'good'));
    },
  };
}

const stateWords: Readonly<Record<string, string>> = {
  Stored: 'Waiting to be verified',
  Verifying: 'Verifying',
  Mismatched: 'Does not match',
  Failed: 'Failed',
};

/**
 * An upload that is whole and no file yet, or will be none.
 * @param dismiss takes one off the list that will be none
 */
export function createArrivalTile(upload: Upload, dismiss: (upload: Upload) => void): HTMLLIElement {
  const row = element('li', 'file arrival');
  row.dataset['id'] = upload.tag;
  const name = element('span', 'name');
  const called = upload.fileName || 'Unnamed file';
  name.append(nameOf(called));
  name.title = called;
  const facts = factsOf(upload.size, upload.completedAt ?? upload.createdAt);
  facts.append(stateOf(stateWords[upload.state] ?? upload.state, isBad(upload) ? 'bad' : 'plain'));
  row.append(frameWith(kindOf({ contentType: upload.contentType, detectedType: upload.actual?.detectedType ?? null })), name, facts);
  if (upload.reason !== null) row.append(element('p', 'reason', upload.reason));
  if (isBad(upload)) {
    const bar = element('div', 'actions');
    bar.append(button('Dismiss', called, () => dismiss(upload)));
    row.append(bar);
  }
  return row;
}

function frameWith(drawing: IconName): HTMLElement {
  const frame = element('div', 'frame');
  frame.append(icon(drawing));
  return frame;
}

function nameOf(text: string): HTMLElement {
  const name = element('span', '', text);
  // A name may be in any script; it must not turn its neighbours around.
  name.dir = 'auto';
  return name;
}

function factsOf(size: number | null, instant: string): HTMLElement {
  const facts = element('span', 'facts');
  const when = element('time', 'when', formatInstant(instant));
  when.dateTime = instant;
  facts.append(element('span', 'size', formatSize(size)), when);
  return facts;
}

function stateOf(word: string, tone: 'good' | 'bad' | 'plain'): HTMLElement {
  const state = element('span', 'state', word);
  state.dataset['tone'] = tone;
  return state;
}
