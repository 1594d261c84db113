import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import type { Images } from '../guest/index.ts';
import { binary, finish, temporaryFolder } from './testing/programs.ts';
import { tabhyve } from './testing/tabhyve.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('npx finds the runner in the repository, offline', () => {
  const { status, stdout } = spawnSync('npx', ['tabhyve', '--version'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true', npm_config_yes: 'false' },
  });
  expect(stdout).toBe(`${manifest.version}\n`);
  expect(status).toBe(0);
});

test.each([[['--help']], [['run', '--help']], [['images', '--help']], [['disk', '--help']]])(
  '%j goes to stdout and succeeds',
  async (args) => {
    const { status, stdout, stderr } = await tabhyve(...args);
    expect(stdout).toMatch(/^Usage: tabhyve /);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
);

test('images --json prints JSON alone, with files that are there', async () => {
  const { status, stdout } = await tabhyve('images', '--json');
  expect(stdout).toMatch(/^\{.*\}\n$/);
  const images = JSON.parse(stdout) as Images;
  expect(Object.keys(images)).toEqual(['kernel', 'initrd', 'root', 'cmdline']);
  expect(images.cmdline).toContain('console=hvc0');
  expect(status).toBe(0);
});

describe('a bad call says what to do on stderr, prints nothing on stdout, and ends with 2', () => {
  test.each([
    [[], 'give a command'],
    [['rum'], 'did you mean run?'],
    [['--verison'], 'did you mean --version?'],
    [['--no-such-option'], '--no-such-option'],
    [['--help', 'run'], '--help stands alone'],
    [['run', '--kernal', 'x'], 'did you mean --kernel?'],
    [['run', '-m', 'lots'], '512M'],
    [['images', '--jason'], 'did you mean --json?'],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await tabhyve(...args);
    expect(stderr).toMatch(/^tabhyve: /);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('a file that cannot be used is named in one line, and the status is 1', () => {
  const folder = temporaryFolder();
  const file = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const program = binary(folder, 'program.bin', finish(0x5555));
  const bare = ['--kernel', program, '--firmware', 'none', '-m', '16M'];
  mkdirSync(join(folder, 'folder'));

  test.each([
    [['--kernel', join(folder, 'none')], 'there is no such file'],
    [['--kernel', join(folder, 'folder')], 'that is a folder'],
    [['--kernel', file('empty', '')], 'empty file'],
    [['--kernel', file('text', 'hello\n'.repeat(100))], 'neither a RISC-V Linux Image nor an ELF file'],
    [['--kernel', file('packed', Uint8Array.of(0x1f, 0x8b, 8, 0))], 'gunzip'],
    [['--kernel', file('cut.elf', '\x7fELF')], 'kernel'],
    [['--kernel', program, '--initrd', join(folder, 'none')], 'initial file system'],
    [['--kernel', program, '--firmware', join(folder, 'none')], 'firmware'],
    [[...bare, '--disk', join(folder, 'none')], 'There is no file'],
    [[...bare, '--disk', join(folder, 'folder')], 'is a folder'],
    [[...bare, '--disk', file('empty.img', '')], '0 bytes'],
    [[...bare, '--disk', file('disk.qcow2', Buffer.from('QFI\xfb' + '\0'.repeat(1020), 'latin1'))], 'qcow2'],
    [[...bare, '--stats', join(folder, 'folder')], 'that is a folder'],
    [['--script', join(folder, 'none')], 'script'],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await tabhyve('run', ...args);
    expect(stderr).toMatch(/^tabhyve: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});
