import { MediaProblem, Unreachable } from '@media/uppy-media';

/** Why a file could not be uploaded, and what to do about it, in words for the person at the page. */
export function explainFailure(error: unknown): string {
  if (error instanceof Unreachable) return 'The connection was gone for too long. Try again when it is back: what has arrived is kept.';
  if (!(error instanceof MediaProblem)) return 'Something went wrong in this page. Try again; what has arrived is kept.';
  switch (error.code) {
    case 'file_changed':
      return 'The file changed on disk, or can no longer be read, since it was chosen. Choose it again.';
    case 'no_data':
      return 'The browser no longer has this file. Choose it again.';
    case 'content_type_not_allowed':
      return 'Files of this type are not accepted here.';
    case 'file_too_large':
      return 'The file is larger than what is accepted here.';
    case 'quota_exceeded':
      return 'Your space is used up. Delete something, or ask for more, then try again.';
    case 'upload_aborted':
      return 'Somebody cancelled this upload elsewhere. Try again to send it anew.';
    case 'upload_gone':
      return 'The store has lost what was sent. Try again to send it anew.';
    case 'upload_failed':
      return `The server could not keep the file: ${ended(error.message)} Try again to send it anew.`;
    case 'store_refused':
      return `The store refuses the file (${error.status}). Try again; if it goes on, tell whoever runs this server.`;
    case 'storage_unavailable':
    case 'object_store_unavailable':
      return 'The server can’t work just now. Nothing is lost; try again a little later.';
    case 'internal_error':
      return 'The server had a fault. Nothing is lost; try again a little later.';
    default:
      return error.message === '' || error.message === error.code ? `The server refused this (${error.status}).` : ended(error.message);
  }
}

/** What to say of bytes that verification refused. */
export const explainMismatch = (reason: string): string =>
  `What arrived is not the file as it was announced, most likely because it changed on disk while it was sent. It is kept apart and nobody gets it. Choose the file again to send it as it is now. (${reason.replace(/[.\s]+$/, '')})`;

const ended = (text: string): string => (/[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
