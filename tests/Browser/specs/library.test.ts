import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { filedRow, product, signIn, uploadedRow, useBrowser } from '../support/browser.ts';
import { ask, emptyCatalog, fileNamed, refuse, store, type Stored } from '../support/catalogue.ts';
import { png, wav, webm } from '../support/media-files.ts';

const browser = useBrowser();

const text = (name: string): Stored => ({ name, type: 'text/plain', bytes: Buffer.from(`${name} ${randomBytes(8).toString('hex')}`) });
const picture = (name: string, seed: number): Stored => ({ name, type: 'image/png', bytes: png(320, 200, seed) });

/** Signs in and waits until the library shows what there is. */
async function openLibrary(page: Page): Promise<void> {
  await signIn(page);
  await page.locator('#library-list:not([aria-busy])').waitFor({ state: 'attached' });
}

const search = (page: Page) => page.getByRole('searchbox', { name: 'Search by name' });
/** Files alone: uploads that other tests had refused are told of in the list too. */
const names = (page: Page) => page.locator('#library-list button.name').allInnerTexts();
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent);

describe('looking for files', () => {
  beforeAll(async () => {
    await emptyCatalog();
    await store([text('Alpha report.txt'), text('beta.txt'), picture('Alpha.png', 3), { name: 'tone.wav', type: 'audio/wav', bytes: wav(1) }]);
  });

  test('by name while one types, and back', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await page.getByText('4 files.').waitFor();
    expect(await page.getByRole('radio', { name: 'All' }).isChecked()).toBe(true);
    await search(page).fill('alpha');
    await page.getByText('2 files found.').waitFor();
    expect((await names(page)).sort()).toEqual(['Alpha report.txt', 'Alpha.png']);
    await search(page).fill('alphabet');
    await page.getByText('No file is like that.').waitFor();
    expect(await names(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show all files' }).click();
    await page.getByText('4 files.').waitFor();
    expect(await search(page).inputValue()).toBe('');
    expect(await search(page).evaluate((field) => field === document.activeElement)).toBe(true);
  });

  test('an answer that comes late does not take the place of the newer one', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/v1\/files\?.*name=al(&|$)/, async (route) => {
      await held;
      await route.continue().catch(() => undefined);
    });
    const slow = page.waitForRequest(/name=al(&|$)/);
    await search(page).fill('al');
    await slow;
    await search(page).fill('beta');
    await page.getByText('1 file found.').waitFor();
    release();
    // Another answer after it, so that the late one had its time.
    await search(page).fill('tone');
    await filedRow(page, 'tone.wav').waitFor();
    expect(await names(page)).toEqual(['tone.wav']);
  });

  test('by kind, by the keyboard', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await page.getByRole('radio', { name: 'All' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('1 file found.').waitFor();
    expect(await names(page)).toEqual(['Alpha.png']);
    await page.getByRole('radio', { name: 'Audio' }).check();
    await filedRow(page, 'tone.wav').waitFor();
    await page.getByRole('radio', { name: 'Text' }).check();
    await page.getByText('2 files found.').waitFor();
    await page.getByRole('radio', { name: 'Video' }).check();
    await page.getByText('No file is like that.').waitFor();
  });
});

