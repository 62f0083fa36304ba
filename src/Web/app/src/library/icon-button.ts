import { element } from '../elements.ts';
import { icon, type IconName } from './icons.ts';

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
