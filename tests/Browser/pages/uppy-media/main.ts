import Uppy from '@uppy/core';
import { systemClock, UppyMedia, type UppyMediaOptions } from '@media/uppy-media';

/** Something that Uppy told of a file. */
export interface Told {
  readonly event: string;
  readonly file: string;
  readonly news: Readonly<Record<string, unknown>>;
}

/** Options that can be handed to a page. */
export type PageOptions = Pick<UppyMediaOptions, 'mostParts' | 'checksums' | 'stallTimeout' | 'answerTimeout' | 'waitForVerification' | 'retry'>;

declare global {
  interface Window {
    uppy: Uppy;
    /** Everything that was told, in order. */
    told: Told[];
    /** Makes Uppy with the plugin and nothing else. */
    begin(permission: string, options?: PageOptions): void;
    /** Adds the files that were chosen; the ids that Uppy gives them. */
    add(): string[];
    /** Moves the plugin's clock forward. Its waits go on as they are, as those of a machine that slept do. */
    sleepFor(milliseconds: number): void;
  }
}

window.told = [];

let slept = 0;
window.sleepFor = (milliseconds) => (slept += milliseconds);

window.begin = (permission, options = {}) => {
  const uppy = new Uppy({ autoProceed: false });
  uppy.use(UppyMedia, { permission: () => permission, ...options, platform: { clock: { ...systemClock, now: () => Date.now() + slept } } });
  const note = (event: string, file: { readonly name?: string } | undefined, news: Readonly<Record<string, unknown>>) =>
    window.told.push({ event, file: file?.name ?? '', news });
  for (const event of ['media:hashing', 'media:uploading', 'media:verifying', 'media:verified', 'media:duplicate', 'media:mismatched', 'media:locked'] as const) {
    uppy.on(event, (file: { readonly name?: string }, news: object) => note(event, file, { ...news }));
  }
  uppy.on('upload-progress', (file, { bytesUploaded }) => note('upload-progress', file, { bytesUploaded }));
  uppy.on('upload-success', (file, { body }) => note('upload-success', file, { ...body }));
  uppy.on('upload-error', (file, { name, message }) => note('upload-error', file, { name, message }));
  window.uppy = uppy;
};

window.add = () => {
  const { files } = document.querySelector<HTMLInputElement>('#files')!;
  return [...files!].map((data) => window.uppy.addFile({ name: data.name, type: data.type, data }));
};
