import { tabClientId } from '@media/uppy-media';
import { createApi, createAsk, type Grant, type Upload } from './api.ts';
import { byId, setText } from './elements.ts';
import { formatLimits } from './format.ts';
import { createHashOnly } from './hash-only/hash-only.ts';
import { createIntake } from './intake/intake.ts';
import type { Picked } from './intake/picked.ts';
import { createCatalogue } from './library/catalogue.ts';
import { createLibrary } from './library/library.ts';
import { expiredNotice } from './messages.ts';
import { passwordKeys } from './password-keys.ts';
import { PermissionSource } from './permission-source.ts';
import { Session } from './session.ts';
import { createSignIn } from './sign-in.ts';
import { Announcements } from './transfers/announcements.ts';
import { isLiveTab } from './transfers/holders.ts';
import { LineWatch } from './transfers/line-watch.ts';
import { titleOf } from './transfers/title.ts';
import { isDone, isUnderWay, type Transfer } from './transfers/transfer.ts';
import { createTransferList } from './transfers/transfer-list.ts';
import { Transfers } from './transfers/transfers.ts';
import { Keeper } from './unfinished/keeper.ts';
import { KeptFiles } from './unfinished/kept-files.ts';
import { createUnfinished } from './unfinished/unfinished.ts';
import { createUploader, type Uploader } from './uploader.ts';

const timers = {
  setTimeout: (callback: () => void, milliseconds: number) => window.setTimeout(callback, milliseconds),
  clearTimeout: (id: number) => window.clearTimeout(id),
};
const api = createApi(window.fetch.bind(window), Date.now);
const session = new Session({ storage: sessionStorage, now: Date.now, ...timers }, { expired: askAgain, renew: (permission) => api.renew(permission) });

const signInSection = byId('sign-in', HTMLElement);
const workspace = byId('workspace', HTMLElement);
const signOutButton = byId('sign-out', HTMLButtonElement);
const announcer = byId('announcer', HTMLElement);
const refusals = byId('refusals', HTMLElement);

let uploader: Uploader | null = null;
let source: PermissionSource | null = null;
let user: string | null = null;
let client: Promise<string> | null = null;
let uploadedTimer = 0;
/** This tab's name. It is taken when it is first needed, and once. */
const clientId = () => (client ??= tabClientId());

const transfers = new Transfers(() => performance.now());
const line = new LineWatch({ isOnline: () => navigator.onLine, probe, ...timers }, lineChanged);
const keeper = new Keeper(new KeptFiles(window.indexedDB ?? null), clientId, Date.now, () => `${Date.now()}-${Math.random().toString(36).slice(2)}`);
const transferList = createTransferList(transfers, line, () => uploader);
const announcements = new Announcements(announce);

const signIn = createSignIn(signInSection, async (password) => {
  // Absent where the page is not secure, which TypeScript's library does not say.
  const keyMaker = window.crypto.subtle as SubtleCrypto | undefined;
  open(await api.signIn(await passwordKeys(password, await api.listDerivations(), keyMaker)));
});
const context = { api, permission: () => session.permission, permissionRefused: askAgain, announce };
const library = createLibrary({ ...context, catalogue: createCatalogue(createAsk(window.fetch.bind(window), Date.now)) });
const hashOnly = createHashOnly(context);
const unfinished = createUnfinished({
  ...context,
  isOwn: (upload) => transfers.all.some((transfer) => isOf(transfer, upload)),
  isGoneTab: (client) => keeper.isGoneTab(client),
  goOn: (picked) => add([picked]),
});

createIntake({
  isOpen: () => !workspace.hidden,
  onFiles: (picked) => add(picked),
  onRefused: sayRefused,
});

transfers.onChange((now, before) => {
  const totals = transfers.totals;
  const title = titleOf(transfers.all, totals);
  if (document.title !== title) document.title = title;
  announcements.changed(now, before, totals);
  void keeper.changed(now, before);
  if (now?.state === before?.state && now?.tag === before?.tag) return;
  unfinished.refresh();
  // A swarm of small files ends at once: the list is read for all of them together.
  if (now && (now.state === 'verifying' || isDone(now) || now.state === 'mismatched')) uploadedSoon();
});

/** While it is looked whether a file is stored, its upload is there and this page does not know its tag. */
function isOf(transfer: Transfer, upload: Upload): boolean {
  if (transfer.tag !== null) return transfer.tag === upload.tag;
  return isUnderWay(transfer) && transfer.size === upload.size && transfer.name === upload.fileName;
}

