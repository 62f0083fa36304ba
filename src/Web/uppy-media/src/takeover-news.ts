import { isLease, type Lease } from './answers.ts';

/** What is needed of a BroadcastChannel. */
export interface NewsChannel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  close(): void;
}

/**
 * Hears that an upload was taken over.
 * @param lease whose it is now, by the server's own word to whoever passes it on; null where that is not told
 */
export type TakenListener = (lease: Lease | null) => void;

/** Passes on which upload was taken over: by this tab to the others of this browser, and from wherever it is heard. */
export class TakeoverNews {
  readonly #channel: NewsChannel | null;
  readonly #listeners = new Map<string, Set<TakenListener>>();

  constructor(channel: NewsChannel | null) {
    this.#channel = channel;
    channel?.addEventListener('message', ({ data }) => {
      if (typeof data !== 'object' || data === null || !('taken' in data) || typeof data.taken !== 'string') return;
      this.hear(data.taken, 'lease' in data && isLease(data.lease) ? data.lease : null);
    });
  }

  /** It was heard that somebody else has taken this upload. */
  hear(tag: string, lease: Lease | null): void {
    this.#listeners.get(tag)?.forEach((listener) => listener(lease));
  }

  /** Calls back when it is heard that somebody else has taken this upload, until the returned function is called. */
  onTaken(tag: string, listener: TakenListener): () => void {
    const listeners = this.#listeners.get(tag) ?? new Set();
    this.#listeners.set(tag, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(tag);
    };
  }

  tell(tag: string, lease: Lease): void {
    this.#channel?.postMessage({ taken: tag, lease });
  }

  close(): void {
    this.#channel?.close();
  }
}

/** The browser's channel between tabs; null where there is none. */
export const browserChannel = (): NewsChannel | null => {
  // In Node.js an open channel would keep the process alive.
  if (typeof globalThis.BroadcastChannel !== 'function' || typeof globalThis.window === 'undefined') return null;
  return new BroadcastChannel('media:uploads');
};