describe('pictures of files', () => {
  test('come into a frame that had its size before', async () => {
    await store([picture('framed.png', 5)]);
    await expect.poll(async () => (await fileNamed('framed.png')).thumbnails.length).toBeGreaterThan(0);
    const page = await browser.visit();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/media/thumb/**', async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest('**/media/thumb/**');
    await openLibrary(page);
    await asked;
    const frame = filedRow(page, 'framed.png').locator('.frame');
    // Within the list: what is above it comes and goes.
    const placeOf = () =>
      frame.evaluate((element) => {
        const [own, list] = [element.getBoundingClientRect(), element.closest('ul')!.getBoundingClientRect()];
        return [own.left - list.left, own.top - list.top, own.width, own.height];
      });
    const before = await placeOf();
    release();
    await expect.poll(() => frame.locator('img.thumbnail').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
    expect(await placeOf()).toEqual(before);
    expect(await frame.locator('img.thumbnail').evaluate((image: HTMLImageElement) => image.currentSrc)).toMatch(/\/media\/thumb\/[A-Z2-7]{52}\/\d+\.webp\?path=/);
  });

  test('that are made later come by themselves', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    // The page hears of the file while nothing has been made of it.
    await page.route('**/v1/files?*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { files: { fileName: string; thumbnails: number[] }[] };
      for (const file of body.files) if (file.fileName === 'later.png') file.thumbnails = [];
      await route.fulfill({ response, json: body });
    });
    await store([picture('later.png', 6)]);
    await page.reload();
    await filedRow(page, 'later.png').waitFor();
    await expect.poll(async () => (await fileNamed('later.png')).thumbnails.length).toBeGreaterThan(0);
    expect(await filedRow(page, 'later.png').locator('img').count()).toBe(0);
    await page.unrouteAll({ behavior: 'wait' });
    await filedRow(page, 'later.png').locator('img.thumbnail').waitFor();
  });
});

describe('a file, large', () => {
  beforeAll(async () => {
    await emptyCatalog();
    const film = webm(4, randomBytes(4).toString('hex'));
    // Stored one after another, so that their order is known: newest first.
    for (const file of [text('notes.txt'), { name: 'song.wav', type: 'audio/wav', bytes: wav(3, 330) }, picture('holiday.png', 9)]) await store([file]);
    if (film !== null) await store([{ name: 'film.webm', type: 'video/webm', bytes: film }]);
  });

  const viewer = (page: Page) => page.locator('dialog.viewer');

  test('a picture, with what there is to know of it; Escape closes, and the focus returns', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await filedRow(page, 'holiday.png').getByRole('button', { name: 'holiday.png', exact: true }).press('Enter');
    const view = viewer(page).locator('img.view');
    await expect.poll(() => view.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(320);
    const file = await fileNamed('holiday.png');
    await viewer(page).getByText(file.pieceHash!).waitFor();
    await viewer(page).getByText('image/png').waitFor();
    await page.keyboard.press('Escape');
    await viewer(page).waitFor({ state: 'hidden' });
    await expect.poll(() => focused(page)).toBe('holiday.png');
  });

  test('the arrows go to the files beside it, and the focus returns to where one came', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await filedRow(page, 'holiday.png').getByRole('button', { name: 'holiday.png', exact: true }).click();
    const title = viewer(page).getByRole('heading');
    await page.keyboard.press('ArrowRight');
    await title.getByText('song.wav').waitFor();
    await expect.poll(() => viewer(page).locator('audio.view').evaluate((audio: HTMLAudioElement) => Math.round(audio.duration))).toBe(3);
    await page.keyboard.press('ArrowRight');
    await title.getByText('notes.txt').waitFor();
    await viewer(page).getByText('There is no preview of this type.').waitFor();
    await page.keyboard.press('ArrowRight');
    await viewer(page).getByText('This is the last file.').waitFor();
    await viewer(page).getByRole('button', { name: 'Previous file' }).click();
    await title.getByText('song.wav').waitFor();
    await viewer(page).getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => focused(page)).toBe('song.wav');
  });

  test('who is faster than its close keeps the focus', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    const row = filedRow(page, 'holiday.png');
    await row.getByRole('button', { name: 'holiday.png', exact: true }).click();
    await viewer(page).getByRole('heading').waitFor();
    const next = await row.locator('button:not(.name)').first().elementHandle();
    // It is closed at once, and told so in a task of its own.
    const kept = await viewer(page).evaluate(
      (dialog, next) =>
        new Promise<boolean>((resolve) => {
          dialog.addEventListener('close', () => resolve(document.activeElement === next));
          (dialog as HTMLDialogElement).close();
          (next as HTMLElement).focus();
        }),
      next,
    );
    expect(kept).toBe(true);
  });

  test('a film plays, and can be sought in', async (context) => {
    if ((await ask<{ files: unknown[] }>('/v1/files?name=film.webm')).files.length === 0) return context.skip('ffmpeg is missing');
    const page = await browser.visit();
    await openLibrary(page);
    await filedRow(page, 'film.webm').getByRole('button', { name: 'film.webm', exact: true }).click();
    const film = viewer(page).locator('video.view');
    await expect.poll(() => film.evaluate((video: HTMLVideoElement) => Math.round(video.duration))).toBe(4);
    const reached = await film.evaluate(
      (video: HTMLVideoElement) =>
        new Promise<number>((resolve) => {
          video.addEventListener('seeked', () => resolve(video.currentTime), { once: true });
          video.currentTime = 3;
        }),
    );
    expect(reached).toBeCloseTo(3, 1);
  });

  test('a hash is copied', async () => {
    const page = await browser.visit({ permissions: ['clipboard-read', 'clipboard-write'] });
    await openLibrary(page);
    await filedRow(page, 'notes.txt').getByRole('button', { name: 'notes.txt', exact: true }).click();
    await viewer(page).getByRole('button', { name: 'Copy the piece hash' }).click();
    await viewer(page).getByText('The piece hash is copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe((await fileNamed('notes.txt')).pieceHash);
  });

  test('a link that ran out while a film was paused is signed again', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    let refused = 0;
    await page.route('**/media/hash/**', (route) => (refused++ === 0 ? route.fulfill({ status: 403, body: 'Forbidden' }) : route.continue()));
    await filedRow(page, 'song.wav').getByRole('button', { name: 'song.wav', exact: true }).click();
    await expect.poll(() => viewer(page).locator('audio.view').evaluate((audio: HTMLAudioElement) => Math.round(audio.duration))).toBe(3);
    expect(refused).toBeGreaterThan(1);
  });
});

