import { element } from '../elements.ts';
import { icon, type IconName } from './icons.ts';

/** A button with a word on it. `about` is said too to those who hear the page, where the word alone does not say of what. */
export function wordButton(word: string, className: string, press: () => void, about = ''): HTMLButtonElement {
  const made = element('button', className, word);
  made.type = 'button';
  if (about !== '') made.append(element('span', 'visually-hidden', ` ${about}`));
  made.addEventListener('click', press);
  return made;
}

/** A button with a drawing on it; `label` is its name, and shown to whoever points at it. */
export function iconButton(name: IconName, label: string, press: () => void): HTMLButtonElement {
  const made = element('button', 'icon-button');
  made.type = 'button';
  made.append(icon(name));
  made.setAttribute('aria-label', label);
  made.title = label;
  made.addEventListener('click', press);
  return made;
}