function uploadedSoon(): void {
  window.clearTimeout(uploadedTimer);
  uploadedTimer = window.setTimeout(() => library.uploaded(), 250);
}

function add(picked: readonly Picked[], known?: ReadonlyMap<Picked, string>): void {
  if (uploader === null || user === null) return;
  const { refused, taken } = uploader.add(picked);
  sayRefused(refused);
  void keeper.took(taken, user, known);
}

function sayRefused(reasons: readonly string[]): void {
  const shown = reasons.slice(0, 5);
  const rest = reasons.length - shown.length;
  setText(refusals, [...shown, ...(rest > 0 ? [`${rest} more were not taken for the like.`] : [])].join('\n'));
}

/** Signed in: by the form, or `grant` is null and the session was restored. */
function open(grant: Grant | null): void {
  if (grant !== null) session.begin(grant);
  const permission = session.permission;
  if (permission === null) return;

  signIn.hide();
  workspace.hidden = false;
  signOutButton.hidden = false;
  byId('limits', HTMLElement).textContent = formatLimits(permission.limits);
  if (user !== permission.user) {
    // What another user was uploading, and has uploaded, is not this one's to see.
    leave();
    begin(permission.user);
  }
  if (grant !== null) byId('upload-title', HTMLElement).focus();
  void library.refresh();
  unfinished.refresh();
}

function begin(name: string): void {
  user = name;
  source = new PermissionSource(session, name, async () => {
    if (!(await session.renew())) askAgain();
  });
  uploader = createUploader({
    transfers,
    line,
    limits: () => session.permission?.limits ?? { contentTypes: [], maxSize: 0, maxFiles: 0, maxBytes: 0 },
    permission: source.give,
    clientId,
    mayTakeOver: async (holder) => keeper.isGoneTab(holder) && !(await isLiveTab(holder)),
  });
  void goOn(name);
}

/** Goes on with what an earlier page of this browser left. */
async function goOn(name: string): Promise<void> {
  const active = await unfinished.active().catch(() => null);
  if (active === null || user !== name) return;
  const { ready, asking } = await keeper.left(name, active);
  if (user !== name) return;
  unfinished.offer(asking);
  if (ready.length > 0) {
    add(
      ready.map(({ picked }) => picked),
      new Map(ready.map(({ picked, id }) => [picked, id])),
    );
    announce(`${ready.length} unfinished ${ready.length === 1 ? 'upload goes' : 'uploads go'} on.`);
  }
}

/** Ends everything of the user who was here. */
function leave(): void {
  source?.end();
  uploader?.destroy();
  [uploader, source, user] = [null, null, null];
  library.clear();
  unfinished.clear();
  hashOnly.clear();
  sayRefused([]);
}

/** The permission is no longer good. The uploads stay, out of sight, and wait for another one. */
function askAgain(): void {
  session.end();
  library.suspend();
  workspace.hidden = true;
  signOutButton.hidden = true;
  if (signInSection.hidden) signIn.show(expiredNotice);
}

function signOut(): void {
  if (isSending() && !window.confirm('Files are still being uploaded. Stop them and sign out?')) return;
  if (user !== null) void keeper.forget(user);
  leave();
  session.end();
  workspace.hidden = true;
  signOutButton.hidden = true;
  signIn.show('You are signed out.');
}

function isSending(): boolean {
  return transfers.all.some(isUnderWay);
}

/** Whether the server answers at all, whatever it says. */
async function probe(): Promise<boolean> {
  try {
    await fetch('/health/live', { cache: 'no-store', credentials: 'omit' });
    return true;
  } catch {
    return false;
  }
}

function lineChanged(): void {
  transferList.refresh();
  if (line.state === 'up') uploader?.retryUnanswered();
  if (!isSending()) return;
  announce(line.state === 'up' ? 'The connection is back.' : 'The connection is lost. The upload goes on by itself when it is back.');
}

function announce(text: string): void {
  announcer.textContent = text;
}

signOutButton.addEventListener('click', signOut);
// Timers stand still while a machine sleeps, and are late in tabs that nobody sees.
document.addEventListener('visibilitychange', () => session.check());
window.addEventListener('focus', () => session.check());
window.addEventListener('online', () => {
  session.check();
  line.networkChanged();
});
window.addEventListener('offline', () => line.networkChanged());
window.addEventListener('beforeunload', (event) => {
  if (isSending()) event.preventDefault();
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
