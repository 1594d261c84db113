/** What the default machine is made to do, by words of the command line (guest/rootfs/usr/sbin/init). */

import { SCRIPT } from './guest/bundle.ts';

export const MIB = 2 ** 20;
export const DISK_MIB = 64;

/** The disk beside that of its system, as the default machine's Linux names it. */
export const SECOND_DISK = '/dev/vdb';

/**
 * Writes a file on the second disk and reads it again, through the guest's page cache and around it; prints what dd
 * says. The bytes do not compress, and lie in memory.
 */
export const diskScript = [
  'head -c 4M /dev/urandom >/run/a',
  `for i in $(seq ${DISK_MIB / 4});do cat /run/a;done >/run/d`,
  `mkfs.ext4 -q ${SECOND_DISK}`,
  `mount ${SECOND_DISK} /mnt`,
  'd(){ dd if=$1 of=$2 bs=1M $3 2>&1|tail -1;}',
  'd /run/d /mnt/f conv=fsync',
  'echo 3 >/proc/sys/vm/drop_caches',
  'd /mnt/f /dev/null',
  'd /run/d /mnt/f "oflag=direct conv=fsync,notrunc"',
  'd /mnt/f /dev/null iflag=direct',
].join(';');

/** Unpacks the bundle on the second disk, and runs it: bench/guest/bundle.ts. */
export const programsScript = `mkdir /run/b;cd /run/b;tar xf ${SECOND_DISK};sh ${SCRIPT}`;

export const TOUCHED = 'all touched';
/** Touches so many MiB of memory, says so, and waits. */
export const touchScript = (mib: number): string => `head -c ${mib}M /dev/zero >/run/d;echo ${TOUCHED};sleep 600`;

/** The word that runs a script instead of the shells. */
export function execWord(script: string): string {
  return `tabhyve.exec=${Buffer.from(script).toString('base64url')}`;
}

/** The prompt of the first shell. */
export const PROMPT = 'root@tabhyve';

/** MiB a second. */
export interface DiskSpeeds {
  readonly write: number;
  readonly read: number;
  readonly directWrite: number;
  readonly directRead: number;
}

/** What dd printed. */
export function readDisk(output: string): DiskSpeeds {
  const speeds = [...output.matchAll(/^(\d+) bytes .* copied, ([\d.e-]+) s/gm)].map(
    ([, bytes, seconds]) => Number(bytes) / MIB / Number(seconds),
  );
  const [write, read, directWrite, directRead] = speeds;
  if (speeds.length !== 4) throw new Error(`dd did not run four times: ${output}`);
  return { write, read, directWrite, directRead };
}
