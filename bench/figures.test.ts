import { expect, test } from 'vitest';
import { diskScript, execWord, programsScript, readDisk, SECOND_DISK, touchScript } from './guest-scripts.ts';
import { softwareExec, softwareTests } from './guest/index.ts';
import { loops, readLoop } from './programs.ts';

test('what dd prints is read', () => {
  const line = (seconds: string): string => `67108864 bytes (67 MB, 64 MiB) copied, ${seconds} s, 50.1 MB/s\n`;
  const printed = `noise\n${['0.5', '2', '0.064', '1e-1'].map(line).join('')}`;
  expect(readDisk(printed)).toEqual({ write: 128, read: 32, directWrite: 1000, directRead: 640 });
  expect(() => readDisk(line('1'))).toThrow('dd did not run four times');
});

test('what a loop prints is read', () => {
  expect(readLoop('<0000000000000064 0000000000989680 \n')).toEqual({ instructions: 100, seconds: 1 });
  expect(() => readLoop('<')).toThrow('no figures');
});

test('the programs are made, and the scripts fit the command line', () => {
  for (const { bytes } of loops) expect(bytes.length).toBeGreaterThan(200);
  const scripts = [diskScript, touchScript(100), programsScript, softwareExec(softwareTests, SECOND_DISK)];
  for (const script of scripts) expect(execWord(script).length).toBeLessThan(600);
});
