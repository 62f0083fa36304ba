import { element } from './elements.ts';

/** How far something is. */
export class ProgressBar {
  readonly root = element('div', 'progress');
  readonly #fill = element('div', 'fill');

  /** @param label what it is that moves, for those who hear the page */
  constructor(label: string) {
    this.root.setAttribute('role', 'progressbar');
    this.root.setAttribute('aria-label', label);
    this.root.setAttribute('aria-valuemin', '0');
    this.root.setAttribute('aria-valuemax', '100');
    this.root.append(this.#fill);
  }

  /** @param fraction 0 to 1, or under way to an unknown extent */
  show(fraction: number | 'unknown'): void {
    this.root.classList.toggle('is-unknown', fraction === 'unknown');
    if (fraction === 'unknown') this.root.removeAttribute('aria-valuenow');
    else this.root.setAttribute('aria-valuenow', String(Math.floor(fraction * 100)));
    this.#fill.style.transform = fraction === 'unknown' ? '' : `scaleX(${fraction.toFixed(4)})`;
  }
}
