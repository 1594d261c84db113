import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareImages, type Images } from './index.ts';

const emulator = 'qemu-system-riscv64';
const hasEmulator = spawnSync(emulator, ['--version']).status === 0;

let images: Images;
beforeAll(async () => {
  images = await prepareImages({ log: console.log, publish: false });
});

/** Boots the images elsewhere than here, with words added to the command line, and returns what came out of the virtio console. */
async function boot(words: string, disk = true): Promise<string> {
  const machine = '-M virt -m 512M -display none -monitor none -serial none -no-reboot'.split(' ');
  const console = '-device virtio-serial-pci,disable-legacy=on -chardev stdio,id=c -device virtconsole,chardev=c'.split(
    ' ',
  );
  const drive = ['-drive', `file=${images.root},if=none,id=d,format=raw,snapshot=on`];
  const block = ['-device', 'virtio-blk-pci,drive=d,disable-legacy=on'];
  const kernel = ['-kernel', images.kernel, '-initrd', images.initrd, '-append', `${images.cmdline} ${words}`];
  const args = [...machine, ...console, ...(disk ? [...drive, ...block] : []), ...kernel];
  const { stdout } = await promisify(execFile)(emulator, args, { timeout: 120_000 });
  return stdout;
}

async function run(script: string): Promise<{ output: string | undefined; status: number }> {
  const out = await boot(`tabhyve.exec=${Buffer.from(script).toString('base64url')}`);
  const [, output, status] = /@@tabhyve-exec-begin@@\n([^]*)@@tabhyve-exec-end:(\d+)@@\n/.exec(out) ?? [];
  return { output, status: Number(status) };
}

describe.skipIf(!hasEmulator)('the default machine, in another emulator', () => {
  it('runs a command and ends with its output, to the byte, and its status', async () => {
    expect(await run('printf "a\\nb\\r\\n"; echo error >&2; exit 3')).toEqual({ output: 'a\nb\r\nerror\n', status: 3 });
  });

  it('has what people will ask for', async () => {
    const { output, status } = await run(
      'set -e; cd /tmp; dd if=/dev/zero of=big bs=1M count=8 conv=fsync 2> /dev/null; rm big; fstrim -v /; ' +
        "python3 -c 'import json, ssl, sqlite3; print(json.dumps([6 * 7]))'; ps -e > /dev/null; top -bn1 > /dev/null; " +
        'df /; mount -o remount,discard /; nano --version | head -1; less --version | head -1; su nobody -s /bin/sh -c id; lsblk -no SIZE /dev/vda; hostname',
    );
    expect(output).toMatch(/trimmed/);
    expect(output).toMatch(/\[42\]/);
    expect(output).toMatch(/uid=65534\(nobody\)/);
    expect(output).toMatch(/tabhyve\n$/);
    expect(status).toBe(0);
  });
});
