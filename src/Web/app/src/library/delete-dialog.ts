import { button, element } from '../elements.ts';
import { explain } from '../messages.ts';
import type { CatalogueFile } from './catalogue.ts';
import { createDialog } from './dialog.ts';

/** Asks before a file is deleted. */
export interface DeleteDialog {
  open(file: CatalogueFile): void;
  close(): void;
}

export interface DeleteDialogContext {
  /** Deletes it. What it throws is told, and the question stays. */
  readonly remove: (file: CatalogueFile) => Promise<void>;
  /** It is deleted, and the question is gone. */
  readonly removed: (file: CatalogueFile) => void;
}

export function createDeleteDialog({ remove, removed }: DeleteDialogContext): DeleteDialog {
  const { root, title, body } = createDialog('small delete-dialog', 'Keep it');
  root.setAttribute('role', 'alertdialog');
  const hint = element('p', 'hint', 'It leaves the library for good. Links that were given out may go on working for a while.');
  hint.id = 'delete-hint';
  root.setAttribute('aria-describedby', hint.id);
  const error = element('p', 'error');
  error.setAttribute('role', 'alert');
  const keep = button('Keep it', '', () => root.close());
  const go = button('Delete', '', () => void confirm(), 'primary dangerous');
  const buttons = element('div', 'dialog-buttons');
  buttons.append(go, keep);
  body.append(hint, error, buttons);
  let file: CatalogueFile | null = null;

  async function confirm(): Promise<void> {
    const asked = file;
    if (asked === null || go.getAttribute('aria-disabled') === 'true') return;
    error.textContent = '';
    go.setAttribute('aria-disabled', 'true');
    try {
      await remove(asked);
      if (file === asked) root.close();
      removed(asked);
    } catch (problem) {
      if (file === asked) error.textContent = explain(problem);
    } finally {
      go.removeAttribute('aria-disabled');
    }
  }

  root.addEventListener('close', () => {
    file = null;
  });

  return {
    open(wanted) {
      file = wanted;
      title.textContent = `Delete ${wanted.fileName}?`;
      error.textContent = '';
      root.showModal();
      keep.focus();
    },
    close: () => root.close(),
  };
}
