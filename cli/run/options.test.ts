import { describe, expect, test } from 'vitest';
import { readRunOptions, runOptions, type RunOptions } from './options.ts';
import { runUsage } from './run.ts';

const read = (...args: string[]): RunOptions => {
  const options = readRunOptions(args);
  if (options === 'help') throw new Error('help');
  return options;
};

test('without options it is the default machine', () => {
  expect(read()).toMatchObject({ memory: 512 << 20, cpus: 1, firmware: 'sbi', disks: [], reboot: true });
  expect(read().kernel).toBeUndefined();
});

test('disks come in the order in which they are given, those of slots after them in the order of slots', () => {
  const args = ['-s', '4,virtio-blk,d', '-s', '3:0,virtio-blk,c,ro', '--disk', 'a', '--disk', 'b,ro', '--disk', 'x'];
  expect(read(...args).disks).toEqual([
    { path: 'a' },
    { path: 'b', readOnly: true },
    { path: 'x' },
    { path: 'c', readOnly: true },
    { path: 'd' },
  ]);
});

test('a firmware is one of two words, or a file', () => {
  expect(read('--firmware', 'sbi').firmware).toBe('sbi');
  expect(read('--firmware', 'none', '--kernel', 'k').firmware).toBe('none');
  expect(read('--firmware', 'fw.bin').firmware).toEqual({ path: 'fw.bin' });
});

test("bhyve's short options", () => {
  expect(read('-c', '2', '-m', '1G', '-s', '3,virtio-blk,disk.img')).toMatchObject({
    ...{ cpus: 2, memory: 2 ** 30, disks: [{ path: 'disk.img' }] },
  });
});

describe('bad usage', () => {
  test.each([
    [['-m', '3M'], 'in steps of 2M'],
    [['-m', '4G'], '--memory takes 2M to 3072M'],
    [['-c', '0'], '--cpus takes a whole number from 1 to 8'],
    [['--rows', '0'], '--rows takes a whole number'],
    [['--disk', ',ro'], '--disk takes a file'],
    [['--disk', 'a', '--disk', 'a,ro'], 'a is given as two disks'],
    [['-s', '3,ahci-hd,a'], 'virtio-blk'],
    [['-s', 'virtio-blk,a'], '-s takes SLOT,virtio-blk,FILE[,OPTION...]'],
    [['-s', '3,virtio-blk'], '-s takes SLOT,virtio-blk,FILE[,OPTION...]'],
    [['--exec', 'x', '--kernel', 'k'], 'leave out --kernel'],
    [['--script', 'x', '--kernel', 'k'], 'leave out --kernel'],
    [['--exec', 'x', '--script', 'y'], 'not both'],
    [['--firmware', 'none'], '--firmware none needs --kernel FILE'],
    [['--timeout', '0'], '--timeout takes a number of seconds'],
  ])('%j', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});

test('two read-only disks may be the same file', () => {
  expect(read('--disk', 'a,ro', '--disk', 'a,ro').disks).toHaveLength(2);
});

test('the usage text names every option', () => {
  for (const { long } of runOptions) expect(runUsage).toContain(long);
  expect(readRunOptions(['--help'])).toBe('help');
});
