import { button, element, setText } from '../elements.ts';
import { ProgressBar } from '../progress-bar.ts';
import type { Transfer } from './transfer.ts';
import { describe, type LineState } from './words.ts';

/** What a person can do about one file. */
export type RowAction = 'pause' | 'resume' | 'cancel' | 'retry' | 'takeOver' | 'dismiss';

const actionWords: Readonly<Record<RowAction, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  retry: 'Try again',
  takeOver: 'Take over',
  dismiss: 'Remove',
};

/** The actions that make sense in a state, in the order of their buttons. */
export function actionsOf({ state, isPaused }: Transfer): readonly RowAction[] {
  switch (state) {
    case 'waiting':
    case 'hashing':
    case 'uploading':
      return [isPaused ? 'resume' : 'pause', 'cancel'];
    case 'verifying':
      return [];
    case 'locked':
      return ['takeOver', 'dismiss'];
    case 'mismatched':
    case 'failed':
      return ['retry', 'dismiss'];
    case 'verified':
    case 'duplicate':
      return ['dismiss'];
  }
}

/** One file's row. It changes what differs and no more, so that focus stays where it is. */
export class TransferRow {
  readonly root = element('li', 'transfer');
  readonly #state = element('span', 'state');
  readonly #detail = element('p', 'detail');
  readonly #bar: ProgressBar;
  readonly #buttons = element('div', 'actions');
  readonly #act: (action: RowAction) => void;
  readonly #name: string;
  #actions = '';

  constructor({ name, folder }: Transfer, act: (action: RowAction) => void) {
    this.#act = act;
    this.#name = name;
    const title = element('span', 'name', name);
    // A name may be in any script; it must not turn its neighbours around.
    title.dir = 'auto';
    if (folder !== '') title.prepend(element('span', 'folder', `${folder}/`));
    this.#bar = new ProgressBar(`Progress of ${name}`);
    this.root.append(title, this.#state, this.#detail, this.#buttons, this.#bar.root);
  }

  show(transfer: Transfer, line: LineState): void {
    const { state, tone, detail, fraction } = describe(transfer, line);
    this.root.dataset['state'] = transfer.state;
    setText(this.#state, state);
    this.#state.dataset['tone'] = tone;
    setText(this.#detail, detail);
    this.#bar.root.hidden = fraction === null;
    if (fraction !== null) {
      this.#bar.root.dataset['tone'] = transfer.isPaused ? 'plain' : tone;
      this.#bar.root.setAttribute('aria-valuetext', state);
      this.#bar.show(fraction);
    }
    this.#showActions(actionsOf(transfer));
  }

  #showActions(actions: readonly RowAction[]): void {
    const wanted = actions.join();
    if (wanted === this.#actions) return;
    this.#actions = wanted;
    const hadFocus = this.#buttons.contains(document.activeElement);
    this.#buttons.replaceChildren(...actions.map((action) => this.#buttonOf(action)));
    if (hadFocus) (this.#buttons.querySelector('button') ?? this.focusable()).focus();
  }

  #buttonOf(action: RowAction): HTMLButtonElement {
    const className = action === 'takeOver' || action === 'retry' ? 'quiet strong' : 'quiet';
    return button(actionWords[action], action === 'dismiss' ? `${this.#name} from the list` : this.#name, () => this.#act(action), className);
  }

  /** The row itself, where none of its buttons can have the focus. */
  focusable(): HTMLElement {
    this.root.tabIndex = -1;
    return this.root;
  }
}
