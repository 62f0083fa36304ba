import { button, element, setText } from '../elements.ts';
import { formatSize } from '../format.ts';
import { ProgressBar } from '../progress-bar.ts';
import { copyText } from '../clipboard.ts';
import { percent } from '../transfers/words.ts';

/** One file whose hashes are wanted. */
export class HashRow {
  readonly root = element('li', 'transfer hash-row');
  readonly #state = element('span', 'state', 'Waiting');
  readonly #bar: ProgressBar;
  readonly #hashes = element('dl', 'hashes');
  readonly #detail = element('p', 'detail');
  readonly #end: HTMLButtonElement;
  readonly #name: string;
  readonly #announce: (text: string) => void;

  /** @param end cancels the work, or takes the row off where there is none */
  constructor(file: File, end: () => void, announce: (text: string) => void) {
    this.#name = file.name;
    this.#announce = announce;
    const title = element('span', 'name', file.name);
    title.dir = 'auto';
    setText(this.#detail, formatSize(file.size));
    this.#bar = new ProgressBar(`Hashing of ${file.name}`);
    this.#end = button('Cancel', `hashing ${file.name}`, end);
    const actions = element('div', 'actions');
    actions.append(this.#end);
    this.root.append(title, this.#state, this.#detail, actions, this.#bar.root, this.#hashes);
    this.hashed(0);
    setText(this.#state, 'Waiting');
  }

  /** @param fraction 0 to 1 */
  hashed(fraction: number): void {
    this.#say(`Hashing ${percent(fraction)}`, 'busy');
    this.#bar.show(fraction);
  }

  /** A hash is known. */
  add(name: string, hash: string): void {
    const value = element('dd', '');
    const copy = button('Copy', `the ${name.toLowerCase()} of ${this.#name}`, () => void this.#copy(copy, name, hash));
    value.append(element('code', 'key', hash), copy);
    this.#hashes.append(element('dt', '', name), value);
  }

  /** There is nothing more to come. */
  ended(state: string, tone: 'good' | 'plain' | 'bad', detail: string): void {
    this.#say(state, tone);
    setText(this.#detail, detail);
    this.#bar.root.hidden = true;
    this.#end.textContent = 'Remove';
    this.#end.append(element('span', 'visually-hidden', ` ${this.#name} from the list`));
    this.#announce(`${this.#name}: ${state}`);
  }

  async #copy(pressed: HTMLButtonElement, name: string, hash: string): Promise<void> {
    const isCopied = await copyText(hash);
    const word = pressed.firstChild;
    if (word) word.textContent = isCopied ? 'Copied' : 'Select it';
    this.#announce(isCopied ? `${name} copied.` : 'The browser does not let the page copy. Select the hash instead.');
  }

  #say(state: string, tone: string): void {
    setText(this.#state, state);
    this.#state.dataset['tone'] = tone;
  }
}
