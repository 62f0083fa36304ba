/**
 * As much of IndexedDB as the kept files ask for, in memory: one database, whose transactions take turns and end when nobody asks for more
 * (https://w3c.github.io/IndexedDB/). The browser tests have the real one.
 */
export class MemoryDatabase {
  readonly #stores = new Map<string, Map<string, unknown>>();
  #turn: Promise<void> = Promise.resolve();

  /** What the page is given in place of `window.indexedDB`. */
  get factory(): IDBFactory {
    return { open: () => this.#open() } as unknown as IDBFactory;
  }

  #open(): IDBOpenDBRequest {
    const isNew = this.#stores.size === 0;
    const database = {
      createObjectStore: (name: string) => this.#stores.set(name, new Map()),
      transaction: (name: string) => this.#transaction(this.#stores.get(name) ?? new Map()),
    };
    const request = { result: database, onupgradeneeded: () => {}, onsuccess: () => {} };
    queueMicrotask(() => {
      if (isNew) request.onupgradeneeded();
      request.onsuccess();
    });
    return request as unknown as IDBOpenDBRequest;
  }

  #transaction(rows: Map<string, unknown>): IDBTransaction {
    const before = this.#turn;
    let over = () => {};
    this.#turn = new Promise<void>((resolve) => (over = resolve));
    const transaction = { oncomplete: () => {}, objectStore: () => store };
    let asked = 0;
    const endWhenIdle = (count: number) => {
      // What is asked for in answer to an answer is of the same transaction.
      setTimeout(() => {
        if (count !== asked) return;
        transaction.oncomplete();
        over();
      });
    };
    const ask = (work: () => unknown) => {
      const request = { result: undefined as unknown, onsuccess: () => {} };
      const mine = ++asked;
      void before.then(() => {
        request.result = work();
        request.onsuccess();
        endWhenIdle(mine);
      });
      return request;
    };
    const store = {
      get: (key: string) => ask(() => rows.get(key)),
      getAll: () => ask(() => [...rows.values()]),
      put: (row: { readonly id: string }) => ask(() => void rows.set(row.id, row)),
      delete: (key: string) => ask(() => void rows.delete(key)),
    };
    endWhenIdle(0);
    return transaction as unknown as IDBTransaction;
  }
}
