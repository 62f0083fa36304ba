import { describe, expect, test } from 'vitest';
import { dropZone, product, signIn, useBrowser } from '../support/browser.ts';

const browser = useBrowser();

describe('signing in', () => {
  test('a wrong password is said kindly, and the field is ready for the next try', async () => {
    const page = await browser.visit();
    expect(await page.title()).toBe('Media');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('That password isn’t right. Check it and try again.').waitFor();
    expect(await page.getByLabel('Password').evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await dropZone(page).isVisible()).toBe(false);
    await signIn(page);
  });

  test('the right password shows the uploader, and a reload asks for nothing', async () => {
    const page = await browser.visit();
    await signIn(page);
    await page.getByText(/^Files of any type, up to .* each\.$/).waitFor();
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    await page.reload();
    await dropZone(page).waitFor();
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
  });

  test('the password never leaves the page, right or wrong', async () => {
    const page = await browser.visit();
    const bodies: string[] = [];
    page.on('request', (request) => bodies.push(`${request.url()} ${request.postData() ?? ''} ${JSON.stringify(request.headers())}`));
    await page.getByLabel('Password').fill('wrong-but-mine');
    await page.getByLabel('Password').press('Enter');
    await page.getByRole('alert').getByText('That password isn’t right.').waitFor();
    await signIn(page);
    const sent = bodies.filter((body) => body.includes('/v1/permissions '));
    expect(sent).toHaveLength(2);
    for (const body of sent) expect(body).toMatch(/"passwordKeys":\["[A-Za-z0-9+/]{43}="/);
    expect(bodies.filter((body) => body.includes('wrong-but-mine') || body.includes(product.password))).toEqual([]);
  });

  test('another tab has to sign in for itself, and signing out forgets the permission', async () => {
    const page = await browser.visit();
    await signIn(page);
    const other = await page.context().newPage();
    await other.goto(product.url);
    await other.getByLabel('Password').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    // Nothing but the tab's name, which says nothing about anybody.
    expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key !== 'media:client'))).toEqual([]);
    await page.reload();
    await page.getByLabel('Password').waitFor();
    expect(await dropZone(page).isVisible()).toBe(false);
  });

  test('a server that cannot be reached is said', async () => {
    const page = await browser.visit();
    await page.context().setOffline(true);
    await page.getByLabel('Password').fill(product.password);
    await page.getByLabel('Password').press('Enter');
    await page.getByRole('alert').getByText('The server can’t be reached.').waitFor();
    await page.context().setOffline(false);
    await signIn(page);
  });

  test('the keyboard alone gets in, chooses a file and signs out', async () => {
    const page = await browser.visit();
    // As in browsers that have no other dialog than the file field's.
    await page.evaluate(() => Reflect.deleteProperty(window, 'showOpenFilePicker'));
    await page.getByLabel('Password').waitFor();
    // The field has the focus from the start.
    await page.keyboard.type(product.password);
    await page.keyboard.press('Enter');
    await dropZone(page).waitFor();
    const chooser = page.waitForEvent('filechooser');
    await tabTo('Choose files');
    await page.keyboard.press('Enter');
    await chooser;
    await tabTo('Refresh');
    await tabTo('Sign out', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('You are signed out.').waitFor();

    async function tabTo(name: string, key = 'Tab'): Promise<void> {
      const passed: string[] = [];
      while (passed.length < 40) {
        await page.keyboard.press(key);
        const at = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
        if (at === name) return;
        passed.push(at);
      }
      expect.unreachable(`"${name}" is not reached by ${key}. Passed: ${passed.join(', ')}`);
    }
  });
});
