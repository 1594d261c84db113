import type { BaseImage } from '../base.ts';
import { openDisk } from '../disks.ts';
import { LocalLocks } from '../locks.ts';
import { FakeFiles } from './fake-files.ts';
import type { Subject } from './model.ts';
import { initial, limits, SECTORS, size } from './small-disk.ts';

/** A disk in an IndexedDB, of a browser or of Node. In a crash its tab ends, with what is on its way to the database. */
export function indexedDbSubject(factory: IDBFactory, id: string, base?: () => Promise<BaseImage>): Subject {
  let locks = new LocalLocks();
  let abandoned: IDBDatabase[] = [];
  const open: IDBFactory['open'] = (...args) => {
    const request = factory.open(...args);
    request.addEventListener('success', () => abandoned.push(request.result));
    return request;
  };
  const noted: IDBFactory = {
    open,
    databases: () => factory.databases(),
    deleteDatabase: (name) => factory.deleteDatabase(name),
    cmp: (a, b) => factory.cmp(a, b),
  };
  const stored = async (): Promise<number> => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = factory.open(`tabhyve-disk-${id}`);
      request.onsuccess = () => resolve(request.result);
    });
    const keys = await new Promise<IDBValidKey[]>((resolve) => {
      const request = db.transaction('disk').objectStore('disk').getAllKeys();
      request.onsuccess = () => resolve(request.result);
    });
    db.close();
    return keys.filter((key) => Array.isArray(key) && key.length === 2).length;
  };
  return {
    sectors: SECTORS,
    initial: base ? initial : () => 0,
    open: async () => {
      const host = { factory: noted, locks, now: () => 0, files: new FakeFiles() };
      return (await openDisk({ id, size, limits, base: await base?.() }, host)).backend;
    },
    crash: async () => {
      for (const db of abandoned) db.close();
      abandoned = [];
      locks = new LocalLocks();
    },
    stored,
  };
}
