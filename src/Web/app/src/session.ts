import { ApiProblem, type Grant, type Permission } from './api.ts';

const storageKey = 'media.session';

/** A timer cannot be set further ahead than this (a signed 32 bit number of milliseconds). */
const longestTimer = 2 ** 31 - 1;

/** A permission is renewed when so much of its life is over: what is left is for the tries. */
const renewedAfter = 3 / 4;

/** After a renewal that nobody answered, the next try comes after this part of the permission's life, and after so long at least: milliseconds. */
const triedEvery = 1 / 16;
const shortestPause = 1_000;

/** Where the session is kept, and the clock it is measured with. */
export interface Surroundings {
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, milliseconds: number) => number;
  readonly clearTimeout: (id: number) => void;
}

/** What a session asks of the page. */
export interface SessionEvents {
  /** The permission ran out; it is called once for each. */
  expired(): void;
  /** Exchanges a permission for one that lasts longer. */
  renew(permission: string): Promise<Grant>;
}

/** The permission of this tab: kept through a reload, renewed while it can be, gone with the tab, and dropped the moment it runs out. */
export class Session {
  readonly #around: Surroundings;
  readonly #events: SessionEvents;
  readonly #listeners = new Set<() => void>();
  #grant: Grant | null = null;
  #timer: number | undefined;
  #renewing: Promise<boolean> | null = null;
  /** When the next renewal is due; null where there is none to come. */
  #renewAt: number | null = null;

  constructor(around: Surroundings, events: SessionEvents) {
    this.#around = around;
    this.#events = events;
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

  /** Looks at the clock, which may have gone on while the timers did not. */
  check(): void {
    if (this.#grant !== null) this.#watch();
  }

  /** Exchanges the permission now. @returns whether there is another one */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#exchange().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** Forgets the permission: on signing out, or when the server refuses it. */
  end(): void {
    this.#around.clearTimeout(this.#timer ?? 0);
    this.#timer = undefined;
    this.#grant = null;
    this.#renewAt = null;
    try {
      this.#around.storage.removeItem(storageKey);
    } catch {
      // Nothing was kept.
    }
  }

  #hold(grant: Grant): void {
    this.#grant = grant;
    const { beganAt, endsAt, renewableUntil } = grant;
    const due = beganAt + (endsAt - beganAt) * renewedAfter;
    // One that lasts as long as it can is not made to last longer.
    this.#renewAt = renewableUntil !== null && renewableUntil > endsAt ? due : null;
    this.#watch();
  }

  #watch(): void {
    this.#around.clearTimeout(this.#timer ?? 0);
    const now = this.#around.now();
    const endsAt = this.#grant?.endsAt ?? 0;
    if (endsAt <= now) {
      this.end();
      this.#events.expired();
      return;
    }
    if (this.#renewAt !== null && this.#renewAt <= now) void this.renew();
    const next = Math.min(endsAt, this.#renewAt !== null && this.#renewAt > now ? this.#renewAt : endsAt);
    this.#timer = this.#around.setTimeout(() => this.#watch(), Math.min(next - now, longestTimer));
  }

  async #exchange(): Promise<boolean> {
    const grant = this.#grant;
    if (grant === null || grant.renewableUntil === null) return false;
    const pause = Math.max(shortestPause, (grant.endsAt - grant.beganAt) * triedEvery);
    this.#renewAt = this.#around.now() + pause;
    try {
      const fresh = await this.#events.renew(grant.permission.permission);
      // Meanwhile somebody signed out, or in.
      if (this.#grant !== grant) return this.#grant !== null;
      this.begin(fresh);
      return true;
    } catch (error) {
      // A refusal is final: the permission lasts as long as it lasts.
      if (this.#grant === grant && error instanceof ApiProblem && error.status < 500 && error.status !== 429) this.#renewAt = null;
      return false;
    }
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
      typeof grant?.beganAt === 'number' &&
      typeof grant.endsAt === 'number' &&
      (grant.renewableUntil === null || typeof grant.renewableUntil === 'number') &&
      typeof grant.permission?.permission === 'string' &&
      Array.isArray(grant.permission.limits?.contentTypes);
    return whole ? (grant as Grant) : null;
  } catch {
    return null;
  }
}
