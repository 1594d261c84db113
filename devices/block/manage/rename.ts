import { BlockError } from '../backend.ts';
import { browserHost } from '../disk-host.ts';
import { openDatabase } from '../indexeddb/database.ts';
import { changeManifest } from '../indexeddb/manifest-record.ts';

/** Longer names are for nobody to read. */
const NAME_MAX = 200;

/** Calls a disk something else. It may be in use. */
export async function renameDisk(id: string, name: string, host = browserHost()): Promise<void> {
  const database = await openDatabase({ id, factory: host.factory });
  try {
    await changeManifest(database, id, (known) => ({ ...known, name: checkName(name) }));
  } finally {
    database.close();
  }
}

/** What a person calls a disk, without what only looks like a part of it. Throws where nothing is left. */
export function checkName(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length > 0 && trimmed.length <= NAME_MAX) return trimmed;
  throw new BlockError('range', `A disk's name has 1 to ${NAME_MAX} characters: give it another.`);
}
