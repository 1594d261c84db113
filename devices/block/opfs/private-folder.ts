import { storageReady } from '../indexeddb/leveldb.ts';

/** A folder of the origin private file system, made if there is none. Nothing touches those files on another way. */
export async function privateFolder(name: string): Promise<FileSystemDirectoryHandle> {
  await storageReady(indexedDB);
  return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
}
