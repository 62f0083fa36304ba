import type { Link, Upload } from '../api.ts';
import { element } from '../elements.ts';

/** How long links for looking and downloading are good for: long enough for a film. Seconds. */
const linkSeconds = 4 * 60 * 60;

/** How many files that were just uploaded are shown by themselves; the others have a button. */
const shownByThemselves = 3;

/** What browsers show inside a page. The gate never delivers HTML or SVG to be shown. */
const pictures = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif']);

export interface DeliveryContext {
  readonly link: (fileId: string, seconds: number) => Promise<Link>;
  readonly failed: (problem: unknown) => void;
}

/** Shows files by signed links, or offers them for download. */
export interface Delivery {
  /** Looks at a list as the server has it: what was not there the first time was uploaded since, and is shown as soon as it is a file. */
  notice(uploads: readonly Upload[]): void;
  /** The buttons of a file's row, and what they open. */
  readonly controls: (upload: Upload, fileId: string) => readonly HTMLElement[];
  /** Forgets what was noticed, for the next user of this page. */
  forget(): void;
}

type Kind = 'image' | 'video' | 'audio';

export function createDelivery({ link, failed }: DeliveryContext): Delivery {
  let before: Set<string> | null = null;
  let shown = new Set<string>();

  async function download(fileId: string, fileName: string): Promise<void> {
    const { url } = await link(fileId, linkSeconds);
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = fileName;
    anchor.click();
  }

  return {
    notice(uploads) {
      before ??= new Set(uploads.filter(({ fileId }) => fileId !== null).map(({ tag }) => tag));
    },

    forget() {
      before = null;
      shown = new Set();
    },

    controls(upload, fileId) {
      const bar = element('div', 'actions');
      const stage = element('div', 'stage');
      stage.hidden = true;
      const name = upload.fileName || 'Unnamed file';

      const save = button('Download', name, () => void download(fileId, name).catch(failed));
      const kind = kindOf(upload.actual?.detectedType ?? upload.contentType);
      if (kind !== null) {
        const show = button('Show', name, () => {
          if (stage.hidden) void open();
          else close();
        });
        show.setAttribute('aria-expanded', 'false');

        const open = async () => {
          try {
            const { url } = await link(fileId, linkSeconds);
            stage.replaceChildren(viewOf(kind, url, name));
            stage.hidden = false;
            label(show, 'Hide', name);
            show.setAttribute('aria-expanded', 'true');
          } catch (problem) {
            failed(problem);
          }
        };
        const close = () => {
          stage.replaceChildren();
          stage.hidden = true;
          label(show, 'Show', name);
          show.setAttribute('aria-expanded', 'false');
        };

        bar.append(show);
        if (before !== null && !before.has(upload.tag) && !shown.has(upload.tag) && shown.size < shownByThemselves) {
          shown.add(upload.tag);
          void open();
        }
      }
      bar.append(save);
      return kind === null ? [bar] : [bar, stage];
    },
  };
}

/** What a browser can do with a media type; null for nothing but to keep it. */
export function kindOf(type: string): Kind | null {
  const bare = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (pictures.has(bare)) return 'image';
  if (bare.startsWith('video/') && document.createElement('video').canPlayType(bare) !== '') return 'video';
  if (bare.startsWith('audio/') && document.createElement('audio').canPlayType(bare) !== '') return 'audio';
  return null;
}

function viewOf(kind: Kind, url: string, name: string): HTMLElement {
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
  view.addEventListener('error', () => view.replaceWith(element('p', 'hint', 'This browser cannot show the file. It can be downloaded.')), { once: true });
  view.src = url;
  return view;
}

function button(word: string, name: string, press: () => void): HTMLButtonElement {
  const made = element('button', 'quiet');
  made.type = 'button';
  label(made, word, name);
  made.addEventListener('click', press);
  return made;
}

function label(target: HTMLButtonElement, word: string, name: string): void {
  target.textContent = word;
  target.append(element('span', 'visually-hidden', ` ${name}`));
}
