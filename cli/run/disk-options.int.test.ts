/** What Debian makes of a disk: its queues, its cache mode, its sizes. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/programs.ts';
import { tabhyve } from '../testing/tabhyve.ts';
import type { RunStats } from './stats.ts';

const folder = temporaryFolder();
const queue = '/sys/block/vdb/queue';
const cacheType = '/sys/class/block/vdb/cache_type';

/** An empty disk of so many MiB. */
function emptyDisk(name: string, mebibytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, mebibytes * 2 ** 20);
  return path;
}

/** Runs a script in a machine of two processors whose second disk is `disk`; returns its lines, and figures of the disk. */
async function run(disk: string, ...script: readonly string[]) {
  const stats = join(folder, 'stats.json');
  const args = ['-c', '2', '--disk', disk, '--stats', stats, '--timeout', '150'];
  const { status, stdout, stderr } = await tabhyve('run', '--exec', ['set -e', ...script].join('\n'), ...args);
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
  const { disks } = JSON.parse(readFileSync(stats, 'utf8')) as RunStats;
  return { lines: stdout.trimEnd().split('\n'), figures: disks[1] };
}

/** Prints files of the queue, one line for each. */
const show = (...names: readonly string[]): string => `cd ${queue}; head -qn1 ${names.join(' ')}`;
const direct = (count: number, ...more: readonly string[]): string =>
  `dd if=/dev/urandom of=/dev/vdb bs=4k count=${count} oflag=direct status=none ${more.join(' ')}`;

test("a file system on a disk of two queues, with sectors of 4096 bytes, past the host's cache", async () => {
  const { lines, figures } = await run(
    `${emptyDisk('large-sectors.img', 128)},sectorsize=4096,nocache`,
    'cd /sys/block/vdb/mq; ls | xargs; cat 0/cpu_list 1/cpu_list',
    show('logical_block_size', 'physical_block_size', 'minimum_io_size', 'optimal_io_size'),
    show('discard_granularity', 'discard_max_bytes', 'write_zeroes_max_bytes', 'max_discard_segments', 'zoned'),
    'cd /; mkfs.ext4 -q /dev/vdb; mount /dev/vdb /mnt',
    // Each processor has a queue.
    'for cpu in 0 1; do taskset -c $cpu dd if=/dev/urandom of=/mnt/$cpu bs=64k count=64 oflag=direct status=none & done',
    'wait; sync; sha256sum /mnt/0 /mnt/1 > /mnt/sums; head -c 16M /dev/urandom > /mnt/big; sync; rm /mnt/big; sync',
    'fstrim /mnt; umount /mnt; e2fsck -fn /dev/vdb > /tmp/checked 2>&1 || cat /tmp/checked',
    'echo 3 > /proc/sys/vm/drop_caches; mount -o ro /dev/vdb /mnt; sha256sum -c /mnt/sums',
  );
  expect(lines).toEqual([
    ...['0 1', '0', '1'],
    ...['4096', '4096', '4096', '4096'],
    ...['4096', '1073741824', '1073741824', '32', 'none'],
    ...['/mnt/0: OK', '/mnt/1: OK'],
  ]);
  expect(figures.discardedBytes).toBeGreaterThan(16 * 2 ** 20);
});

test('a guest chooses the cache mode, and a write then waits until it is durable', async () => {
  const { lines, figures } = await run(
    emptyDisk('cache-mode.img', 64),
    // The disk of the default machine is in chunks of 32 KiB, which space is allocated in.
    'cd /sys/block/vda/queue; head -qn1 minimum_io_size optimal_io_size discard_granularity; cat ../discard_alignment',
    show('logical_block_size', 'physical_block_size', 'write_cache'),
    direct(40),
    // The first tells the device, the second the kernel alone.
    `echo 'write through' > ${cacheType}; cat ${cacheType} write_cache`,
    direct(25),
    `echo 'write back' > ${cacheType}; echo 'write through' > write_cache; cat ${cacheType} write_cache`,
    `echo 'write back' > write_cache; cat write_cache`,
    direct(30),
  );
  expect(lines).toEqual([
    ...['4096', '32768', '32768', '0'],
    ...['512', '4096', 'write back'],
    ...['write through', 'write through'],
    ...['write back', 'write through'],
    'write back',
  ]);
  expect(figures.writes).toBe(95);
  // One for each write in that mode and one when it was chosen; the kernel has its own reasons for a few.
  expect(figures.flushes).toBeGreaterThanOrEqual(26);
  expect(figures.flushes).toBeLessThan(40);
});

test('a disk that is always written through, and gives nothing back', async () => {
  const { lines, figures } = await run(
    `${emptyDisk('sync.img', 64)},sync,nodelete`,
    `cat ${cacheType}`,
    show('write_cache', 'discard_max_bytes', 'write_zeroes_max_bytes'),
    `echo 'write back' > ${cacheType}`,
    direct(20),
    'blkdiscard /dev/vdb 2> /dev/null || echo no discard',
  );
  expect(lines).toEqual(['write through', 'write through', '0', '1073741824', 'no discard']);
  expect(figures.flushes).toBeGreaterThanOrEqual(20);
  expect(figures.discards).toBe(0);
});

test('a disk grows with its file while the machine runs', async () => {
  const path = emptyDisk('growing.img', 64);
  const wait = 'until [ "$(blockdev --getsize64 /dev/vdb)" = 100663296 ]; do sleep 0.2; done';
  const growing = run(
    path,
    'mkfs.ext4 -q /dev/vdb; mount /dev/vdb /mnt; touch /mnt/ready; sync',
    wait,
    'resize2fs /dev/vdb 2> /dev/null > /dev/null; df --output=size /mnt | tail -n 1 | xargs; umount /mnt; e2fsck -fn /dev/vdb > /dev/null 2>&1; echo $?',
  );
  // The name is in the file as soon as it is durable.
  while (!readFileSync(path).includes('ready')) await new Promise((resolve) => setTimeout(resolve, 200));
  truncateSync(path, 96 * 2 ** 20);
  const { lines } = await growing;
  expect(Number(lines[0])).toBeGreaterThan(70 * 1024);
  expect(lines[1]).toBe('0');
});

test('wrong options are bad usage', async () => {
  const { status, stdout, stderr } = await tabhyve('run', '--disk', 'a.img,nocash');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('"nocash" is no option of a disk; there are ro, nocache, nodelete, sync');
});

test('a file that is no whole number of sectors is refused', async () => {
  const path = join(folder, 'odd.img');
  writeFileSync(path, new Uint8Array(4096 + 512));
  const { status, stderr } = await tabhyve('run', '--disk', `${path},sectorsize=4096`);
  expect(status).toBe(1);
  expect(stderr).toContain('4608 bytes, which are no whole sectors of 4096');
  const direct = await tabhyve('run', '--disk', `${path},nocache`);
  expect(direct.status).toBe(1);
  expect(direct.stderr).toContain('4608 bytes, and nocache needs whole blocks of 4096');
});
