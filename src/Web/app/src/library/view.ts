import { element } from '../elements.ts';
import type { Showable } from './kinds.ts';

/** What a view needs of whoever shows it. */
export interface ViewSource {
  readonly kind: Showable;
  readonly name: string;
  /** A link to the file. */
  readonly url: string;
  /** Signs another link, once, where the first is refused: it may have run out while a film was paused. */
  readonly anotherUrl: () => Promise<string>;
}

/** A picture, film or sound by a signed link. Says so in its place where this browser cannot show it. */
export function viewOf({ kind, name, url, anotherUrl }: ViewSource): HTMLElement {
  const view = kind === 'image' ? document.createElement('img') : document.createElement(kind);
  view.className = 'view';
  if (view instanceof HTMLMediaElement) {
    view.controls = true;
    view.preload = 'metadata';
    view.setAttribute('aria-label', name);
  } else {
    view.alt = name;
    view.decoding = 'async';
  }
  const giveUp = () => view.replaceWith(element('p', 'hint unshowable', 'This browser cannot show the file. It can be downloaded.'));
  view.addEventListener(
    'error',
    () => {
      view.addEventListener('error', giveUp, { once: true });
      const [at, wasPlaying] = view instanceof HTMLMediaElement ? [view.currentTime, !view.paused] : [0, false];
      anotherUrl().then((again) => {
        view.src = again;
        if (!(view instanceof HTMLMediaElement)) return;
        view.currentTime = at;
        // Refused where nobody pressed anything yet: then it waits to be started.
        if (wasPlaying) view.play().catch(() => undefined);
      }, giveUp);
    },
    { once: true },
  );
  view.src = url;
  return view;
}
