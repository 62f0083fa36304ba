import { ApiProblem, ServerUnreachable } from './api.ts';
import { formatWait } from './format.ts';
import { NoPasswordKey } from './password-keys.ts';

/** What went wrong, and what to do about it, in words for the person at the page. */
export function explain(error: unknown): string {
  if (error instanceof ServerUnreachable) return 'The server can’t be reached. Check the connection, then try again.';
  if (error instanceof NoPasswordKey) return error.message;
  if (!(error instanceof ApiProblem)) return 'Something went wrong. Please try again.';
  const again = error.retryAfter === null ? 'a little later' : formatWait(error.retryAfter);
  switch (error.code) {
    case 'bad_credentials':
      return 'That password isn’t right. Check it and try again.';
    case 'too_many_attempts':
      return `Too many tries. You can try again ${again}.`;
    case 'storage_unavailable':
    case 'object_store_unavailable':
      return `The server can’t work just now. Nothing is lost; try again ${again}.`;
    case 'origin_not_allowed':
      return 'The server does not accept this page’s address.';
    default:
      return error.detail || `The server refused this (${error.status}).`;
  }
}

/** Said when a permission ran out while the page was open. */
export const expiredNotice = 'Your sign-in has run out. Enter the password again, and the uploads go on.';
