import { bearer, jsonOf, type Ask } from '../api.ts';

/** A file of the catalog, as `GET /v1/files` has it. Times are instants of the server's clock, RFC 3339, of as many digits as they need. */
export interface CatalogueFile {
  readonly id: string;
  /** Safe to use as a file name. */
  readonly fileName: string;
  /** Media type as claimed; empty stands for `application/octet-stream`. */
  readonly contentType: string;
  /** Media type as found in the bytes; null where they are of no known form. */
  readonly detectedType: string | null;
  /** What was claimed cannot be true of what was found. */
  readonly typeMismatch: boolean;
  /** Bytes. */
  readonly size: number;
  /** Null for an empty file. */
  readonly tipHash: string | null;
  /** Null for an empty file. */
  readonly pieceHash: string | null;
  /** The content was stored before this file came. */
  readonly duplicate: boolean;
  /** The object's version, in a versioned bucket. */
  readonly versionId: string | null;
  readonly createdAt: string;
  readonly storedAt: string;
  readonly filedAt: string;
  /** Widths of the thumbnails that there are by now, in pixels. */
  readonly thumbnails: readonly number[];
}

/** When a file came into the catalog, in milliseconds since 1970; as texts, `38.9Z` would be later than `38.919Z`. */
export const filedTime = ({ filedAt }: CatalogueFile): number => Date.parse(filedAt);

/** One page of files, newest first. */
export interface FilePage {
  readonly files: readonly CatalogueFile[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

/** Which files to list. What is empty lets all through. */
export interface FileQuery {
  /** Whose. */
  readonly user: string;
  /** What the name contains, whatever the case. */
  readonly name: string;
  /** `type/subtype` or `type/*`. */
  readonly type: string;
  readonly limit: number;
  /** The previous page's `next`. */
  readonly after?: string;
}

/** A link that its bearer can read one file by. */
export interface Link {
  readonly url: string;
  /** The signed part alone, good for all that lies in the same folder. */
  readonly query: string;
  readonly expiresAt: string;
}

/** What the library asks of `/v1`. */
export interface Catalogue {
  list(permission: string, query: FileQuery, signal?: AbortSignal): Promise<FilePage>;
  /** @throws ApiProblem with `file_not_found` where it was deleted already */
  remove(permission: string, fileId: string): Promise<void>;
  /**
   * @param seconds how long the link is good for
   * @param thumbnail the width of a thumbnail, in place of the file itself
   */
  signLink(permission: string, fileId: string, seconds: number, thumbnail?: number): Promise<Link>;
}

export function createCatalogue(ask: Ask): Catalogue {
  return {
    async list(permission, { user, name, type, limit, after }, signal) {
      const query = new URLSearchParams({ user, limit: String(limit) });
      if (name !== '') query.set('name', name);
      if (type !== '') query.set('type', type);
      if (after !== undefined) query.set('after', after);
      return jsonOf<FilePage>(await ask(`/v1/files?${query}`, { headers: bearer(permission), signal: signal ?? null }));
    },

    async remove(permission, fileId) {
      await ask(`/v1/files/${encodeURIComponent(fileId)}`, { method: 'DELETE', headers: bearer(permission) });
    },

    async signLink(permission, fileId, seconds, thumbnail) {
      const response = await ask('/v1/links', {
        method: 'POST',
        headers: { ...bearer(permission), 'content-type': 'application/json' },
        body: JSON.stringify(thumbnail === undefined ? { fileId, seconds } : { fileId, seconds, thumbnail }),
      });
      return jsonOf<Link>(response);
    },
  };
}