describe('a link', () => {
  beforeAll(async () => {
    await emptyCatalog();
    await store([text('given away.txt')]);
  });

  const dialog = (page: Page) => page.getByRole('dialog', { name: 'Copy a link to given away.txt' });

  test('is copied for as long as was chosen, and its end is said', async () => {
    const page = await browser.visit({ permissions: ['clipboard-read', 'clipboard-write'] });
    await openLibrary(page);
    await page.getByRole('button', { name: 'Copy a link to given away.txt' }).click();
    await dialog(page).getByRole('radio', { name: '1 hour' }).check();
    await dialog(page).getByRole('button', { name: 'Copy link' }).click();
    await dialog(page).getByText(/^The link is copied\. It works until .*\.$/).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const ends = Number(new URL(link).searchParams.get('tick'));
    expect(Math.abs(ends - Date.now() - 3_600_000)).toBeLessThan(60_000);
    const answer = await fetch(link, { headers: { referer: `${product.url}/` } });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/^given away\.txt /)]);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Copy a link to given away.txt');
  });

  test('can be taken from a field where the browser keeps the clipboard closed', async () => {
    const page = await browser.visit();
    await page.addInitScript(() => {
      Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new DOMException('no', 'NotAllowedError')) });
    });
    await page.reload();
    await openLibrary(page);
    await page.getByRole('button', { name: 'Copy a link to given away.txt' }).click();
    await dialog(page).getByRole('button', { name: 'Copy link' }).click();
    const field = dialog(page).getByRole('textbox', { name: 'The link' });
    await field.waitFor();
    expect(await field.inputValue()).toMatch(/\/media\/hash\/.*&hash=/);
    expect(await field.evaluate((input: HTMLInputElement) => [document.activeElement === input, input.selectionEnd === input.value.length])).toEqual([true, true]);
  });

  test('of a life that the server does not sign is said, and a shorter one is chosen', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await page.route('**/v1/links', async (route) => {
      const { seconds } = route.request().postDataJSON() as { seconds: number };
      const refused = { status: 400, code: 'invalid_request', title: 'Invalid', errors: { seconds: ['A whole number from 1 to 86400.'] } };
      await (seconds > 86_400 ? route.fulfill({ status: 400, json: refused, contentType: 'application/problem+json' }) : route.continue());
    });
    await page.getByRole('button', { name: 'Copy a link to given away.txt' }).click();
    await dialog(page).getByRole('radio', { name: '7 days' }).check();
    await dialog(page).getByRole('button', { name: 'Copy link' }).click();
    await dialog(page).getByText('This server signs no links for that long. Choose a shorter life.').waitFor();
    expect(await dialog(page).getByRole('radio', { name: '1 day' }).isChecked()).toBe(true);
    await dialog(page).getByRole('button', { name: 'Copy link' }).click();
    await dialog(page).getByText(/It works until/).waitFor();
  });
});

