import { ApiProblem, createApi, createAsk, ServerUnreachable, type Grant } from './api.ts';
import { byId } from './elements.ts';
import { createCatalogue } from './library/catalogue.ts';
import { createLibrary } from './library/library.ts';
import { expiredNotice } from './messages.ts';
import { Session } from './session.ts';
import { createSignIn } from './sign-in.ts';
import { createUnfinished } from './unfinished.ts';
import { createUploader, type Uploader, type UploaderEvents } from './uploader.ts';

const api = createApi(window.fetch.bind(window), Date.now);
const session = new Session(
  {
    storage: sessionStorage,
    now: Date.now,
    setTimeout: (callback, milliseconds) => window.setTimeout(callback, milliseconds),
    clearTimeout: (id) => window.clearTimeout(id),
  },
  askAgain,
);

const signInSection = byId('sign-in', HTMLElement);
const workspace = byId('workspace', HTMLElement);
const signOutButton = byId('sign-out', HTMLButtonElement);
const announcer = byId('announcer', HTMLElement);
let uploader: Uploader | null = null;
let uploaderUser: string | null = null;

const signIn = createSignIn(signInSection, async (password) => open(await api.signIn(password)));
const context = { api, permission: () => session.permission, permissionRefused: askAgain, announce };
const library = createLibrary({ ...context, catalogue: createCatalogue(createAsk(window.fetch.bind(window), Date.now)) });
const unfinished = createUnfinished({ ...context, uploader: () => uploader });

const uploaderEvents: UploaderEvents = {
  uploaded(fileName, postedKey) {
    announce(`${fileName} is uploaded.`);
    const permission = session.permission;
    // The server finds a posted file by itself, later: this is for the list to have it now.
    const told =
      postedKey !== null && permission !== null
        ? api.completeUpload(permission.permission, postedKey.replace(/^upload\//, '')).catch(() => undefined)
        : Promise.resolve();
    void told.then(() => {
      library.uploaded();
      void unfinished.refresh();
    });
  },
  changed: () => void unfinished.refresh(),
  permissionRefused: askAgain,
  async probe() {
    const permission = session.permission;
    if (permission === null) return 'permission';
    try {
      await api.listUploads(permission.permission, { state: 'active', limit: 1 });
      return 'answering';
    } catch (problem) {
      if (problem instanceof ApiProblem && problem.isAboutPermission) return 'permission';
      const absent = problem instanceof ServerUnreachable || (problem instanceof ApiProblem && problem.status >= 500);
      return absent ? 'unreachable' : 'answering';
    }
  },
};

/** Signed in: by the form, or `grant` is null and the session was restored. */
function open(grant: Grant | null): void {
  if (grant !== null) session.begin(grant);
  const permission = session.permission;
  if (permission === null) return;

  signIn.hide();
  workspace.hidden = false;
  signOutButton.hidden = false;
  if (uploaderUser !== permission.user) {
    // What another user was uploading, and has uploaded, is not this one's to see.
    uploader?.destroy();
    uploader = null;
    library.clear();
    unfinished.clear();
  }
  if (uploader === null) uploader = createUploader(byId('uploader', HTMLElement), permission, uploaderEvents);
  else void uploader.renew(permission);
  uploaderUser = permission.user;
  if (grant !== null) byId('upload-title', HTMLElement).focus();
  void library.refresh();
  void unfinished.refresh();
}

/** The permission is no longer good. The uploader stays, out of sight, with the files it holds. */
function askAgain(): void {
  session.end();
  library.suspend();
  workspace.hidden = true;
  signOutButton.hidden = true;
  if (signInSection.hidden) signIn.show(expiredNotice);
}

function signOut(): void {
  if (uploader?.busy && !window.confirm('Files are still being uploaded. Stop them and sign out?')) return;
  uploader?.destroy();
  uploader = null;
  session.end();
  library.clear();
  unfinished.clear();
  workspace.hidden = true;
  signOutButton.hidden = true;
  signIn.show('You are signed out.');
}

function announce(text: string): void {
  announcer.textContent = text;
}

signOutButton.addEventListener('click', signOut);
window.addEventListener('beforeunload', (event) => {
  if (uploader?.busy) event.preventDefault();
});

switch (session.restore()) {
  case 'signed-in':
    open(null);
    break;
  case 'expired':
    signIn.show('Your sign-in has run out. Enter the password again.');
    break;
  default:
    signIn.show();
}
