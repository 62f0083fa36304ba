/** Chromium's extensions of the File System API (https://wicg.github.io/file-system-access/), which TypeScript's own library leaves out. */

/** Asks whether a file may be read, or asks the person. */
export interface AskableHandle extends FileSystemFileHandle {
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

/** A folder whose entries can be gone through. */
export interface WalkableDirectory extends FileSystemDirectoryHandle {
  values(): AsyncIterableIterator<FileSystemFileHandle | WalkableDirectory>;
}

interface PickerWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

interface HandleItem {
  getAsFileSystemHandle?(): Promise<FileSystemFileHandle | WalkableDirectory | null>;
}

/**
 * Lets a person choose files so that the browser can have them again after a reload.
 * @returns null where the browser cannot: it has to be done by a file field
 */
export async function pickWithHandles(): Promise<readonly FileSystemFileHandle[] | null> {
  const { showOpenFilePicker } = window as Window & PickerWindow;
  if (!showOpenFilePicker) return null;
  try {
    return await showOpenFilePicker.call(window, { multiple: true });
  } catch (error) {
    // Closed without choosing.
    if (error instanceof DOMException && error.name === 'AbortError') return [];
    return null;
  }
}

/** The handle of a dropped thing; null where there is none. It has to be asked for while the drop is handled. */
export function handleOf(item: DataTransferItem): Promise<FileSystemFileHandle | WalkableDirectory | null> {
  const { getAsFileSystemHandle } = item as DataTransferItem & HandleItem;
  return getAsFileSystemHandle ? getAsFileSystemHandle.call(item).catch(() => null) : Promise.resolve(null);
}

/** Whether a file may be read without asking the person. */
export async function mayRead(handle: AskableHandle): Promise<boolean> {
  return !handle.queryPermission || (await handle.queryPermission({ mode: 'read' })) === 'granted';
}

/** Asks the person where need be. Browsers allow it only as an answer to a click. */
export async function askToRead(handle: AskableHandle): Promise<boolean> {
  return (await mayRead(handle)) || (await handle.requestPermission?.({ mode: 'read' })) === 'granted';
}
