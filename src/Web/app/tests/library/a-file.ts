import type { CatalogueFile } from '../../src/library/catalogue.ts';

/** A file of the catalog, its time by its name: `b` is newer than `a`. */
export const aFile = (id: string, change: Partial<CatalogueFile> = {}): CatalogueFile => ({
  id,
  fileName: `${id}.bin`,
  contentType: 'application/octet-stream',
  detectedType: null,
  typeMismatch: false,
  size: 2048,
  tipHash: `TIP${id}`,
  pieceHash: `PIECE${id}`,
  duplicate: false,
  versionId: null,
  createdAt: '2026-01-01T10:00:00.000Z',
  storedAt: '2026-01-01T10:00:00.000Z',
  filedAt: new Date(Date.UTC(2026, 0, 1) + id.charCodeAt(0) * 1000).toISOString(),
  thumbnails: [],
  ...change,
});

/** A page of files by their names, newest first. */
export const aPage = (ids: string, next: string | null = null) => ({ files: [...ids].map((id) => aFile(id)), next });