describe('deleting', () => {
  beforeAll(async () => {
    await emptyCatalog();
    for (const name of ['one.txt', 'two.txt', 'three.txt', 'four.txt']) await store([text(name)]);
  });

  const question = (page: Page, name: string) => page.getByRole('alertdialog', { name: `Delete ${name}?` });

  test('asks first; then the file is gone, and the focus is on the one in its place', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    const button = page.getByRole('button', { name: 'Delete three.txt' });
    await button.press('Enter');
    // Whoever presses Enter once too often keeps the file.
    await page.keyboard.press('Enter');
    await question(page, 'three.txt').waitFor({ state: 'hidden' });
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
    await button.press('Enter');
    await question(page, 'three.txt').getByRole('button', { name: 'Delete', exact: true }).click();
    await filedRow(page, 'three.txt').waitFor({ state: 'detached' });
    await page.locator('#announcer').getByText('three.txt is deleted.').waitFor({ state: 'attached' });
    await expect.poll(() => focused(page)).toBe('two.txt');
    expect((await ask<{ files: unknown[] }>('/v1/files?name=three.txt')).files).toEqual([]);
  });

  test('a refusal is said where it was asked, and the file stays', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    const refused = { code: 'storage_unavailable', title: 'no', status: 503 };
    await page.route('**/v1/files/*', (route) => route.fulfill({ status: 503, json: refused, contentType: 'application/problem+json' }));
    await page.getByRole('button', { name: 'Delete four.txt' }).click();
    await question(page, 'four.txt').getByRole('button', { name: 'Delete', exact: true }).click();
    await question(page, 'four.txt').getByRole('alert').getByText('Nothing is lost').waitFor();
    await page.unroute('**/v1/files/*');
    await page.keyboard.press('Escape');
    expect(await filedRow(page, 'four.txt').count()).toBe(1);
  });

  test('a file that was deleted elsewhere leaves the list when it is wanted', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    for (const name of ['one.txt', 'two.txt']) await ask(`/v1/files/${(await fileNamed(name)).id}`, { method: 'DELETE' });
    await page.getByRole('button', { name: 'Download two.txt' }).click();
    await page.locator('#announcer').getByText('two.txt is no longer there').waitFor({ state: 'attached' });
    expect(await filedRow(page, 'two.txt').count()).toBe(0);
    // What is deleted twice is deleted.
    await page.getByRole('button', { name: 'Delete one.txt' }).click();
    await question(page, 'one.txt').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.locator('#announcer').getByText('one.txt is deleted.').waitFor({ state: 'attached' });
    expect(await names(page)).toEqual(['four.txt']);
  });

  test('in the viewer goes on to the file in its place, and ends with the last', async () => {
    await store([text('five.txt')]);
    const page = await browser.visit();
    await openLibrary(page);
    await filedRow(page, 'five.txt').getByRole('button', { name: 'five.txt', exact: true }).click();
    const viewer = page.locator('dialog.viewer');
    for (const name of ['five.txt', 'four.txt']) {
      await viewer.getByRole('heading', { name, exact: true }).waitFor();
      await viewer.getByRole('button', { name: 'Delete' }).click();
      await question(page, name).getByRole('button', { name: 'Delete', exact: true }).click();
    }
    await viewer.waitFor({ state: 'hidden' });
    await expect.poll(() => names(page)).toEqual([]);
  });
});

