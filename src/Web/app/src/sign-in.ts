import { explain } from './messages.ts';

/** The password form. */
export interface SignIn {
  /** @param notice why it is shown, where that is not plain */
  show(notice?: string): void;
  hide(): void;
}

/** @param submit tries the password; what it throws is explained under the field */
export function createSignIn(root: HTMLElement, submit: (password: string) => Promise<void>): SignIn {
  const form = part(root, 'form', HTMLFormElement);
  const password = part(root, '#password', HTMLInputElement);
  const button = part(root, '#sign-in-submit', HTMLButtonElement);
  const error = part(root, '#sign-in-error', HTMLElement);
  const notice = part(root, '#sign-in-notice', HTMLElement);
  let trying = false;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt();
  });
  password.addEventListener('input', () => password.removeAttribute('aria-invalid'));

  async function attempt(): Promise<void> {
    if (trying) return;
    error.textContent = '';
    if (password.value === '') {
      refuse('Enter the password first.');
      return;
    }
    setTrying(true);
    try {
      await submit(password.value);
      password.value = '';
    } catch (problem) {
      refuse(explain(problem));
    } finally {
      setTrying(false);
    }
  }

  function refuse(text: string): void {
    error.textContent = text;
    password.setAttribute('aria-invalid', 'true');
    password.focus();
    password.select();
  }

  function setTrying(on: boolean): void {
    trying = on;
    // Not `disabled`, which would throw the focus away.
    button.setAttribute('aria-disabled', String(on));
    button.textContent = on ? 'Signing in…' : 'Sign in';
  }

  return {
    show(text = '') {
      notice.textContent = text;
      notice.hidden = text === '';
      error.textContent = '';
      root.hidden = false;
      password.focus();
    },
    hide() {
      root.hidden = true;
    },
  };
}

function part<T extends HTMLElement>(root: HTMLElement, selector: string, type: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page lacks ${selector}`);
  return found;
}
