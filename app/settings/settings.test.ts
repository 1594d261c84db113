import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CMDLINE_LIMIT,
  defaultMachine,
  defaultPreferences,
  faultOfCmdline,
  faultOfNumber,
  limits,
  readMachine,
  readPreferences,
} from './settings.ts';

test('what was stored is read back', () => {
  const machine = { memoryMiB: 1024, cpus: 4, diskGiB: 8, cmdline: 'console=hvc0 debug', store: 'opfs' };
  expect(readMachine(JSON.stringify(machine))).toEqual(machine);
  const preferences = { theme: 'dark', fontSize: 18, screenReader: true, panel: false } as const;
  expect(readPreferences(JSON.stringify(preferences))).toEqual(preferences);
});

test('a chosen disk is read back, and nothing else in its place', () => {
  const disk = { id: 'a-1', name: 'Homework' };
  expect(readMachine(JSON.stringify({ disk })).disk).toEqual(disk);
  expect(readMachine('{"disk":{"id":"../x","name":"x"}}').disk).toBeUndefined();
  expect(readMachine('{"disk":{"id":"x"}}').disk).toBeUndefined();
});

test('a place for disks that is not known is the default', () => {
  expect(readMachine('{"store":"tape"}')).toEqual(defaultMachine);
});

test('each wrong value alone is the default', () => {
  expect(readMachine('{"memoryMiB":65,"cpus":2,"diskGiB":1e99,"cmdline":"a\\nb"}')).toEqual({
    ...defaultMachine,
    cpus: 2,
  });
});

test.each([null, '', 'null', '[]', '"x"', '{', '{"memoryMiB":"512"}', '{"__proto__":{"cpus":8}}'])(
  'storage that holds %j gives the defaults',
  (text) => {
    expect(readMachine(text)).toEqual(defaultMachine);
    expect(readPreferences(text)).toEqual(defaultPreferences);
  },
);

test('whatever storage holds, the settings are usable', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const machine = readMachine(text);
      expect(faultOfNumber(machine.memoryMiB, limits.memoryMiB)).toBeUndefined();
      expect(faultOfNumber(machine.cpus, limits.cpus)).toBeUndefined();
      expect(faultOfNumber(machine.diskGiB, limits.diskGiB)).toBeUndefined();
      expect(faultOfCmdline(machine.cmdline ?? '')).toBeUndefined();
      readPreferences(text);
    }),
  );
});

test('a command line is as long as the kernel takes, and one line', () => {
  expect(faultOfCmdline('x'.repeat(CMDLINE_LIMIT))).toBeUndefined();
  expect(faultOfCmdline('x'.repeat(CMDLINE_LIMIT + 1))).toMatch(/1024 bytes/);
  expect(faultOfCmdline('a\nb')).toMatch(/one line/);
  expect(faultOfCmdline('é')).toMatch(/ASCII/);
});
