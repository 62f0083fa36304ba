import { tipHash } from '@media/fuji';
import type { Upload } from '../api.ts';
import { formatSize } from '../format.ts';

/**
 * Looks whether a file is the one that an upload was begun with, by its size and its tip hash.
 * @returns why it is not, in words; null where it is
 */
export async function strangerness(file: File, upload: Pick<Upload, 'fileName' | 'size' | 'tipHash'>): Promise<string | null> {
  const wanted = upload.fileName || 'the file that was begun';
  if (upload.size !== null && file.size !== upload.size) {
    return `That is another file: ${file.name} has ${exactly(file.size, upload.size)}, ${wanted} has ${exactly(upload.size, file.size)}. Choose the one that was begun.`;
  }
  try {
    if (file.size > 0 && (await tipHash(file)) !== upload.tipHash) {
      return `That is not the same file: ${file.name} is as large as ${wanted}, but its contents differ. Choose the one that was begun.`;
    }
  } catch {
    return `${file.name} can’t be read. It may have been moved or changed.`;
  }
  return null;
}

/** A size, in bytes where in larger units it would read the same as the other. */
const exactly = (bytes: number, other: number): string => (formatSize(bytes) === formatSize(other) ? `${bytes} bytes` : formatSize(bytes));
