/** The whole file system of v86's guest. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { writeCpio } from '../../guest/cpio.ts';
import { Tree } from '../../guest/tree.ts';
import { SCRIPT, type Bundle } from '../guest/index.ts';

/** What is printed when the programs have ended, and by the shell that follows. */
export const END = '@@end@@';
export const PROMPT = 'root@v86 # ';

/**
 * An initial file system, compressed by gzip:
 *
 *     init             the first process: bench/v86/init
 *     bin/busybox      Debian's, statically linked
 *     bench/           the bundle's files and its script, if there is one
 *     dev/console      what the first process prints on
 *     dev proc sys     mount points
 */
export function makeInitrd(busybox: Uint8Array, bundle?: Bundle): Buffer {
  const tree = new Tree();
  tree.addFile('init', readFileSync(new URL('init', import.meta.url)), 0o755);
  for (const directory of ['bin', 'bench', 'dev', 'proc', 'sys'])
    tree.add(directory, { type: 'directory', mode: 0o755 });
  tree.addFile('bin/busybox', busybox, 0o755);
  for (const [name, bytes] of bundle?.files ?? []) tree.addFile(`bench/${name}`, bytes, 0o755);
  tree.addFile(`bench/${SCRIPT}`, bundle?.script ?? '', 0o755);
  // A fast compression: it is paid before each boot, and the guest unpacks either as fast.
  return gzipSync(writeCpio(tree, [{ path: 'dev/console', mode: 0o600, major: 5, minor: 1 }]), { level: 1 });
}
