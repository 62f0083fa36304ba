import type { Limits } from '../api.ts';
import { formatSize } from '../format.ts';

/** A file that somebody gave the page. */
export interface Picked {
  readonly file: File;
  /** Where it was in the folder that was given, as `holiday/day 1`; empty for a file by itself. */
  readonly folder: string;
  /** By which the browser can have it again after a reload; null where it gives none. */
  readonly handle: FileSystemFileHandle | null;
  /** The upload that it is known to go on with; null where nothing is known. */
  readonly tag: string | null;
}

/** A file that came by itself. */
export const single = (file: File, handle: FileSystemFileHandle | null = null): Picked => ({ file, folder: '', handle, tag: null });

/** Why a file is not taken at all, in words; null where it is. */
export function refusalOf({ name, size, type }: File, { contentTypes, maxSize }: Limits): string | null {
  if (size > maxSize) return `${name} is too large: it has ${formatSize(size)}, and ${formatSize(maxSize)} are accepted.`;
  if (!contentTypes.some((pattern) => accepts(pattern, type || 'application/octet-stream'))) {
    return `${name} is of a type that is not accepted here (${type || 'not known'}). Accepted: ${contentTypes.join(', ')}.`;
  }
  return null;
}

/** @param pattern a media type, `image/*` or `*∕*` */
function accepts(pattern: string, type: string): boolean {
  if (pattern === '*/*') return true;
  const [wanted, is] = [pattern.toLowerCase(), type.toLowerCase()];
  return wanted.endsWith('/*') ? is.startsWith(wanted.slice(0, -1)) : is.split(';', 1)[0]?.trim() === wanted;
}
