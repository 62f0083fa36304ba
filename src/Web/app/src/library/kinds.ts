/** What browsers show inside a page. The gate never delivers HTML or SVG to be shown. */
const pictures = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif']);

/** What can be done with a file in the page. */
export type Showable = 'image' | 'video' | 'audio';

/** What a file is for people: chooses its icon. */
export type Kind = Showable | 'text' | 'other';

/** A choice of the library's filter. Each is one range of the catalog's index by kind, however many files there are. */
export interface KindChoice {
  readonly label: string;
  /** As `GET /v1/files` takes it; empty for everything. */
  readonly type: string;
}

export const kindChoices: readonly KindChoice[] = [
  { label: 'All', type: '' },
  { label: 'Images', type: 'image/*' },
  { label: 'Video', type: 'video/*' },
  { label: 'Audio', type: 'audio/*' },
  { label: 'Text', type: 'text/*' },
  { label: 'Documents and other', type: 'application/*' },
];

interface Typed {
  readonly contentType: string;
  readonly detectedType: string | null;
}

/** The media type that counts, without parameters: what was found in the bytes, or else what was claimed. */
function typeOf({ contentType, detectedType }: Typed): string {
  return (detectedType ?? contentType).split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export function kindOf(file: Typed): Kind {
  const family = typeOf(file).split('/', 1)[0];
  return family === 'image' || family === 'video' || family === 'audio' || family === 'text' ? family : 'other';
}

/** How this browser shows a file inside the page; null for nothing but to keep it. */
export function showableAs(file: Typed): Showable | null {
  const type = typeOf(file);
  if (pictures.has(type)) return 'image';
  if (type.startsWith('video/') && document.createElement('video').canPlayType(type) !== '') return 'video';
  if (type.startsWith('audio/') && document.createElement('audio').canPlayType(type) !== '') return 'audio';
  return null;
}

/** Whether thumbnails are made of such files: of what is an image or a video by its bytes. */
export function getsThumbnails({ detectedType }: Typed): boolean {
  return detectedType !== null && /^(image|video)\//.test(detectedType) && !/^image\/(svg|tiff)/.test(detectedType);
}
