/** Puts text on the clipboard. False where the browser does not allow it, as on pages without HTTPS. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Absent where the page is not secure, which TypeScript's library does not say.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard === undefined) return false;
    await clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
