import type { PostForm, Upload } from './answers.ts';
import type { UploadsApi } from './api.ts';
import type { Destination, Destinations } from './destination.ts';
import { postForm } from './form-post.ts';
import { goodUntil } from './lifetime.ts';
import type { RetryPolicy } from './retry.ts';

/** Of whom, and for whom, forms are asked. */
export interface UploadFormOptions {
  readonly api: UploadsApi;
  readonly upload: Upload;
  readonly clientId: string;
  readonly retry: RetryPolicy;
  readonly fetch: typeof globalThis.fetch;
  /** The file, where it is in memory. */
  readonly inMemory: () => ArrayBuffer | null;
}

/** The form of an upload that goes in one piece: a fresh one is asked for when it is about to expire, or the store refuses it. */
export class UploadForm implements Destinations {
  readonly #options: UploadFormOptions;
  #form: PostForm | null = null;
  #goodUntil = 0;

  constructor(options: UploadFormOptions) {
    this.#options = options;
    if (options.upload.form) this.#hold(options.upload.form);
  }

  /** The form came with the upload. */
  prepare(): void {}

  async get(_part: number, signal: AbortSignal): Promise<Destination> {
    const { api, upload, clientId, retry, fetch, inMemory } = this.#options;
    const held = this.#form !== null && this.#goodUntil > retry.clock.now() ? this.#form : null;
    const form = held ?? this.#hold(await retry.call(() => api.form(upload.tag, clientId, { signal }), signal));
    const memory = inMemory();
    return {
      tellsProgress: false,
      readsFile: memory === null,
      send: (bytes, stop) => postForm(fetch, form, memory ?? bytes, stop),
      refused: () => {
        if (this.#form === form) this.#form = null;
      },
    };
  }

  #hold(form: PostForm): PostForm {
    const { api, retry } = this.#options;
    this.#form = form;
    this.#goodUntil = goodUntil(api, retry.clock, form.expiresAt, signedFor(form));
    return form;
  }
}

/** For how long a form was signed, in milliseconds. It says when, as 20260101T120000Z. */
function signedFor({ fields, expiresAt }: PostForm): number | null {
  const date = Object.entries(fields).find(([name]) => name.toLowerCase() === 'x-amz-date')?.[1] ?? '';
  const at = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const milliseconds = Date.parse(expiresAt) - Date.parse(at);
  return milliseconds > 0 ? milliseconds : null;
}