describe('the keyboard alone', () => {
  test('finds a file, looks at it, copies a link to it and deletes it', async () => {
    await emptyCatalog();
    await store([text('needle.txt'), text('hay.txt')]);
    const page = await browser.visit({ permissions: ['clipboard-read', 'clipboard-write'] });
    await openLibrary(page);
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.getByRole('button', { name: 'Refresh' }).focus();
    await press('Tab');
    await page.keyboard.type('needle');
    await page.getByText('1 file found.').waitFor();
    // Past the kinds, which are one stop.
    await press('Tab', 'Tab');
    await expect.poll(() => focused(page)).toBe('needle.txt');
    await press('Enter');
    await page.locator('dialog.viewer').getByText('There is no preview').waitFor();
    await press('Escape');
    await expect.poll(() => focused(page)).toBe('needle.txt');
    await press('Tab', 'Enter');
    await page.getByRole('dialog', { name: 'Copy a link to needle.txt' }).waitFor();
    await press('ArrowRight', 'Enter');
    await page.getByText(/The link is copied\. It works until/).waitFor();
    const ends = Number(new URL(await page.evaluate(() => navigator.clipboard.readText())).searchParams.get('tick'));
    expect(Math.abs(ends - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    await press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count()).toBe(0);
    await press('Tab', 'Tab', 'Enter');
    await page.getByRole('alertdialog', { name: 'Delete needle.txt?' }).waitFor();
    await press('Shift+Tab', 'Enter');
    await page.getByText('No file is like that.').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('library-title');
    expect((await ask<{ files: unknown[] }>('/v1/files?name=needle')).files).toEqual([]);
  });
});

describe('what verification refused', () => {
  const stem = randomBytes(3).toString('hex');
  const [older, newer] = [`${stem}-older.txt`, `${stem}-newer.txt`];

  beforeAll(async () => {
    await emptyCatalog();
    await store([text('kept.txt')]);
    for (const name of [older, newer]) await refuse([text(name)]);
  });

  /** A page that hears of this test's uploads alone. */
  async function visitAlone(): Promise<Page> {
    const page = await browser.visit();
    await page.route('**/v1/uploads?*state=done*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { uploads: { fileName: string }[] };
      await route.fulfill({ response, json: { uploads: body.uploads.filter(({ fileName }) => fileName.startsWith(stem)), next: null } });
    });
    return page;
  }

  const dismiss = (page: Page, name: string) => page.getByRole('button', { name: `Dismiss ${name}` });
  const kept = (page: Page) => page.evaluate(() => localStorage.getItem('media.dismissed'));

  test('is told of until it is dismissed, by the keyboard alone, and not again in this browser', async () => {
    const page = await visitAlone();
    await openLibrary(page);
    await uploadedRow(page, newer).getByText('Does not match').waitFor();
    await dismiss(page, newer).focus();
    await page.keyboard.press('Enter');
    await uploadedRow(page, newer).waitFor({ state: 'detached' });
    await page.locator('#announcer').getByText(`${newer} is dismissed.`).waitFor({ state: 'attached' });
    expect(await dismiss(page, older).evaluate((button) => button === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await uploadedRow(page, older).waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('kept.txt');

    const listed = page.waitForResponse('**/v1/uploads?*state=done*');
    await page.reload();
    expect(await (await listed).text()).toContain(older);
    await filedRow(page, 'kept.txt').waitFor();
    expect(await page.locator('#library-list li').count()).toBe(1);

    // Another browser knows nothing of it.
    const other = await visitAlone();
    await openLibrary(other);
    await dismiss(other, older).waitFor();
  });

  test('is forgotten here once the server no longer lists it', async () => {
    const page = await visitAlone();
    await openLibrary(page);
    await dismiss(page, older).click();
    expect(await kept(page)).toMatch(/^{"[^"]+":{"[^"]+":\d+}}$/);
    await page.route('**/v1/uploads?*state=done*', (route) => route.fulfill({ json: { uploads: [], next: null } }));
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect.poll(() => kept(page)).toBe('{}');
  });
});

describe('when things go wrong', () => {
  beforeAll(async () => {
    await emptyCatalog();
    await store([text('kept.txt')]);
  });

  test('a permission that ends in the middle closes what is open, and after signing in it goes on', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await filedRow(page, 'kept.txt').getByRole('button', { name: 'kept.txt', exact: true }).click();
    await page.route('**/v1/files/*', (route) =>
      route.fulfill({ status: 401, json: { code: 'permission_expired', status: 401, title: 'over' }, contentType: 'application/problem+json' }),
    );
    await page.locator('dialog.viewer').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Your sign-in has run out.').waitFor();
    expect(await page.locator('dialog[open]').count()).toBe(0);
    expect(await page.getByLabel('Password').evaluate((field) => field === document.activeElement)).toBe(true);
    await page.unroute('**/v1/files/*');
    await openLibrary(page);
    await filedRow(page, 'kept.txt').waitFor();
  });

  test('without a network that is said, what is loaded stays, and it goes on by itself', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Refresh' }).click();
    const failure = page.locator('#library-failure');
    await failure.getByText('The server can’t be reached.').waitFor();
    await failure.getByRole('button', { name: 'Try again' }).click();
    await failure.waitFor();
    expect(await filedRow(page, 'kept.txt').count()).toBe(1);
    await page.context().setOffline(false);
    await failure.waitFor({ state: 'hidden' });
  });
});

