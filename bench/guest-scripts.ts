/** What the default machine is made to do, by words of the command line (guest/rootfs/usr/sbin/init). */

export const MIB = 2 ** 20;
export const DISK_MIB = 64;

/** Writes the second disk and reads it again; prints what dd says. The bytes do not compress, and lie in memory. */
export const diskScript = [
  `head -c ${DISK_MIB}M /dev/urandom >/run/d`,
  'dd if=/run/d of=/dev/vdb bs=1M conv=fsync 2>&1|tail -1',
  'echo 3 >/proc/sys/vm/drop_caches',
  'dd if=/dev/vdb of=/dev/null bs=1M 2>&1|tail -1',
].join(';');

export const TOUCHED = 'all touched';
/** Touches so many MiB of memory, says so, and waits. */
export const touchScript = (mib: number): string => `head -c ${mib}M /dev/urandom >/run/d;echo ${TOUCHED};sleep 600`;

/** The word that runs a script instead of the shells. */
export function execWord(script: string): string {
  return `tabhyve.exec=${Buffer.from(script).toString('base64url')}`;
}

/** The prompt of the first shell. */
export const PROMPT = 'root@tabhyve';

/** MiB a second of writing and reading, from what dd printed. */
export function readDisk(output: string): { readonly write: number; readonly read: number } {
  const speeds = [...output.matchAll(/^(\d+) bytes .* copied, ([\d.e-]+) s/gm)].map(
    ([, bytes, seconds]) => Number(bytes) / MIB / Number(seconds),
  );
  if (speeds.length !== 2) throw new Error(`dd did not run twice: ${output}`);
  return { write: speeds[0], read: speeds[1] };
}
