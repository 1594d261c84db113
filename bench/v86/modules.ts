/** Kernel modules of a 32-bit kernel, which guest/modules.ts does not read. */
import { decompressAll } from '../../guest/decompress.ts';
import { ImageError } from '../../guest/errors.ts';
import { cutSignature, type Module } from '../../guest/modules.ts';
import type { Tree } from '../../guest/tree.ts';

const MODULE = /\/([^/]+)\.ko(?:\.xz|\.zst|\.gz)?$/;

/** Whether a path of the kernel's package may be a module for disks. */
export function isModule(path: string): boolean {
  return (
    MODULE.test(path) && /\/kernel\/(arch|crypto|lib|block|drivers\/(ata|scsi)|fs\/(ext4|jbd2|mbcache\.))/.test(path)
  );
}

/**
 * The given modules and all that they depend on, in an order in which they can be loaded, without signatures.
 * @throws ImageError `bad-archive`
 */
export async function modulesIn(tree: Tree, names: readonly string[]): Promise<Module[]> {
  const paths = new Map(tree.entries().map(([path]) => [normal(MODULE.exec(path)?.[1] ?? ''), path]));
  const done = new Map<string, Module>();
  const visit = async (name: string): Promise<void> => {
    if (done.has(name)) return;
    const path = paths.get(name) ?? '';
    const packed = tree.file(path);
    if (packed === undefined) throw new ImageError('bad-archive', `The kernel package has no module ${name}.`);
    const data = cutSignature(await decompressAll(path, packed));
    for (const before of needs(data)) await visit(before);
    done.set(name, { name, data });
  };
  for (const name of names) await visit(normal(name));
  return [...done.values()];
}

/** Module names are one whether written with `-` or `_`. */
function normal(name: string): string {
  return name.replaceAll('-', '_');
}

/** What `.modinfo`, which is text, says must be loaded before: `depends=a,b`, ended by a zero. */
export function needs(module: Uint8Array): string[] {
  const [, depends = ''] = /\0depends=([^\0]*)\0/.exec(Buffer.from(module).toString('latin1')) ?? [];
  return depends
    .split(',')
    .filter((name) => name !== '')
    .map(normal);
}
