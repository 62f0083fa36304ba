import { handleOf, type WalkableDirectory } from './file-system.ts';
import { single, type Picked } from './picked.ts';

/** One dropped thing, by every name that the browser has for it. */
interface Dropped {
  readonly handle: Promise<FileSystemFileHandle | WalkableDirectory | null>;
  readonly entry: FileSystemEntry | null;
  readonly file: File | null;
}

/**
 * The files of a drop, folders and all. It has to be called while the drop is handled: what is dropped is forgotten right after.
 * @param onUnreadable is told of each file that can't be read
 */
export function droppedFiles(transfer: DataTransfer, onUnreadable: (name: string) => void): Promise<readonly Picked[]> {
  const dropped: readonly Dropped[] = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ handle: handleOf(item), entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  return gather(dropped, onUnreadable);
}

async function gather(dropped: readonly Dropped[], onUnreadable: (name: string) => void): Promise<readonly Picked[]> {
  const found: Picked[] = [];
  for (const { handle: asked, entry, file } of dropped) {
    const handle = await asked;
    if (handle?.kind === 'directory') await walkHandle(handle, handle.name);
    else if (handle === null && entry?.isDirectory) await walkEntry(entry as FileSystemDirectoryEntry, entry.name);
    else if (file) found.push(single(file, handle));
  }
  return found;

  async function walkHandle(directory: WalkableDirectory, folder: string): Promise<void> {
    for await (const child of directory.values()) {
      if (child.kind === 'directory') await walkHandle(child, `${folder}/${child.name}`);
      else await take(child.name, async () => ({ file: await child.getFile(), folder, handle: child, tag: null }));
    }
  }

  async function walkEntry(directory: FileSystemDirectoryEntry, folder: string): Promise<void> {
    const reader = directory.createReader();
    while (true) {
      // It gives a hundred or so at a time, and none at the end.
      const children = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (children.length === 0) return;
      for (const child of children) {
        if (child.isDirectory) await walkEntry(child as FileSystemDirectoryEntry, `${folder}/${child.name}`);
        else await take(child.name, async () => ({ file: await fileOf(child as FileSystemFileEntry), folder, handle: null, tag: null }));
      }
    }
  }

  async function take(name: string, read: () => Promise<Picked>): Promise<void> {
    try {
      found.push(await read());
    } catch {
      onUnreadable(name);
    }
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));
