import { ApiProblem } from '../api.ts';
import { button, element } from '../elements.ts';
import { formatInstant } from '../format.ts';
import { explain } from '../messages.ts';
import type { CatalogueFile } from './catalogue.ts';
import { copyText } from '../clipboard.ts';
import { createDialog } from './dialog.ts';
import type { Sign } from './links.ts';

const lives = [
  { label: '1 hour', seconds: 60 * 60 },
  { label: '1 day', seconds: 24 * 60 * 60 },
  { label: '7 days', seconds: 7 * 24 * 60 * 60 },
] as const;

const usualLife = 1;

/** Asks how long a link is to be good for, and copies it. */
export interface LinkDialog {
  open(file: CatalogueFile): void;
  close(): void;
}

export interface LinkDialogContext {
  readonly sign: Sign;
  /** Takes what the dialog does not know how to tell: the permission ended, the file is gone. True where it did. */
  readonly refused: (problem: unknown, file: CatalogueFile) => boolean;
}

export function createLinkDialog({ sign, refused }: LinkDialogContext): LinkDialog {
  const { root, title, body } = createDialog('small link-dialog');
  const form = element('form', 'stack');
  const choices = element('fieldset', 'choices');
  choices.append(element('legend', '', 'The link works for'));
  const radios = lives.map(({ label, seconds }) => {
    const radio = element('input', '');
    radio.type = 'radio';
    radio.name = 'life';
    radio.value = String(seconds);
    const choice = element('label', 'choice');
    choice.append(radio, element('span', '', label));
    choices.append(choice);
    return radio;
  });
  const submit = element('button', 'primary', 'Copy link');
  submit.type = 'submit';
  const outcome = element('p', 'hint');
  outcome.setAttribute('role', 'status');
  const error = element('p', 'error');
  error.setAttribute('role', 'alert');
  const field = element('input', 'field');
  field.type = 'text';
  field.readOnly = true;
  field.hidden = true;
  field.setAttribute('aria-label', 'The link');
  field.addEventListener('focus', () => field.select());
  const done = button('Done', '', () => root.close());
  const buttons = element('div', 'dialog-buttons');
  buttons.append(submit, done);
  form.append(element('p', 'hint', 'Whoever has the link can open the file until it ends. It cannot be called back before.'), choices, outcome, field, error, buttons);
  body.append(form);
  let file: CatalogueFile | null = null;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (submit.getAttribute('aria-disabled') !== 'true') void copy();
  });
  choices.addEventListener('change', reset);

  function reset(): void {
    outcome.textContent = '';
    error.textContent = '';
    field.hidden = true;
    field.value = '';
  }

  async function copy(): Promise<void> {
    const radio = radios.find(({ checked }) => checked);
    const asked = file;
    if (radio === undefined || asked === null) return;
    reset();
    submit.setAttribute('aria-disabled', 'true');
    try {
      const { url, expiresAt } = await sign(asked.id, Number(radio.value));
      const copied = await copyText(url);
      if (file !== asked) return;
      const until = `It works until ${formatInstant(expiresAt)}.`;
      outcome.textContent = copied ? `The link is copied. ${until}` : `The browser did not let the page copy it: copy it from here. ${until}`;
      field.hidden = copied;
      field.value = copied ? '' : url;
      if (!copied) field.focus();
    } catch (problem) {
      if (file !== asked) return;
      if (refused(problem, asked)) root.close();
      // The life is all that can be wrong with what was asked for.
      else if (problem instanceof ApiProblem && problem.code === 'invalid_request') tooLong(radio);
      else error.textContent = explain(problem);
    } finally {
      submit.removeAttribute('aria-disabled');
    }
  }

  function tooLong(radio: HTMLInputElement): void {
    const shorter = radios[radios.indexOf(radio) - 1];
    error.textContent = 'This server signs no links for that long.';
    if (shorter === undefined) return;
    error.textContent += ' Choose a shorter life.';
    radio.disabled = true;
    shorter.checked = true;
    shorter.focus();
  }

  root.addEventListener('close', () => {
    file = null;
  });

  return {
    open(wanted) {
      file = wanted;
      title.textContent = `Copy a link to ${wanted.fileName}`;
      reset();
      if (!radios.some(({ checked }) => checked)) radios[usualLife]!.checked = true;
      root.showModal();
      radios.find(({ checked }) => checked)?.focus();
    },
    close: () => root.close(),
  };
}
