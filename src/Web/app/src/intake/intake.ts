import { byId } from '../elements.ts';
import { droppedFiles } from './dropped.ts';
import { pickWithHandles } from './file-system.ts';
import { single, type Picked } from './picked.ts';

/** The ways into the page: choosing, a folder, a camera, dropping, pasting. */
export interface IntakeContext {
  /** Whether files are wanted now. */
  readonly isOpen: () => boolean;
  readonly onFiles: (files: readonly Picked[]) => void;
  /** Why something was not taken, in words. */
  readonly onRefused: (reasons: readonly string[]) => void;
}

/** Connects the ways into the page. */
export function createIntake({ isOpen, onFiles, onRefused }: IntakeContext): void {
  const zone = byId('drop-zone', HTMLElement);
  const files = byId('file-field', HTMLInputElement);
  const folder = byId('folder-field', HTMLInputElement);
  const camera = byId('camera-field', HTMLInputElement);

  byId('choose-files', HTMLButtonElement).addEventListener('click', () => void choose());
  byId('choose-folder', HTMLButtonElement).addEventListener('click', () => folder.click());
  byId('take-picture', HTMLButtonElement).addEventListener('click', () => camera.click());
  byId('choose-folder', HTMLButtonElement).hidden = !('webkitdirectory' in folder);
  // A computer without a touch screen would show its file dialog once more.
  byId('take-picture', HTMLButtonElement).hidden = !window.matchMedia('(pointer: coarse)').matches;

  async function choose(): Promise<void> {
    const handles = await pickWithHandles();
    if (handles === null) {
      files.click();
      return;
    }
    const unreadable: string[] = [];
    const read = await Promise.all(
      handles.map(async (handle) => {
        try {
          return single(await handle.getFile(), handle);
        } catch {
          unreadable.push(handle.name);
          return null;
        }
      }),
    );
    take(read.filter((one) => one !== null), unreadable);
  }

  for (const field of [files, folder, camera]) {
    field.addEventListener('change', () => {
      take([...(field.files ?? [])].map((file) => ({ ...single(file), folder: folderOf(file) })), []);
      // So that choosing the same file again is a change too.
      field.value = '';
    });
  }

  // The whole page takes what is dropped: a near miss must not leave the page for the file.
  let entered = 0;
  document.addEventListener('dragenter', () => shine(++entered));
  document.addEventListener('dragleave', () => shine(--entered));
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = isOpen() ? 'copy' : 'none';
  });
  document.addEventListener('drop', (event) => {
    entered = 0;
    shine(0);
    if (!hasFiles(event) || !event.dataTransfer) return;
    const taken = event.defaultPrevented;
    event.preventDefault();
    if (taken || !isOpen()) return;
    const unreadable: string[] = [];
    void droppedFiles(event.dataTransfer, (name) => unreadable.push(name)).then((dropped) => take(dropped, unreadable));
  });

  document.addEventListener('paste', ({ clipboardData, target }) => {
    const pasted = [...(clipboardData?.files ?? [])];
    if (!isOpen() || pasted.length === 0 || target instanceof HTMLInputElement) return;
    take(pasted.map((file) => single(named(file))), []);
  });

  function take(picked: readonly Picked[], unreadable: readonly string[]): void {
    if (unreadable.length > 0) onRefused(unreadable.map((name) => `${name} can’t be read. It may have been moved, or is not yours to read.`));
    if (picked.length > 0) onFiles(picked);
  }

  function shine(depth: number): void {
    zone.classList.toggle('is-over', depth > 0 && isOpen());
  }
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

/** Of `holiday/day 1/beach.jpg`: `holiday/day 1`. */
const folderOf = ({ webkitRelativePath }: File): string => webkitRelativePath.split('/').slice(0, -1).join('/');

/** Browsers call every picture that is pasted the same. */
function named(file: File): File {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const at = new Date(file.lastModified).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
  return new File([file], `Pasted ${at}${file.name.slice('image'.length)}`, { type: file.type, lastModified: file.lastModified });
}