describe('a server that cannot work for a moment', () => {
  test('is asked again by itself', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    let [asked, isBack] = [0, false];
    await page.route('**/v1/files?*', (route) => {
      asked++;
      return isBack
        ? route.continue()
        : route.fulfill({ status: 503, json: { code: 'storage_unavailable', status: 503, title: 'no' }, contentType: 'application/problem+json' });
    });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('#library-failure').getByText('Nothing is lost').waitFor();
    await expect.poll(() => asked).toBeGreaterThanOrEqual(2);
    isBack = true;
    await page.locator('#library-failure').waitFor({ state: 'hidden' });
  });
});

describe('many files', () => {
  const stem = randomBytes(3).toString('hex');
  const all = Array.from({ length: 300 }, (_, index) => `${stem}-${String(index).padStart(3, '0')}.txt`);

  beforeAll(async () => {
    await emptyCatalog();
    await store(all.map(text));
  }, 180_000);

  test('are all there at the end, each once, though others are added meanwhile', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await page.getByText('50 files shown. There are more.').waitFor();
    await page.locator('#library-list li').last().scrollIntoViewIfNeeded();
    await page.getByText('100 files shown. There are more.').waitFor();
    await store([text(`${stem}-more-1.txt`), text(`${stem}-more-2.txt`)]);
    for (let shown = 100; (await page.locator('#library-more').isVisible()) && shown < 400; shown = (await names(page)).length) {
      await page.locator('#library-list li').last().scrollIntoViewIfNeeded();
      await expect.poll(async () => (await names(page)).length > shown || !(await page.locator('#library-more').isVisible())).toBe(true);
    }
    expect((await names(page)).sort()).toEqual(all);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expect.poll(async () => (await names(page)).sort()).toEqual([...all, `${stem}-more-1.txt`, `${stem}-more-2.txt`]);
    await page.getByText('302 files.').waitFor();
  });

  test('one of them is found by its name at once', async () => {
    const page = await browser.visit();
    await openLibrary(page);
    await search(page).fill(`${stem.toUpperCase()}-007`);
    await page.getByText('1 file found.').waitFor();
    expect(await names(page)).toEqual([`${stem}-007.txt`]);
  });

  test('the keyboard alone loads more', async () => {
    const page = await browser.visit();
    // Without what loads by itself.
    await page.addInitScript(() => {
      window.IntersectionObserver = class extends window.IntersectionObserver {
        override observe(target: Element) {
          if (target.id !== 'library-more') super.observe(target);
        }
      };
    });
    await page.reload();
    await openLibrary(page);
    await page.getByRole('button', { name: 'Load more' }).press('Enter');
    await page.getByText('100 files shown. There are more.').waitFor();
    const more = page.getByRole('button', { name: 'Load more' });
    expect(await more.evaluate((button) => button === document.activeElement)).toBe(true);
    let shown = 100;
    while (await more.isVisible()) {
      shown = (await names(page)).length;
      await page.keyboard.press('Enter');
      await expect.poll(async () => (await names(page)).length).toBeGreaterThan(shown);
    }
    // The button is gone: the first of those that came has the focus.
    const reached = (await names(page))[shown];
    await expect.poll(() => focused(page)).toBe(reached);
  });
});
