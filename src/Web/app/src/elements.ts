/** An element that index.html promises. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page lacks #${id}`);
  return found;
}

/** A new element with a class and a text. */
export function element<K extends keyof HTMLElementTagNameMap>(name: K, className: string, text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * A new button.
 * @param what completes its name for those who hear the page, where the word alone says too little
 */
export function button(word: string, what: string, press: (button: HTMLButtonElement) => void, className = 'quiet'): HTMLButtonElement {
  const made = element('button', className, word);
  made.type = 'button';
  if (what !== '') made.append(element('span', 'visually-hidden', ` ${what}`));
  made.addEventListener('click', () => press(made));
  return made;
}

/** Sets a text only where it differs, so that nothing is laid out, selected or spoken anew. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Takes a row off its list. Where it had the focus, the row in its place gets it, or `last` where there is none. */
export function removeRow(row: HTMLElement, last: HTMLElement): void {
  const hadFocus = row.contains(document.activeElement);
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (hadFocus) (neighbour?.querySelector('button') ?? last).focus();
}
