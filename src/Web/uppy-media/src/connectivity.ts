/** Whether the browser has a network, and when it comes back. */
export interface Connectivity {
  readonly isOnline: boolean;
  /** Calls back whenever the network is back, until the returned function is called. */
  onBack(listener: () => void): () => void;
}

/** What is needed of a browser's global object. */
export interface ConnectivityTarget {
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?(type: 'online', listener: () => void): void;
  removeEventListener?(type: 'online', listener: () => void): void;
}

/** The browser's word for it. Where there is none, as in Node.js, the network is taken to be there. */
export function browserConnectivity(target: ConnectivityTarget = globalThis): Connectivity {
  return {
    get isOnline() {
      // Only its `false` can be relied upon (https://html.spec.whatwg.org/multipage/system-state.html#dom-navigator-online).
      return target.navigator?.onLine !== false;
    },
    onBack(listener) {
      target.addEventListener?.('online', listener);
      return () => target.removeEventListener?.('online', listener);
    },
  };
}

/** Waits until there is a network, or rejects with the signal's reason. */
export function whenOnline(connectivity: Connectivity, signal?: AbortSignal): Promise<void> {
  if (connectivity.isOnline) return Promise.resolve();
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (settle: () => void) => {
      leave();
      signal?.removeEventListener('abort', give);
      settle();
    };
    const give = () => end(() => reject(signal?.reason));
    const leave = connectivity.onBack(() => {
      if (connectivity.isOnline) end(resolve);
    });
    signal?.addEventListener('abort', give, { once: true });
  });
}
