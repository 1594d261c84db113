import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from '../build.ts';
import { cacheFolder, exclusively, exists, writeWhole } from '../cache.ts';
import { writeCpio } from '../cpio.ts';
import { unpack } from '../deb.ts';
import { parseLock } from '../lock.ts';
import { collectModules } from '../modules.ts';
import { obtainPackages, packagePath } from '../obtain.ts';
import { Tree } from '../tree.ts';

/**
 * The path of a cpio archive with modules of the guest's kernel that its images do not have: `modules/*.ko`, and `modules/order`, their
 * paths in the order of loading. It is made if it is not there.
 */
export async function moduleArchive(names: readonly string[]): Promise<string> {
  const cache = cacheFolder();
  const obtain = { cache, log: () => undefined, progress: () => undefined };
  const lock = await obtainPackages(parseLock(await readFile(lockFile, 'utf8')), obtain);
  const pins = lock.packages.kernel;
  const id = createHash('sha256')
    .update(JSON.stringify([pins, names]))
    .digest('hex');
  const path = join(cache, 'modules', `${id.slice(0, 16)}.cpio`);
  const make = async (): Promise<void> => {
    if (await exists(path)) return;
    const kernel = new Tree();
    for (const pin of pins)
      await unpack(await readFile(packagePath(cache, pin)), kernel, (name) => name.includes('.ko'));
    const modules = await collectModules(kernel, names);
    const tree = new Tree();
    tree.add('modules', { type: 'directory', mode: 0o755 });
    for (const { name, data } of modules) tree.addFile(`modules/${name}.ko`, data);
    tree.addFile('modules/order', modules.map(({ name }) => `modules/${name}.ko\n`).join(''));
    await writeWhole(path, writeCpio(tree));
  };
  await exclusively(join(cache, 'modules', 'lock'), make);
  return path;
}
