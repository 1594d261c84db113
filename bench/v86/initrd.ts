/** The whole file system of v86's guest. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { writeCpio } from '../../guest/cpio.ts';
import { Tree } from '../../guest/tree.ts';
import { SCRIPT, type Bundle } from '../guest/index.ts';

/** What the first process does. */
export interface Work extends Pick<Bundle, 'files' | 'script'> {
  /** Kernel modules that it needs, by their file names; they are loaded in the order of these. */
  readonly modules?: ReadonlyMap<string, Uint8Array>;
}

/** What is printed when the programs have ended, and by the shell that follows. */
export const END = '@@end@@';
export const PROMPT = 'root@v86 # ';

/**
 * An initial file system, compressed by gzip:
 *
 *     init             the first process: bench/v86/init
 *     bin/busybox      Debian's, statically linked
 *     bench/           files and the script that uses them, if there is one
 *     modules/         what is loaded before it runs
 *     dev/console      what the first process prints on
 *     dev proc sys mnt mount points
 */
export function makeInitrd(busybox: Uint8Array, work?: Work): Buffer {
  const tree = new Tree();
  tree.addFile('init', readFileSync(new URL('init', import.meta.url)), 0o755);
  for (const directory of ['bin', 'bench', 'dev', 'mnt', 'modules', 'proc', 'sys'])
    tree.add(directory, { type: 'directory', mode: 0o755 });
  tree.addFile('bin/busybox', busybox, 0o755);
  for (const [name, bytes] of work?.modules ?? []) tree.addFile(`modules/${name}`, bytes);
  for (const [name, bytes] of work?.files ?? []) tree.addFile(`bench/${name}`, bytes, 0o755);
  tree.addFile(`bench/${SCRIPT}`, work?.script ?? '', 0o755);
  // A fast compression: it is paid before each boot, and the guest unpacks either as fast.
  return gzipSync(writeCpio(tree, [{ path: 'dev/console', mode: 0o600, major: 5, minor: 1 }]), { level: 1 });
}
