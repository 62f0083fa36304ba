/** Why a transfer was halted: it goes on when the gate opens. */
const paused = (): DOMException => new DOMException('The upload was paused.', 'AbortError');

/** A pause button. What runs is halted by the signal of its run; what wants to run waits. */
export class Gate {
  #run = new AbortController();
  #isPaused = false;
  readonly #waiting = new Set<() => void>();

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#run.abort(paused());
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#run = new AbortController();
    for (const go of this.#waiting) go();
    this.#waiting.clear();
  }

  /** Does work while the gate is open: a pause halts it, and it begins anew when the gate opens. */
  async through<T>(signal: AbortSignal, work: (run: AbortSignal) => Promise<T>): Promise<T> {
    while (true) {
      await this.#open(signal);
      const run = this.#run.signal;
      try {
        return await work(AbortSignal.any([signal, run]));
      } catch (error) {
        signal.throwIfAborted();
        if (!run.aborted) throw error;
      }
    }
  }

  #open(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (!this.#isPaused) {
        resolve();
        return;
      }
      const go = () => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = () => {
        this.#waiting.delete(go);
        reject(signal.reason);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', give, { once: true });
    });
  }
}
