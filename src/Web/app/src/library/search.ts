import { byId, element } from '../elements.ts';
import { kindChoices } from './kinds.ts';
import type { Filter } from './listing.ts';

/** How long typing has to pause before it is looked for. Milliseconds. */
const pause = 200;

/** The fields that say what is looked for. */
export interface Search {
  readonly field: HTMLInputElement;
  /** Empties the fields, and tells nobody. */
  clear(): void;
}

/** @param changed told of each new wish, once typing pauses */
export function createSearch(changed: (filter: Filter) => void): Search {
  const form = byId('library-search', HTMLFormElement);
  const field = byId('library-name', HTMLInputElement);
  const kinds = byId('library-kinds', HTMLElement);
  let timer = 0;
  let wish: Filter = { name: '', type: '' };

  const radios = kindChoices.map(({ label, type }, index) => {
    const radio = element('input', '');
    radio.type = 'radio';
    radio.name = 'kind';
    radio.value = type;
    // What the form goes back to when it is emptied.
    radio.defaultChecked = index === 0;
    const choice = element('label', 'chip');
    choice.append(radio, element('span', '', label));
    kinds.append(choice);
    return radio;
  });

  function tell(): void {
    window.clearTimeout(timer);
    const filter = { name: field.value.trim(), type: radios.find(({ checked }) => checked)?.value ?? '' };
    if (filter.name === wish.name && filter.type === wish.type) return;
    wish = filter;
    changed(filter);
  }

  field.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(tell, pause);
  });
  kinds.addEventListener('change', tell);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    tell();
  });

  function clear(): void {
    window.clearTimeout(timer);
    form.reset();
    wish = { name: '', type: '' };
  }
  // Browsers put back what was typed before a reload.
  clear();
  return { field, clear };
}
