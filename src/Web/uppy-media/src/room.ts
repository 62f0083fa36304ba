/** Room for so many at once; others wait in line. */
export class Room {
  readonly #size: number;
  readonly #group: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  /** @param group those in line are let in together, when there is room for so many of them: what they ask for then can be asked together */
  constructor(size: number, group = 1) {
    this.#size = size;
    this.#group = Math.max(1, Math.min(group, size));
  }

  /** Goes in when there is room, or rejects with the signal's reason. The returned function, called once, makes room for the next. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    // Nobody overtakes those who wait for a group.
    if (this.#inside < this.#size && this.#waiting.length === 0) this.#inside++;
    else await this.#wait(signal);
    return this.#exit();
  }

  /** Goes in only where nobody has to wait. */
  tryEnter(): (() => void) | null {
    if (this.#inside >= this.#size) return null;
    this.#inside++;
    return this.#exit();
  }

  #exit(): () => void {
    let isOut = false;
    return () => {
      if (isOut) return;
      isOut = true;
      this.#inside--;
      this.#letIn();
    };
  }

  #letIn(): void {
    const free = this.#size - this.#inside;
    if (free < Math.min(this.#group, this.#waiting.length)) return;
    for (const enter of this.#waiting.splice(0, free)) {
      this.#inside++;
      enter();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', give);
        resolve();
      };
      const give = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason);
        // With fewer in line, the rest may be a group.
        this.#letIn();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', give, { once: true });
    });
  }
}

/** One room each for what has the same name. */
export class Turns {
  readonly #rooms = new Map<string, { readonly room: Room; users: number }>();

  /** Waits for the turn of this name. The returned function ends it. */
  async take(name: string, signal?: AbortSignal): Promise<() => void> {
    const entry = this.#rooms.get(name) ?? { room: new Room(1), users: 0 };
    this.#rooms.set(name, entry);
    entry.users++;
    const forget = () => {
      if (--entry.users === 0) this.#rooms.delete(name);
    };
    try {
      const leave = await entry.room.enter(signal);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        leave();
        forget();
      };
    } catch (error) {
      forget();
      throw error;
    }
  }
}
