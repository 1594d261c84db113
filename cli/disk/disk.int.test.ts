import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSame, sparseDisk } from '../../devices/image/testing/images.ts';
import { temporaryFolder } from '../testing/programs.ts';
import { start, tabhyve } from '../testing/tabhyve.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const raw = at('disk.img');
writeFileSync(raw, sparseDisk(1, 5 << 20));
const qcow2 = at('theirs.qcow2');
execFileSync('qemu-img', ['convert', '-O', 'qcow2', '-c', raw, qcow2]);

const same = (a: string, b: string): boolean => isSame(readFileSync(a), readFileSync(b));
const run = async (...args: string[]) => tabhyve('disk', ...args);

describe('convert', () => {
  test.each([
    ['a.qcow2', 'a.img'],
    ['b.gz', 'b.raw'],
    ['c.zst', 'c.img'],
    ['d.img', 'd.img.gz'],
  ])('there and back by names: %s, %s', async (there, back) => {
    const last = at(back);
    for (const [from, to] of [
      [qcow2, at(there)],
      [at(there), last],
    ]) {
      expect(await run('convert', from, to)).toEqual({ status: 0, stdout: '', stderr: '' });
    }
    if (last.endsWith('.gz'))
      expect(isSame(execFileSync('gzip', ['-dc', last], { maxBuffer: 1 << 30 }), readFileSync(raw))).toBe(true);
    else expect(same(last, raw)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('--to goes before the name', async () => {
    expect((await run('convert', raw, at('e.img'), '--to', 'qcow2')).status).toBe(0);
    expect(execFileSync('qemu-img', ['compare', raw, at('e.img')], { encoding: 'utf8' })).toContain('identical');
  });

  test('a file that is there is replaced with --force only', async () => {
    writeFileSync(at('there.img'), 'mine');
    const refused = await run('convert', qcow2, at('there.img'));
    expect(refused.stderr).toBe(`tabhyve: ${at('there.img')} is there already: choose another name, or add --force.\n`);
    expect(refused.status).toBe(1);
    expect(readFileSync(at('there.img'), 'utf8')).toBe('mine');
    expect((await run('convert', '--force', qcow2, at('there.img'))).status).toBe(0);
    expect(same(at('there.img'), raw)).toBe(true);
  });

  test('what fails leaves nothing', async () => {
    const gz = at('cut.gz');
    writeFileSync(gz, execFileSync('gzip', ['-c', raw]).subarray(0, 3000));
    const { status, stderr } = await run('convert', gz, at('never.img'));
    expect(stderr).toMatch(/^tabhyve: .*cut\.gz ends too early, or does not decompress\. [^\n]*\n$/);
    expect(status).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %d, and leaves nothing', async (signal, expected) => {
    const large = at('large.img');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 40);
    const { child, ended } = start('disk', 'convert', large, at('cancelled.gz'));
    const begun = (): boolean => readdirSync(folder).some((name) => name.startsWith('cancelled'));
    for (let waited = 0; !begun() && waited < 1000; waited++) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect((await ended).status).toBe(expected);
    expect(begun()).toBe(false);
  });

  test('holes stay holes', async () => {
    const sparse = at('sparse.img');
    writeFileSync(sparse, 'data');
    truncateSync(sparse, 256 << 20);
    for (const name of ['sparse.qcow2', 'sparse.zst', 'sparse2.img']) {
      expect((await run('convert', sparse, at(name))).status).toBe(0);
      expect(statSync(at(name)).blocks * 512).toBeLessThan(1 << 20);
    }
    expect(statSync(at('sparse2.img')).size).toBe(256 << 20);
  });
});

describe('info', () => {
  test('for a person', async () => {
    const { stdout, status } = await run('info', qcow2);
    expect(stdout).toContain('format        qcow2, version 3\n');
    expect(stdout).toContain(`virtual size  5 MiB (${5 << 20} bytes)\n`);
    expect(status).toBe(0);
  });

  test.each([
    [raw, 'raw'],
    [qcow2, 'qcow2'],
  ])('for a program: %s', async (path, format) => {
    const { stdout } = await run('info', '--json', path);
    const info = JSON.parse(stdout) as Record<string, unknown>;
    expect(info).toMatchObject({ file: path, format, virtualSize: 5 << 20, fileSize: statSync(path).size });
  });

  test('of a compressed image', async () => {
    writeFileSync(at('f.gz'), execFileSync('gzip', ['-c', raw]));
    const { stdout } = await run('info', '--json', at('f.gz'));
    expect(JSON.parse(stdout)).toMatchObject({ format: 'gzip', virtualSize: 5 << 20, qcow2: null });
  });
});

describe('check', () => {
  test('finds nothing in a good image', async () => {
    expect(await run('check', qcow2)).toEqual({ status: 0, stdout: `${qcow2}: nothing is wrong.\n`, stderr: '' });
  });

  test('finds damage, and says how to repair it', async () => {
    const bytes = readFileSync(qcow2);
    const table = Number(bytes.readBigUInt64BE(48));
    bytes.fill(0, table, table + 8);
    writeFileSync(at('bad.qcow2'), bytes);
    const { status, stdout } = await run('check', at('bad.qcow2'));
    expect(stdout).toContain('is counted 0 times, and referred to 1 times');
    expect(stdout).toContain('qemu-img check -r all COPY');
    expect(status).toBe(1);
    expect(spawnSync('qemu-img', ['check', at('bad.qcow2')]).status).not.toBe(0);
  });

  test('finds what its tables do not show', async () => {
    const bytes = readFileSync(qcow2);
    bytes.fill(0xff, bytes.length - 3000);
    writeFileSync(at('cluster.qcow2'), bytes);
    const { status, stderr } = await run('check', at('cluster.qcow2'));
    expect(stderr).toContain('does not decompress to a cluster');
    expect(status).toBe(1);
  });
});

describe('a bad call says what to do on stderr, prints nothing on stdout, and ends with 2', () => {
  test.each([
    [[], 'disk needs a command'],
    [['inof'], 'did you mean info?'],
    [['info'], 'disk info needs FILE; see tabhyve disk info --help'],
    [['info', raw, raw], 'disk info takes FILE only'],
    [['convert', raw], 'needs IN and OUT'],
    [['convert', raw, at('x.vmdk')], 'does not say its format'],
    [['convert', raw, at('x.img'), '--to', 'vmdk'], 'raw, qcow2, gzip, zstd'],
    [['convert', raw, raw, '--force'], 'the same file'],
    [['check', '--jason', raw], 'did you mean --json?'],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(/^tabhyve: /);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(existsSync(at('x.img'))).toBe(false);
  });
});

test.each([[[]], [['info']], [['convert']], [['check']]])('%j --help goes to stdout and succeeds', async (command) => {
  const { status, stdout, stderr } = await run(...command, '--help');
  expect(stdout).toMatch(/^Usage: tabhyve disk /);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('a file that is not there', async () => {
  expect(await run('info', at('none.img'))).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `tabhyve: There is no file ${at('none.img')}.\n`,
  });
});
