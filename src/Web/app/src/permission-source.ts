import type { Session } from './session.ts';

/** Gives an uploader the permission of the one who is signed in, for as long as that is the same user. */
export class PermissionSource {
  readonly #session: Session;
  readonly #user: string;
  readonly #refused: (permission: string) => Promise<void>;
  #last: string | null = null;

  /** @param refused is told of a permission that the server turned down, and gets another one or asks the person to sign in again */
  constructor(session: Session, user: string, refused: (permission: string) => Promise<void>) {
    this.#session = session;
    this.#user = user;
    this.#refused = refused;
  }

  /** A permission other than the one that was refused. It may take until the person has signed in again; uploads wait that long. */
  readonly give = async (refused?: string): Promise<string> => {
    if (this.#last !== null) return this.#last;
    const held = this.#held();
    if (held !== null && held !== refused) return held;
    if (held !== null) await this.#refused(held);
    return new Promise((resolve) => {
      const look = () => {
        const now = this.#last ?? this.#held();
        if (now === null || (now === refused && this.#last === null)) return;
        leave();
        resolve(now);
      };
      const leave = this.#session.onChange(look);
      look();
    });
  };

  /** The user leaves: what is still to be said to the server is said with the last permission. */
  end(): void {
    this.#last = this.#held() ?? '';
  }

  #held(): string | null {
    const { permission } = this.#session;
    return permission?.user === this.#user ? permission.permission : null;
  }
}
