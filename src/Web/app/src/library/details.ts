import { element } from '../elements.ts';
import { formatInstant, formatSize } from '../format.ts';
import { iconButton } from './icon-button.ts';
import type { CatalogueFile } from './catalogue.ts';
import { copyText } from '../clipboard.ts';

/**
 * What there is to know of a file.
 * @param announce says that something was copied, or was not
 */
export function detailsOf(file: CatalogueFile, announce: (text: string) => void): HTMLElement {
  const list = element('dl', 'details');
  const add = (term: string, ...value: (string | Node)[]) => {
    const description = element('dd', '');
    description.append(...value);
    list.append(element('dt', '', term), description);
  };

  const name = element('span', '', file.fileName);
  name.dir = 'auto';
  add('Name', name);
  add('Size', formatSize(file.size), ...(file.size < 1024 ? [] : [` (${file.size.toLocaleString()} bytes)`]));
  const claimed = file.contentType || 'application/octet-stream';
  if (file.detectedType === null || file.detectedType === claimed) add('Type', claimed);
  else {
    add('Type', `${file.detectedType}, as found in the bytes`);
    add('Claimed type', claimed, ...(file.typeMismatch ? [element('span', 'warning', 'The bytes are something else.')] : []));
  }
  add('Upload begun', timeOf(file.createdAt));
  add('Stored', timeOf(file.storedAt));
  add('Verified', timeOf(file.filedAt), ...(file.duplicate ? [element('span', 'remark', 'The same content was stored before.')] : []));
  if (file.tipHash !== null) add('Tip hash', ...copyable(file.tipHash, 'tip hash', announce));
  if (file.pieceHash !== null) add('Piece hash', ...copyable(file.pieceHash, 'piece hash', announce));
  if (file.versionId !== null) add('Version', element('code', '', file.versionId));
  return list;
}

function timeOf(instant: string): HTMLTimeElement {
  const time = element('time', '', formatInstant(instant));
  time.dateTime = instant;
  return time;
}

function copyable(text: string, what: string, announce: (text: string) => void): readonly Node[] {
  const code = element('code', '', text);
  const copy = iconButton('copy', `Copy the ${what}`, () => {
    void copyText(text).then((copied) => {
      if (!copied) getSelection()?.selectAllChildren(code);
      announce(copied ? `The ${what} is copied.` : `The browser did not let the page copy the ${what}. It is selected: copy it from there.`);
    });
  });
  return [code, copy];
}
