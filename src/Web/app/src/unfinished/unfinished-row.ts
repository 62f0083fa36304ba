import type { Upload } from '../api.ts';
import { button, element, setText } from '../elements.ts';
import { formatInstant, formatSize } from '../format.ts';
import { isTabAmong } from '../transfers/holders.ts';

/** What can be done about an upload that is not at its end. */
export interface UnfinishedActions {
  /** Its file is to be had again. */
  readonly choose: (upload: Upload) => void;
  readonly abort: (upload: Upload) => void;
}

/** What the row is shown by, beside the upload. */
export interface UnfinishedView {
  /** Names of locks that this browser's tabs hold. */
  readonly locks: ReadonlySet<string>;
  /** The browser knows the file and wants the person asked. */
  readonly isAsking: boolean;
  /** Whether a client is a tab of this browser that was closed, so that nobody is in the way. */
  readonly isGoneTab: (clientId: string) => boolean;
}

/** One upload that waits for its bytes. */
export class UnfinishedRow {
  readonly root = element('li', 'upload');
  readonly #note = element('p', 'hint note');
  readonly #trouble = element('p', 'error');
  readonly #goOn: HTMLButtonElement;
  #upload: Upload;

  constructor(upload: Upload, { choose, abort }: UnfinishedActions) {
    this.#upload = upload;
    const { fileName, createdAt } = upload;
    this.root.dataset['tag'] = upload.tag;
    const name = element('span', 'name', fileName || 'Unnamed file');
    name.dir = 'auto';
    const facts = element('span', 'facts');
    const when = element('time', 'when', `begun ${formatInstant(createdAt)}`);
    when.dateTime = createdAt;
    facts.append(element('span', 'size', formatSize(upload.size)), when);
    this.#trouble.setAttribute('role', 'alert');
    const actions = element('div', 'actions');
    this.#goOn = button('Choose the file', `of ${fileName}, to go on with it`, () => choose(this.#upload), 'quiet strong');
    actions.append(
      this.#goOn,
      button('Abort', `the upload of ${fileName}`, (pressed) => {
        // Not `disabled`, which would throw the focus away.
        if (pressed.getAttribute('aria-disabled') === 'true') return;
        pressed.setAttribute('aria-disabled', 'true');
        abort(this.#upload);
      }, 'quiet danger'),
    );
    this.root.append(name, facts, this.#note, this.#trouble, actions);
  }

  show(upload: Upload, view: UnfinishedView): void {
    this.#upload = upload;
    this.#goOn.hidden = upload.tipHash === null;
    if (view.isAsking && this.#goOn.firstChild) this.#goOn.firstChild.textContent = 'Allow reading';
    setText(this.#note, noteOf(upload, view));
  }

  /** What is wrong with the file that was chosen; empty where nothing is. */
  say(trouble: string): void {
    setText(this.#trouble, trouble);
  }
}

function noteOf({ tipHash, lease }: Upload, { locks, isAsking, isGoneTab }: UnfinishedView): string {
  if (tipHash === null) return 'It was begun without a hash: only the program that began it can finish it.';
  if (lease && isTabAmong(locks, lease.clientId)) return 'Another tab of this browser is uploading it. Choose the file to take it over here.';
  if (lease && !isGoneTab(lease.clientId)) return `Another client has it, since ${formatInstant(lease.heldSince)}. Choose the file to take it over here.`;
  if (isAsking) return 'The browser still knows the file, and asks you before it reads it again.';
  return 'Choose the file again, and only what is missing is sent.';
}
