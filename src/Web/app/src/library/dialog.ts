import { element } from '../elements.ts';
import { iconButton } from './icon-button.ts';

/** A dialog over the page, with a title and a button to close it. */
export interface Dialog {
  readonly root: HTMLDialogElement;
  readonly title: HTMLHeadingElement;
  /** Beside the title, before the button that closes the dialog. */
  readonly tools: HTMLElement;
  readonly body: HTMLElement;
}

let made = 0;

/**
 * Makes a modal dialog. Escape and a press beside it close it, as the button does; the browser gives the focus back to where it was.
 * @param closeLabel what the button that closes it is called
 */
export function createDialog(className: string, closeLabel = 'Close'): Dialog {
  const root = element('dialog', `dialog ${className}`);
  const title = element('h2', 'dialog-title');
  title.id = `dialog-title-${++made}`;
  title.tabIndex = -1;
  title.dir = 'auto';
  root.setAttribute('aria-labelledby', title.id);
  const head = element('header', 'dialog-head');
  const tools = element('div', 'dialog-tools');
  tools.append(iconButton('close', closeLabel, () => root.close()));
  head.append(title, tools);
  const body = element('div', 'dialog-body');
  // What is pressed inside is never the dialog itself, as the card fills it.
  const card = element('div', 'dialog-card');
  card.append(head, body);
  root.append(card);
  root.addEventListener('click', (event) => {
    if (event.target === root) root.close();
  });
  document.body.append(root);
  return { root, title, tools, body };
}
