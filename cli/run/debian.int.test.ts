import { once } from 'node:events';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareImages } from '../../guest/index.ts';
import { temporaryFolder } from '../testing/programs.ts';
import { start, tabhyve, tabhyveWith } from '../testing/tabhyve.ts';

const folder = temporaryFolder();
const limit = ['--timeout', '100'];
const exec = (command: string, ...more: string[]) => tabhyve('run', '--exec', command, ...limit, ...more);

describe('--exec', () => {
  test('prints what the command prints and nothing else, and ends with its status', async () => {
    const command = `nproc; printf 'a\\r\\nb\\0\\377'; echo "it's an error" >&2; printf '%s' "$(cat /proc/cmdline | wc -w)"; exit 7`;
    const { status, stdout, stderr } = await exec(command, '-c', '2', '--append', 'one=1 two=2');
    expect(stdout).toMatch(/^2\na\r\nb\0\xffit's an error\n\d+$/);
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
  });

  test('a command longer than the command line, with any quotes', async () => {
    const text = `'"$\\ä`.repeat(500);
    const { status, stdout } = await exec(`cat <<'END'\n${text}\nEND`);
    expect(Buffer.from(stdout, 'latin1').toString('utf8')).toBe(`${text}\n`);
    expect(status).toBe(0);
  });

  test('a panic is no success', async () => {
    const { status, stdout, stderr } = await exec('echo before; echo c > /proc/sysrq-trigger', '--append', 'panic=-1');
    expect(stdout).toMatch(/^before\n/);
    expect(stderr).toContain('The kernel panicked: sysrq triggered crash');
    expect(status).toBe(3);
  });

  test('a command that powers off has no status', async () => {
    const { status, stderr } = await exec('poweroff -f');
    expect(stderr).toContain('the machine stopped before the command ended');
    expect(status).toBe(1);
  });
});

test('a disk file keeps what is written, can be read-only, and gives back what is discarded', async () => {
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, 128 << 20);
  const allocated = (): number => statSync(disk).blocks * 512;

  const make =
    'mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt && head -c 32M /dev/urandom > /mnt/big && echo kept > /mnt/file && umount /mnt';
  expect(await exec(make, '--disk', disk)).toEqual({ status: 0, stdout: '', stderr: '' });
  const full = allocated();
  expect(full).toBeGreaterThan(32 << 20);

  const look = 'blockdev --getro /dev/vdb; mount -o ro /dev/vdb /mnt && cat /mnt/file; echo x > /dev/vdb';
  const readOnly = await exec(look, '-s', `3,virtio-blk,${disk},ro`);
  expect(readOnly.stdout).toMatch(/^1\nkept\n.*(read-only|not permitted)/i);
  expect(readOnly.status).not.toBe(0);
  expect(allocated()).toBe(full);

  const free = 'mount /dev/vdb /mnt && cat /mnt/file && rm /mnt/big && sync && fstrim /mnt && umount /mnt';
  expect(await exec(free, '--disk', disk)).toEqual({ status: 0, stdout: 'kept\n', stderr: '' });
  expect(allocated()).toBeLessThan(full - (30 << 20));
});

describe('the console', () => {
  test('takes commands from a pipe from the start, and has the size that was asked for', async () => {
    const input = 'stty size; echo $((6 * 7)) lines; poweroff\n';
    const { status, stdout } = await tabhyveWith(input, 'run', ...limit, '--columns', '101', '--rows', '33');
    expect(stdout).toContain('33 101\r\n42 lines\r\n');
    expect(status).toBe(0);
  });

  test('stays open when stdin ends', async () => {
    const { child, printed, ended } = start('run', ...limit);
    child.stdin?.write('echo $((6 * 7)) lines\n');
    await printed('42 lines');
    child.stdin?.end();
    await once(child.stdin ?? child, 'close');
    child.kill('SIGTERM');
    expect((await ended).status).toBe(143);
  });
});

test('a script runs before the prompt; a reboot starts the machine again, on the same disk', async () => {
  const script = join(folder, 'script.sh');
  writeFileSync(script, 'if [ -e ~/mark ]; then echo $((6 * 7)) again; poweroff; else touch ~/mark; reboot; fi\n');
  const { status, stdout } = await tabhyve('run', '--script', script, ...limit);
  expect(stdout).toContain('42 again');
  expect(stdout.match(/Restarting system/g)).toHaveLength(1);
  expect(status).toBe(0);
});

describe('a kernel of one’s own', () => {
  test('that finds no root panics: status 3, on either console', async () => {
    const { kernel } = await prepareImages({ log: () => undefined, publish: false });
    for (const console of ['hvc0', 'ttyS0']) {
      const append = `console=${console} panic=-1 quiet cryptomgr.notests=1`;
      const { status, stdout, stderr } = await tabhyve('run', '--kernel', kernel, '--append', append, ...limit);
      expect(stdout).toContain('Kernel panic - not syncing');
      expect(stderr).toMatch(/^tabhyve: The kernel panicked: VFS: .*\n$/);
      expect(status).toBe(3);
    }
  });

  test('boots to the shell of its initial file system', async () => {
    const { kernel, initrd, cmdline } = await prepareImages({ log: () => undefined, publish: false });
    const args = ['--kernel', kernel, '--initrd', initrd, '--append', cmdline.replace(/root=\S+/, ''), '-m', '256M'];
    const { status, stdout } = await tabhyveWith('cat /proc/uptime; poweroff -f\n', 'run', ...args, ...limit);
    expect(stdout).toContain('(initrd) #');
    expect(status).toBe(0);
  });
});
