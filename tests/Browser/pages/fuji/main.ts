import * as fuji from '@media/fuji';

declare global {
  interface Window {
    fuji: typeof fuji;
    /** The file that was chosen. */
    chosen(): File;
  }
}

window.fuji = fuji;
window.chosen = () => document.querySelector<HTMLInputElement>('#file')!.files![0]!;
