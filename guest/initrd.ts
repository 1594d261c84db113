import { writeCpio } from './cpio.ts';
import { ImageError } from './errors.ts';
import type { Module } from './modules.ts';
import { Tree } from './tree.ts';

/**
 * The initial file system, as a cpio archive that is not compressed, since the guest would pay for that:
 *
 *     init                 the first process, initrd/init
 *     bin/busybox          Debian's, statically linked
 *     modules/*.ko         and `order`: their paths in the order of loading
 *     dev/console          what the first process prints on
 *     dev proc sys mnt     mount points
 */
export function makeInitrd(busybox: Tree, modules: readonly Module[], init: Uint8Array): Buffer {
  const program = busybox.file('usr/bin/busybox');
  if (program === undefined) throw new ImageError('bad-archive', 'The package busybox-static has no busybox.');
  const tree = new Tree();
  tree.addFile('init', init, 0o755);
  for (const directory of ['bin', 'dev', 'mnt', 'modules', 'proc', 'sys'])
    tree.add(directory, { type: 'directory', mode: 0o755 });
  tree.addFile('bin/busybox', program, 0o755);
  const paths = modules.map(({ name }) => `modules/${name}.ko`);
  modules.forEach(({ data }, index) => tree.addFile(paths[index] ?? '', data));
  tree.addFile('modules/order', paths.map((path) => `/${path}\n`).join(''));
  return writeCpio(tree, [{ path: 'dev/console', mode: 0o600, major: 5, minor: 1 }]);
}
