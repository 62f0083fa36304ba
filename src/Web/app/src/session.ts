import type { Grant, Permission } from './api.ts';

const storageKey = 'media.session';

/** A timer cannot be set further ahead than this (a signed 32 bit number of milliseconds). */
const longestTimer = 2 ** 31 - 1;

/** Where the session is kept, and the clock it is measured with. */
export interface Surroundings {
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, milliseconds: number) => number;
  readonly clearTimeout: (id: number) => void;
}

/** The permission of this tab: kept through a reload, gone with the tab, and dropped the moment it runs out. */
export class Session {
  readonly #around: Surroundings;
  readonly #onExpired: () => void;
  readonly #listeners = new Set<() => void>();
  #grant: Grant | null = null;
  #timer: number | undefined;

  /** @param onExpired called once when the permission that is held runs out */
  constructor(around: Surroundings, onExpired: () => void) {
    this.#around = around;
    this.#onExpired = onExpired;
  }

  /** The permission while it holds, otherwise null. */
  get permission(): Permission | null {
    return this.#grant !== null && this.#grant.endsAt > this.#around.now() ? this.#grant.permission : null;
  }

  /** Takes up what an earlier page of this tab left. `expired` means that there was something, too old to use. */
  restore(): 'none' | 'expired' | 'signed-in' {
    const grant = parse(this.#read());
    if (grant === null) {
      this.end();
      return 'none';
    }
    if (grant.endsAt <= this.#around.now()) {
      this.end();
      return 'expired';
    }
    this.#hold(grant);
    return 'signed-in';
  }

  begin(grant: Grant): void {
    this.#hold(grant);
    for (const listener of this.#listeners) listener();
    try {
      this.#around.storage.setItem(storageKey, JSON.stringify(grant));
    } catch {
      // A browser that keeps nothing: the session lives as long as the page.
    }
  }

  /** Calls back whenever there is another permission, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets the permission: on signing out, or when the server refuses it. */
  end(): void {
    this.#around.clearTimeout(this.#timer ?? 0);
    this.#timer = undefined;
    this.#grant = null;
    try {
      this.#around.storage.removeItem(storageKey);
    } catch {
      // Nothing was kept.
    }
  }

  #hold(grant: Grant): void {
    this.#around.clearTimeout(this.#timer ?? 0);
    this.#grant = grant;
    this.#watch();
  }

  #watch(): void {
    const left = (this.#grant?.endsAt ?? 0) - this.#around.now();
    if (left > 0) {
      this.#timer = this.#around.setTimeout(() => this.#watch(), Math.min(left, longestTimer));
      return;
    }
    this.end();
    this.#onExpired();
  }

  #read(): string | null {
    try {
      return this.#around.storage.getItem(storageKey);
    } catch {
      return null;
    }
  }
}

function parse(text: string | null): Grant | null {
  if (text === null) return null;
  try {
    const grant = JSON.parse(text) as Partial<Grant> | null;
    const whole =
      typeof grant?.endsAt === 'number' &&
      typeof grant.permission?.permission === 'string' &&
      Array.isArray(grant.permission.limits?.contentTypes);
    return whole ? (grant as Grant) : null;
  } catch {
    return null;
  }
}
